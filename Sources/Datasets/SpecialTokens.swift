// The special tokens of a tokenizer, found in a template's text.

import Jinja
import Tokenizer

/// Special tokens by their texts.
package struct SpecialTokens: Sendable {
    private let ids: [[Unicode.Scalar]: Int32]
    /// The lengths of their texts, longest first.
    private let lengths: [Int]
    private let beginnings: Set<Unicode.Scalar>

    /// No tokens at all.
    package init() { (ids, lengths, beginnings) = ([:], [], []) }

    package init(_ tokenizer: Tokenizer) {
        var ids: [[Unicode.Scalar]: Int32] = [:]
        for id in tokenizer.specialIDs {
            let text = Array(String(decoding: tokenizer.bytes(of: id), as: UTF8.self).unicodeScalars)
            if !text.isEmpty, ids[text] == nil { ids[text] = Int32(id) }
        }
        self.ids = ids
        lengths = Set(ids.keys.map(\.count)).sorted(by: >)
        beginnings = Set(ids.keys.map { $0[0] })
    }

    /// The id of the token with this text.
    package func id(of text: String) -> Int32? { ids[Array(text.unicodeScalars)] }

    /// The tokens in a part of a text, from left to right, at each place the longest.
    func tokens(in scalars: [Unicode.Scalar], _ range: Range<Int>) -> [(range: Range<Int>, id: Int32)] {
        var found: [(range: Range<Int>, id: Int32)] = []
        var place = range.lowerBound
        while place < range.upperBound {
            if beginnings.contains(scalars[place]), let token = token(in: scalars, place..<range.upperBound) {
                found.append(token)
                place = token.range.upperBound
            } else {
                place += 1
            }
        }
        return found
    }

    /// The longest token at the beginning of a range.
    private func token(in scalars: [Unicode.Scalar], _ range: Range<Int>) -> (range: Range<Int>, id: Int32)? {
        for length in lengths where length <= range.count {
            let part = range.lowerBound..<range.lowerBound + length
            if let id = ids[Array(scalars[part])] { return (part, id) }
        }
        return nil
    }
}

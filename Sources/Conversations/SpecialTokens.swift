// The special tokens of a tokenizer, found in a template's text.

import Jinja
import Tokenizer

/// Special tokens by their texts.
package struct SpecialTokens: Sendable {
    private let ids: [[Unicode.Scalar]: Int32]
    /// The tokens that take white space of the template's text next to them.
    private let strippingLeft: Set<Int32>
    private let strippingRight: Set<Int32>
    /// The lengths of their texts, longest first.
    private let lengths: [Int]
    private let beginnings: Set<Unicode.Scalar>

    /// No tokens at all.
    package init() {
        (ids, lengths, beginnings) = ([:], [], [])
        (strippingLeft, strippingRight) = ([], [])
    }

    /// Tokens with these texts, numbered in this order, before a tokenizer exists.
    package init(texts: [String]) {
        ids = Dictionary(
            texts.enumerated().map { (Array($0.element.unicodeScalars), Int32($0.offset)) }, uniquingKeysWith: { $1 })
        lengths = Set(ids.keys.map(\.count)).sorted(by: >)
        beginnings = Set(ids.keys.compactMap(\.first))
        (strippingLeft, strippingRight) = ([], [])
    }

    package init(_ tokenizer: Tokenizer) {
        var ids: [[Unicode.Scalar]: Int32] = [:]
        for id in tokenizer.specialIDs {
            let text = Array(String(decoding: tokenizer.bytes(of: id), as: UTF8.self).unicodeScalars)
            if !text.isEmpty, ids[text] == nil { ids[text] = Int32(id) }
        }
        self.ids = ids
        lengths = Set(ids.keys.map(\.count)).sorted(by: >)
        beginnings = Set(ids.keys.map { $0[0] })
        strippingLeft = Set(tokenizer.addedTokens.lazy.filter(\.stripsLeft).map { Int32($0.id) })
        strippingRight = Set(tokenizer.addedTokens.lazy.filter(\.stripsRight).map { Int32($0.id) })
    }

    /// The id of the token with this text.
    package func id(of text: String) -> Int32? { ids[Array(text.unicodeScalars)] }

    /// The text of the token with this id.
    func text(of id: Int32) -> String? {
        ids.first { $0.value == id }.map { String(String.UnicodeScalarView($0.key)) }
    }

    /// The tokens in a part of a text, from left to right, at each place the longest.
    func tokens(in scalars: [Unicode.Scalar], _ range: Range<Int>) -> [(range: Range<Int>, id: Int32)] {
        var found: [(range: Range<Int>, id: Int32)] = []
        var place = range.lowerBound
        while place < range.upperBound {
            if beginnings.contains(scalars[place]), let token = token(in: scalars, place..<range.upperBound) {
                var (start, end) = (token.range.lowerBound, token.range.upperBound)
                if strippingLeft.contains(token.id) {
                    let first = found.last?.range.upperBound ?? range.lowerBound
                    while start > first, scalars[start - 1].properties.isWhitespace { start -= 1 }
                }
                if strippingRight.contains(token.id) {
                    while end < range.upperBound, scalars[end].properties.isWhitespace { end += 1 }
                }
                found.append((start..<end, token.id))
                place = end
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

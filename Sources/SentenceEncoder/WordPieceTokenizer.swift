// BERT's tokens: words in lower case without accents, cut into the longest pieces that a vocabulary has.

import Foundation

/// BERT's tokenizer (Devlin et al. 2019; google-research/bert, tokenization.py): control characters are dropped, Chinese
/// characters and punctuation are separate words, and a word that cannot be cut into pieces is `[UNK]`.
package struct WordPieceTokenizer: Sendable {
    /// Tokens of the vocabulary.
    package let count: Int
    private let pieces: [[UInt8]: Int32]
    private let lowercases: Bool
    private let unknown: Int32
    private let start: Int32
    private let end: Int32
    /// Bytes of the longest piece, without `##`.
    private let longestPiece: Int
    /// Characters of the longest word that is looked up.
    private static let longestWord = 100
    private static let continuation = Array("##".utf8)

    /// - Parameters:
    ///   - vocabulary: one token a line; its number is the line's, from 0.
    ///   - path: of the file, for errors.
    ///   - lowercases: whether letters become small and lose their accents.
    package init(vocabulary: [UInt8], path: String, lowercases: Bool) throws(EncoderError) {
        var pieces: [[UInt8]: Int32] = [:]
        var (count, longest) = (0, 0)
        let lines = vocabulary.split(separator: 0x0A, omittingEmptySubsequences: false)
        for line in lines.last?.isEmpty == true ? lines.dropLast() : lines[...] {
            let token = Array(line.last == 0x0D ? line.dropLast() : line)
            pieces[token] = Int32(count)
            longest = max(longest, token.count)
            count += 1
        }
        func mark(_ text: String) throws(EncoderError) -> Int32 {
            guard let id = pieces[Array(text.utf8)] else { throw .badConfig(path: path, "it has no \(text)") }
            return id
        }
        (unknown, start, end) = (try mark("[UNK]"), try mark("[CLS]"), try mark("[SEP]"))
        (self.pieces, self.count, self.lowercases, longestPiece) = (pieces, count, lowercases, longest)
    }

    /// The ids of a sentence between its two marks.
    ///
    /// - Parameter longest: tokens, marks included; the rest is cut off.
    package func sentence(_ text: [UInt8], longest: Int) -> [Int32] {
        [start] + tokens(text).prefix(max(0, longest - 2)) + [end]
    }

    /// The ids of a text, without marks. Bytes that are not UTF-8 become U+FFFD, which is dropped.
    package func tokens(_ text: [UInt8]) -> [Int32] {
        var (ids, word): ([Int32], [Unicode.Scalar]) = ([], [])
        func finish() {
            if !word.isEmpty { append(word, to: &ids) }
            word = []
        }
        for scalar in normalized(String(decoding: text, as: UTF8.self)) {
            if scalar.properties.isWhitespace {
                finish()
            } else if WordPieceTokenizer.isPunctuation(scalar) {
                finish()
                append([scalar], to: &ids)
            } else {
                word.append(scalar)
            }
        }
        finish()
        return ids
    }

    /// Cuts a word into the longest pieces from its start on; all but the first are written with `##`.
    private func append(_ word: [Unicode.Scalar], to ids: inout [Int32]) {
        guard word.count <= WordPieceTokenizer.longestWord else { return ids.append(unknown) }
        let characters = word.map { Array(String($0).utf8) }
        var (found, first): ([Int32], Int) = ([], 0)
        while first < characters.count {
            var piece = first > 0 ? WordPieceTokenizer.continuation : []
            var best: (id: Int32, end: Int)?
            for place in first..<characters.count {
                piece += characters[place]
                if piece.count > longestPiece { break }
                if let id = pieces[piece] { best = (id, place + 1) }
            }
            guard let best else { return ids.append(unknown) }
            found.append(best.id)
            first = best.end
        }
        ids += found
    }

    // MARK: Characters

    private func normalized(_ text: String) -> [Unicode.Scalar] {
        var scalars: [Unicode.Scalar] = []
        for scalar in text.unicodeScalars {
            if scalar.value == 0 || scalar.value == 0xFFFD || WordPieceTokenizer.isControl(scalar) { continue }
            if scalar.properties.isWhitespace {
                scalars.append(" ")
            } else if WordPieceTokenizer.isChinese(scalar) {
                scalars += [" ", scalar, " "]
            } else {
                scalars.append(scalar)
            }
        }
        guard lowercases, scalars.contains(where: { $0.value >= 0x80 || ("A"..."Z").contains($0) }) else {
            return scalars
        }
        // Letters and their accents are separated, accents dropped, letters made small.
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        return String(view).decomposedStringWithCanonicalMapping.unicodeScalars
            .filter { $0.properties.generalCategory != .nonspacingMark }
            .flatMap { Array($0.properties.lowercaseMapping.unicodeScalars) }
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        if scalar == "\t" || scalar == "\n" || scalar == "\r" { return false }
        switch scalar.properties.generalCategory {
        case .control, .format, .privateUse, .surrogate: return true
        default: return false
        }
    }

    /// ASCII's signs, letters and digits excepted, and Unicode's punctuation.
    private static func isPunctuation(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 33...47, 58...64, 91...96, 123...126: return true
        default: break
        }
        switch scalar.properties.generalCategory {
        case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation,
            .finalPunctuation, .otherPunctuation:
            return true
        default: return false
        }
    }

    private static func isChinese(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x4E00...0x9FFF, 0x3400...0x4DBF, 0x20000...0x2A6DF, 0x2A700...0x2B73F, 0x2B740...0x2B81F,
            0x2B920...0x2CEAF, 0xF900...0xFAFF, 0x2F800...0x2FA1F:
            return true
        default: return false
        }
    }
}

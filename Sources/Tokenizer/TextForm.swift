// What is done to a text before it is cut: composition, and the marks that stand for spaces.

/// How a text is changed before merging. Every change is one that Hugging Face's tokenizer.json can name.
struct TextForm: Sendable, Equatable {
    /// Characters are composed (Unicode's form NFC).
    var composes = false
    /// Spaces are written ▁ in the vocabulary, whose tokens consist of characters; nil where they consist of bytes.
    var marks: SpaceMarks?
    /// Each stretch of text between added tokens begins with a space; one is put there where it is missing.
    var prefixesSpace = false

    /// The text as it is, byte by byte.
    static let plain = TextForm()
}

/// How ▁ (U+2581) stands for a space.
///
/// Inside the encoder it is the other way round: the mark is written as a space, in tokens and in texts. Both are one
/// character then, and a text without marks needs no copy.
struct SpaceMarks: Sendable, Equatable {
    /// When a mark is put in front of a stretch of text between added tokens.
    enum Prefix: Sendable, Equatable {
        case never
        /// Also where the stretch begins with a space.
        case always
        case unlessPresent
        /// Only in front of the text's first character.
        case firstUnlessPresent
    }

    var prefix: Prefix
    /// Marks are set by the normalizer, before added tokens that are `isNormalized` are looked for; otherwise by the
    /// pre-tokenizer (`Metaspace`), after.
    var isNormalizer: Bool
    /// The text is cut before each mark.
    var cuts: Bool

    /// ▁ in UTF-8.
    static let bytes: [UInt8] = [0xE2, 0x96, 0x81]

    /// The bytes with a space for each mark; nil where there is none.
    static func replacingMarks(in text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
        guard var next = firstMark(in: text, from: 0) else { return nil }
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        var start = 0
        while next < text.count {
            result.append(contentsOf: text[start..<next])
            result.append(0x20)
            start = next + 3
            next = firstMark(in: text, from: start) ?? text.count
        }
        result.append(contentsOf: text[start...])
        return result
    }

    private static func firstMark(in text: UnsafeBufferPointer<UInt8>, from start: Int) -> Int? {
        var place = start
        while place + 3 <= text.count {
            if text[place] == 0xE2, text[place + 1] == 0x96, text[place + 2] == 0x81 { return place }
            place += 1
        }
        return nil
    }
}

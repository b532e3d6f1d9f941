// Ids to bytes.

extension Tokenizer {
    /// The bytes that the ids stand for, one after another; they need not be UTF-8. Where encoding puts a space in front
    /// of a text, decoding takes one away there.
    ///
    /// - Parameter continues: whether the ids continue others, so that a space in front of them stays.
    /// - Throws: `unknownID` for an id that the vocabulary has not.
    package func decode(_ ids: [Int32], continues: Bool = false) throws(TokenizerError) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(ids.count * 4)
        for id in ids {
            guard id >= 0, id < vocabularySize else { throw .unknownID(Int(id), vocabularySize: vocabularySize) }
            bytes.append(contentsOf: vocabulary.token(Int(id)))
        }
        if parts.form.prefixesMark, !continues, bytes.first == 0x20 { bytes.removeFirst() }
        return bytes
    }

    /// The same for ids of any integer type, in any sequence.
    package func decode(
        _ ids: some Sequence<some BinaryInteger>, continues: Bool = false
    ) throws(TokenizerError) -> [UInt8] {
        try decode(ids.map { Int32(clamping: $0) }, continues: continues)
    }

    /// A decoder for ids that come one at a time.
    ///
    /// - Parameter continues: as for `decode`.
    package func makeStreamingDecoder(continues: Bool = false) -> StreamingDecoder {
        StreamingDecoder(tokenizer: self, continues: continues)
    }

    /// Decodes ids one at a time into text that can be shown at once.
    ///
    /// Bytes that may be the beginning of a character are held back until it is complete. All that was returned,
    /// joined, is what decoding all ids at once and repairing the text (U+FFFD for what is not UTF-8) gives.
    package struct StreamingDecoder: Sendable {
        private let tokenizer: Tokenizer
        private var held: [UInt8] = []
        /// Whether the next byte is the text's first and goes if it is a space.
        private var dropsSpace: Bool

        package init(tokenizer: Tokenizer, continues: Bool = false) {
            self.tokenizer = tokenizer
            dropsSpace = tokenizer.parts.form.prefixesMark && !continues
        }

        /// The text that the id completes. An id that the vocabulary has not, as a padded model may give, is U+FFFD.
        package mutating func append(_ id: Int) -> String {
            guard (0..<tokenizer.vocabularySize).contains(id) else {
                dropsSpace = false
                return finish() + "\u{FFFD}"
            }
            var token = tokenizer.vocabulary.token(id)
            if dropsSpace, let first = token.first {
                if first == 0x20 { token.removeFirst() }
                dropsSpace = false
            }
            held.append(contentsOf: token)
            let kept = Self.unfinishedLength(of: held)
            let text = String(decoding: held.dropLast(kept), as: UTF8.self)
            held.removeFirst(held.count - kept)
            return text
        }

        /// What is still held back; an unfinished character becomes U+FFFD.
        package mutating func finish() -> String {
            defer { held.removeAll() }
            return String(decoding: held, as: UTF8.self)
        }

        /// How many bytes at the end are the beginning of a well-formed character (RFC 3629) that lacks its rest.
        private static func unfinishedLength(of bytes: [UInt8]) -> Int {
            for length in 1...3 where length <= bytes.count {
                let lead = bytes[bytes.count - length]
                if lead & 0xC0 == 0x80 { continue }
                let width = lead < 0xC2 || lead > 0xF4 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
                guard length < width else { return 0 }
                guard length > 1 else { return length }
                // The second byte decides whether the beginning can still become well-formed.
                let second = bytes[bytes.count - length + 1]
                let isPossible =
                    switch lead {
                    case 0xE0: second >= 0xA0
                    case 0xED: second < 0xA0
                    case 0xF0: second >= 0x90
                    case 0xF4: second < 0x90
                    default: true
                    }
                return isPossible ? length : 0
            }
            return 0
        }
    }
}

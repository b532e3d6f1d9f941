// Rules that check each text.

import Datasets
import Foundation

extension Rule {
    static let text = [
        Rule(
            "misread-encoding", .warning, effect: "the model learns to write \"Â°\" instead of \"°\"",
            .optional("restore the intended characters"),
            .text(
                find: { text in
                    guard text.presence.hasUpper, let found = Encodings.firstMisread(text.bytes) else { return nil }
                    return TextMatch(
                        offset: found.offset,
                        message: "UTF-8 that was read as Windows-1252; \"\(found.meant)\" was intended")
                },
                fix: { Encodings.fixingMisread($0) })),
        Rule(
            "special-token", .warning,
            effect: "special tokens of other models are learned letter by letter and appear in answers",
            .optional("remove the special tokens; a space stays between words"),
            .text(
                find: { SpecialTokens.first(in: $0, SpecialTokens.marks) },
                fix: { SpecialTokens.removing(from: $0, SpecialTokens.marks) })),
        Rule(
            "ambiguous-token", .note, effect: "none if the text means it, as <s> in HTML; else as for special-token",
            .offered("remove the texts; a space stays between words"),
            .text(
                find: { SpecialTokens.first(in: $0, SpecialTokens.ambiguous) },
                fix: { SpecialTokens.removing(from: $0, SpecialTokens.ambiguous) })),
        Rule(
            "control-character", .warning, effect: "invisible characters become tokens",
            .optional("make line ends of those that end lines; remove the others, with a space between words"),
            .text(find: { ControlCharacters.first(in: $0) }, fix: { ControlCharacters.removing(from: $0) })),
        Rule(
            "lost-character", .warning, effect: "the model learns to write the mark of a character that was lost",
            .advice("read the original again with the right encoding; the character cannot be restored"),
            .text(find: { ControlCharacters.firstLost(in: $0) }, fix: { $0 })),
        Rule(
            "secret", .error, effect: "a model can repeat its training data to anyone",
            .offered("replace each with [secret]"),
            .text(
                find: { SensitiveText.first(in: $0, .secret) }, fix: { SensitiveText.masking($0, .secret) })),
        Rule(
            "personal-data", .warning, effect: "a model can repeat addresses and numbers of real people",
            .offered("replace each with [email], [phone], [card], [iban] or [number]"),
            .text(
                find: { SensitiveText.first(in: $0, .personal) }, fix: { SensitiveText.masking($0, .personal) })),
    ]
}

/// Special tokens of common tokenizers.
enum SpecialTokens {
    static let marks = [
        "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|im_sep|>", "<|begin_of_text|>", "<|end_of_text|>",
        "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>", "<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>",
        "<|endofprompt|>", "<|user|>", "<|assistant|>", "<|system|>", "<|end|>", "<|pad|>", "<bos>", "<eos>",
        "<start_of_turn>", "<end_of_turn>", "<<SYS>>", "<</SYS>>",
    ].map { Array($0.utf8) }
    /// Special tokens that are also markup or ordinary text in brackets.
    static let ambiguous = [
        "<pad>", "<unk>", "<s>", "</s>", "<mask>", "[INST]", "[/INST]", "[CLS]", "[SEP]", "[PAD]", "[UNK]", "[MASK]",
    ].map { Array($0.utf8) }

    /// The special token that starts at `index`.
    private static func mark(
        _ bytes: UnsafeBufferPointer<UInt8>, at index: Int, _ marks: [[UInt8]]
    ) -> [UInt8]? {
        marks.first { mark in
            index + mark.count <= bytes.count && mark.indices.allSatisfy { bytes[index + $0] == mark[$0] }
        }
    }

    static func first(in text: TextView, _ marks: [[UInt8]]) -> Rule.TextMatch? {
        guard text.presence.mayContain(UInt8(ascii: "<")) || text.presence.mayContain(UInt8(ascii: "[")) else {
            return nil
        }
        let bytes = text.bytes
        for index in bytes.indices where bytes[index] == UInt8(ascii: "<") || bytes[index] == UInt8(ascii: "[") {
            if let mark = mark(bytes, at: index, marks) {
                return Rule.TextMatch(offset: index, message: "\(String(decoding: mark, as: UTF8.self)) inside a text")
            }
        }
        return nil
    }

    static func removing(from text: [UInt8], _ marks: [[UInt8]]) -> [UInt8] {
        var result: [UInt8] = []
        for (index, byte) in text.enumerated() {
            result.append(byte)
            // All special tokens end with one of these. Removing one can join its neighbours to another one, which ends
            // later.
            guard byte == UInt8(ascii: ">") || byte == UInt8(ascii: "]") else { continue }
            guard let mark = marks.first(where: { result.hasSuffix($0) }) else { continue }
            result.removeLast(mark.count)
            if joinsWords(result.last, index + 1 < text.count ? text[index + 1] : nil) { result.append(0x20) }
        }
        return result
    }
}

/// Whether two bytes next to each other would be inside of one word.
private func joinsWords(_ before: UInt8?, _ after: UInt8?) -> Bool {
    func isWord(_ byte: UInt8?) -> Bool {
        guard let byte else { return false }
        return byte >= 0x80 || (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20)
    }
    return isWord(before) && isWord(after)
}

/// Characters that are invisible or move the cursor.
enum ControlCharacters {
    /// The length of the control character at `index`, or 0.
    private static func length(_ bytes: UnsafeBufferPointer<UInt8>, _ index: Int) -> Int {
        let byte = bytes[index]
        guard byte < 0x20 || byte == 0x7F || byte == 0xC2 || byte == 0xE2 || byte == 0xEF else { return 0 }
        if byte < 0x20 { return byte == 0x09 || byte == 0x0A ? 0 : 1 }
        if byte == 0x7F { return 1 }
        func at(_ offset: Int) -> UInt8 { index + offset < bytes.count ? bytes[index + offset] : 0 }
        switch byte {
        // U+0080 … U+009F.
        case 0xC2: return (0x80...0x9F).contains(at(1)) ? 2 : 0
        // U+200B zero-width space, U+2060 word joiner, U+202A … U+202E and U+2066 … U+2069 that change the direction.
        case 0xE2 where at(1) == 0x80:
            if at(2) == 0x8B { return separatesWords(bytes, index) ? 0 : 3 }
            return (0xAA...0xAE).contains(at(2)) ? 3 : 0
        case 0xE2 where at(1) == 0x81: return at(2) == 0xA0 || (0xA6...0xA9).contains(at(2)) ? 3 : 0
        // U+FEFF, a byte-order mark inside of a text.
        case 0xEF: return at(1) == 0xBB && at(2) == 0xBF ? 3 : 0
        default: return 0
        }
    }

    /// Whether the zero-width space at `index` is between letters of a script that separates words by it: Thai, Lao,
    /// Tibetan, Myanmar and Khmer.
    private static func separatesWords(_ bytes: UnsafeBufferPointer<UInt8>, _ index: Int) -> Bool {
        func isOfScript(_ start: Int) -> Bool {
            guard start >= 0, start + 2 < bytes.count else { return false }
            switch (bytes[start], bytes[start + 1]) {
            case (0xE0, 0xB8...0xBF), (0xE1, 0x80...0x82), (0xE1, 0x9E...0x9F): return true
            default: return false
            }
        }
        return isOfScript(index - 3) || isOfScript(index + 3)
    }

    /// The first U+FFFD, which stands for a character that was lost.
    static func firstLost(in text: TextView) -> Rule.TextMatch? {
        guard text.presence.hasUpper else { return nil }
        let bytes = text.bytes
        var index = 0
        while let base = bytes.baseAddress, index < bytes.count,
            let found = memchr(base + index, 0xEF, bytes.count - index)
        {
            index = UnsafeRawPointer(found) - UnsafeRawPointer(base)
            if index + 2 < bytes.count, bytes[index + 1] == 0xBF, bytes[index + 2] == 0xBD {
                return Rule.TextMatch(offset: index, message: "the character U+FFFD, in place of one that was lost")
            }
            index += 1
        }
        return nil
    }

    static func first(in text: TextView) -> Rule.TextMatch? {
        guard text.presence.hasUpper || text.presence.mayHaveControls else { return nil }
        for index in text.bytes.indices {
            let length = length(text.bytes, index)
            guard length > 0 else { continue }
            let scalar = String(decoding: text.bytes[index..<index + length], as: UTF8.self).unicodeScalars.first
            let digits = String(scalar?.value ?? 0, radix: 16, uppercase: true)
            let padded = String(repeating: "0", count: max(0, 4 - digits.count)) + digits
            return Rule.TextMatch(offset: index, message: "the character U+\(padded)")
        }
        return nil
    }

    /// Whether the character at `index` can separate words: all but those that only join or change the direction.
    private static func separates(_ bytes: UnsafeBufferPointer<UInt8>, _ index: Int) -> Bool {
        switch bytes[index] {
        case 0xE2: bytes[index + 2] == 0x8B
        case 0xEF: false
        default: true
        }
    }

    static func removing(from text: [UInt8]) -> [UInt8] {
        text.withUnsafeBufferPointer { bytes in
            var result: [UInt8] = []
            var index = 0
            while index < bytes.count {
                let length = length(bytes, index)
                let next = index + max(1, length)
                if length == 0 {
                    result.append(bytes[index])
                } else if length == 2, Windows1252.scalar(bytes[index + 1]).value > 0x9F {
                    // U+0091, for example, is a Windows-1252 quote that was read as Latin-1.
                    result += Array(String(Windows1252.scalar(bytes[index + 1])).utf8)
                } else if length == 1, (0x0B...0x0D).contains(bytes[index]) {
                    // A separate line end, unless a line feed follows.
                    if bytes[index] != 0x0D || next >= bytes.count || bytes[next] != 0x0A { result.append(0x0A) }
                } else if separates(bytes, index), joinsWords(result.last, next < bytes.count ? bytes[next] : nil) {
                    result.append(0x20)
                }
                index = next
            }
            return result
        }
    }
}

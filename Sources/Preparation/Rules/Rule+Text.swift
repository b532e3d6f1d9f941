// Rules that check each text.

import Datasets

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
            .optional("remove the special tokens"),
            .text(find: { SpecialTokens.first(in: $0) }, fix: { SpecialTokens.removing(from: $0) })),
        Rule(
            "control-character", .warning, effect: "invisible characters become tokens",
            .optional("remove the characters; convert Windows-1252 quotes and dashes"),
            .text(find: { ControlCharacters.first(in: $0) }, fix: { ControlCharacters.removing(from: $0) })),
        Rule(
            "secret", .error, effect: "a model can repeat its training data to anyone",
            .optional("replace each with [secret]"),
            .text(
                find: { SensitiveText.first(in: $0, .secret) }, fix: { SensitiveText.masking($0, .secret) })),
        Rule(
            "personal-data", .warning, effect: "a model can repeat addresses and numbers of real people",
            .optional("replace each with [email], [phone], [card], [iban] or [number]"),
            .text(
                find: { SensitiveText.first(in: $0, .personal) }, fix: { SensitiveText.masking($0, .personal) })),
    ]
}

/// Special tokens of common tokenizers.
enum SpecialTokens {
    static let marks = [
        "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|im_sep|>", "<|begin_of_text|>", "<|end_of_text|>",
        "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>", "<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>",
        "<|endofprompt|>", "<|user|>", "<|assistant|>", "<|system|>", "<|end|>", "<|pad|>", "<pad>", "<unk>", "<s>",
        "</s>", "<bos>", "<eos>", "<start_of_turn>", "<end_of_turn>", "<mask>", "[INST]", "[/INST]", "<<SYS>>",
        "<</SYS>>", "[CLS]", "[SEP]", "[PAD]", "[UNK]", "[MASK]",
    ].map { Array($0.utf8) }

    /// The special token that starts at `index`.
    private static func mark(_ bytes: UnsafeBufferPointer<UInt8>, at index: Int) -> [UInt8]? {
        marks.first { mark in
            index + mark.count <= bytes.count && mark.indices.allSatisfy { bytes[index + $0] == mark[$0] }
        }
    }

    static func first(in text: TextView) -> Rule.TextMatch? {
        guard text.presence.mayContain(UInt8(ascii: "<")) || text.presence.mayContain(UInt8(ascii: "[")) else {
            return nil
        }
        let bytes = text.bytes
        for index in bytes.indices where bytes[index] == UInt8(ascii: "<") || bytes[index] == UInt8(ascii: "[") {
            if let mark = mark(bytes, at: index) {
                return Rule.TextMatch(offset: index, message: "\(String(decoding: mark, as: UTF8.self)) inside a text")
            }
        }
        return nil
    }

    static func removing(from text: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        for byte in text {
            result.append(byte)
            // All special tokens end with one of these. Removing one can join its neighbours to another one, which ends
            // later.
            guard byte == UInt8(ascii: ">") || byte == UInt8(ascii: "]") else { continue }
            if let mark = marks.first(where: { result.hasSuffix($0) }) { result.removeLast(mark.count) }
        }
        return result
    }
}

/// Characters that are invisible or move the cursor.
enum ControlCharacters {
    /// The length of the control character at `index`, or 0.
    private static func length(_ bytes: UnsafeBufferPointer<UInt8>, _ index: Int) -> Int {
        let byte = bytes[index]
        if byte < 0x20 { return byte == 0x09 || byte == 0x0A ? 0 : 1 }
        if byte == 0x7F { return 1 }
        func at(_ offset: Int) -> UInt8 { index + offset < bytes.count ? bytes[index + offset] : 0 }
        switch byte {
        // U+0080 … U+009F.
        case 0xC2: return (0x80...0x9F).contains(at(1)) ? 2 : 0
        // U+200B zero-width space, U+2060 word joiner, U+202A … U+202E and U+2066 … U+2069 that change the direction.
        case 0xE2 where at(1) == 0x80: return at(2) == 0x8B || (0xAA...0xAE).contains(at(2)) ? 3 : 0
        case 0xE2 where at(1) == 0x81: return at(2) == 0xA0 || (0xA6...0xA9).contains(at(2)) ? 3 : 0
        // U+FEFF, and U+FFFD, the replacement of a lost character.
        case 0xEF: return (at(1) == 0xBB && at(2) == 0xBF) || (at(1) == 0xBF && at(2) == 0xBD) ? 3 : 0
        default: return 0
        }
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

    static func removing(from text: [UInt8]) -> [UInt8] {
        text.withUnsafeBufferPointer { bytes in
            var result: [UInt8] = []
            var index = 0
            while index < bytes.count {
                let length = length(bytes, index)
                if length == 0 { result.append(bytes[index]) }
                // U+0091, for example, is a Windows-1252 quote that was read as Latin-1.
                if length == 2, Windows1252.scalar(bytes[index + 1]).value > 0x9F {
                    result += Array(String(Windows1252.scalar(bytes[index + 1])).utf8)
                }
                index += max(1, length)
            }
            return result
        }
    }
}

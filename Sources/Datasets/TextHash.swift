// Hashes of texts and their words, to find duplicates and near duplicates without keeping the rows.

/// 64-bit hashes that are equal on every machine and in every process.
package enum TextHash {
    private static let multiplier: UInt64 = 0x9FB2_1C65_1E98_DF25

    /// Adds a value to a hash (the multiply-and-fold step of wyhash).
    package static func combine(_ state: UInt64, _ value: UInt64) -> UInt64 {
        let product = (state ^ value ^ 0x2D35_8DCC_AA6C_78A5).multipliedFullWidth(by: multiplier)
        return product.high ^ product.low
    }

    /// The hash of `bytes`.
    package static func hash(_ bytes: UnsafeRawBufferPointer, seed: UInt64 = 0) -> UInt64 {
        var state = combine(seed, UInt64(bytes.count))
        var offset = 0
        while offset + 8 <= bytes.count {
            state = combine(state, bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self).littleEndian)
            offset += 8
        }
        var rest: UInt64 = 0
        while offset < bytes.count {
            rest = rest << 8 | UInt64(bytes[offset])
            offset += 1
        }
        return combine(state, rest)
    }

    /// The hash of `bytes`.
    package static func hash(_ bytes: [UInt8], seed: UInt64 = 0) -> UInt64 {
        bytes.withUnsafeBytes { hash($0, seed: seed) }
    }

    /// Appends the hash of every word of a UTF-8 text. Words are runs of letters and digits, in lowercase; everything else
    /// is ignored.
    package static func appendWords(of bytes: UnsafeBufferPointer<UInt8>, to words: inout [UInt64]) {
        let before = words.count
        var state: UInt64 = 0
        var length: UInt64 = 0
        for byte in bytes {
            guard byte < 0x80 else {
                words.removeLast(words.count - before)
                return appendUnicodeWords(of: bytes, to: &words)
            }
            let letter = byte | 0x20
            if (letter >= 0x61 && letter <= 0x7A) || (byte >= 0x30 && byte <= 0x39) {
                state = combine(state, UInt64(byte >= 0x41 ? letter : byte))
                length += 1
            } else if length > 0 {
                words.append(combine(state, length))
                (state, length) = (0, 0)
            }
        }
        if length > 0 { words.append(combine(state, length)) }
    }

    /// The same for texts with non-ASCII characters.
    private static func appendUnicodeWords(of bytes: UnsafeBufferPointer<UInt8>, to words: inout [UInt64]) {
        var state: UInt64 = 0
        var length: UInt64 = 0
        for scalar in String(decoding: bytes, as: UTF8.self).lowercased().unicodeScalars {
            if belongsToWord(scalar) {
                for byte in UTF8.encode(scalar) ?? .init() {
                    state = combine(state, UInt64(byte))
                    length += 1
                }
            } else if length > 0 {
                words.append(combine(state, length))
                (state, length) = (0, 0)
            }
        }
        if length > 0 { words.append(combine(state, length)) }
    }

    private static func belongsToWord(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.value < 0x80 {
            return (scalar.value >= 0x61 && scalar.value <= 0x7A) || (scalar.value >= 0x30 && scalar.value <= 0x39)
        }
        switch scalar.properties.generalCategory {
        case .lowercaseLetter, .uppercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
            .letterNumber, .otherNumber, .nonspacingMark, .spacingMark, .enclosingMark:
            return true
        default: return false
        }
    }
}

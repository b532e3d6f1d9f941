// Detects and fixes UTF-8 that was read as Windows-1252.

import Datasets

enum Encodings {
    private static let bytesOfControls: [UInt32: UInt8] = Dictionary(
        uniqueKeysWithValues: Windows1252.upperControls.enumerated().map { ($0.element, UInt8(0x80 + $0.offset)) })

    /// The Windows-1252 byte of a scalar.
    static func byte(_ scalar: Unicode.Scalar) -> UInt8? {
        scalar.value < 0x80 || (0xA0...0xFF).contains(scalar.value)
            ? UInt8(scalar.value) : bytesOfControls[scalar.value]
    }

    /// The first place where UTF-8 was read as Windows-1252, as in "76Â°F" or "donâ€™t": the offset and length in bytes,
    /// and the intended character.
    static func firstMisread(
        _ bytes: UnsafeBufferPointer<UInt8>, from first: Int = 0
    ) -> (offset: Int, length: Int, meant: Unicode.Scalar)? {
        var index = first
        while index < bytes.count {
            // U+00C2 and U+00C3 start most two-byte characters of European texts, U+00E2 dashes and quotes, U+00F0
            // emoji; all of them are C3 8x/A2/B0 in UTF-8.
            if bytes[index] == 0xC3, index + 1 < bytes.count, [0x82, 0x83, 0xA2, 0xB0].contains(bytes[index + 1]),
                let found = misread(bytes, at: index)
            {
                return (index, found.length, found.meant)
            }
            index += 1
        }
        return nil
    }

    private static func misread(
        _ bytes: UnsafeBufferPointer<UInt8>, at start: Int
    ) -> (length: Int, meant: Unicode.Scalar)? {
        let wanted = bytes[start + 1] == 0xA2 ? 3 : bytes[start + 1] == 0xB0 ? 4 : 2
        var original: [UInt8] = [bytes[start + 1] + 0x40]
        var index = start + 2
        while original.count < wanted {
            guard let (scalar, length) = decode(bytes, at: index), let byte = byte(scalar), byte & 0xC0 == 0x80
            else { return nil }
            original.append(byte)
            index += length
        }
        guard TextFile.firstInvalidOffset(original) == nil,
            let meant = String(decoding: original, as: UTF8.self).unicodeScalars.first
        else { return nil }
        return (index - start, meant)
    }

    private static func decode(
        _ bytes: UnsafeBufferPointer<UInt8>, at index: Int
    ) -> (scalar: Unicode.Scalar, length: Int)? {
        guard index < bytes.count, bytes[index] >= 0x80 else { return nil }
        let length = bytes[index] < 0xE0 ? 2 : bytes[index] < 0xF0 ? 3 : 4
        guard index + length <= bytes.count,
            let scalar = String(decoding: bytes[index..<index + length], as: UTF8.self).unicodeScalars.first
        else { return nil }
        return (scalar, length)
    }

    /// The text with all such places fixed, even if it was misread twice.
    static func fixingMisread(_ text: [UInt8]) -> [UInt8] {
        var text = text
        for _ in 0..<4 {
            var result: [UInt8] = []
            var start = 0
            text.withUnsafeBufferPointer { bytes in
                while let found = firstMisread(bytes, from: start) {
                    result += bytes[start..<found.offset]
                    result += Array(String(found.meant).utf8)
                    start = found.offset + found.length
                }
                result += bytes[start...]
            }
            if start == 0 { return text }
            text = result
        }
        return text
    }
}

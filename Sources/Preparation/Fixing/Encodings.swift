// Detects and fixes Windows-1252 read as UTF-8, and UTF-8 read as Windows-1252.

import Datasets

enum Encodings {
    /// The characters of the bytes 0x80 … 0x9F in Windows-1252; the five undefined bytes map to themselves.
    static let upperControls: [UInt32] = [
        0x20AC, 0x81, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8D,
        0x017D, 0x8F, 0x90, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A,
        0x0153, 0x9D, 0x017E, 0x0178,
    ]
    private static let bytesOfControls: [UInt32: UInt8] = Dictionary(
        uniqueKeysWithValues: upperControls.enumerated().map { ($0.element, UInt8(0x80 + $0.offset)) })

    /// The bytes as UTF-8; each byte that is not valid UTF-8 is read as Windows-1252.
    static func decodingInvalidBytes(_ bytes: UnsafeBufferPointer<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        var rest = bytes[...]
        while let offset = firstInvalid(rest) {
            result += rest[..<offset]
            result += Array(String(scalar(rest[offset])).utf8)
            rest = rest[(offset + 1)...]
        }
        return result + rest
    }

    private static func firstInvalid(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> Int? {
        TextFile.firstInvalidOffset(UnsafeBufferPointer(rebasing: bytes)).map { bytes.startIndex + $0 }
    }

    static func scalar(_ byte: UInt8) -> Unicode.Scalar {
        let value = (0x80..<0xA0).contains(byte) ? upperControls[Int(byte) - 0x80] : UInt32(byte)
        return Unicode.Scalar(value) ?? "\u{FFFD}"
    }

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

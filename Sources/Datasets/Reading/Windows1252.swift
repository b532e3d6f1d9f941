// Reads bytes that are not valid UTF-8 as Windows-1252.

package enum Windows1252 {
    /// The characters of the bytes 0x80 … 0x9F in Windows-1252; the five undefined bytes map to themselves.
    package static let upperControls: [UInt32] = [
        0x20AC, 0x81, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8D,
        0x017D, 0x8F, 0x90, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A,
        0x0153, 0x9D, 0x017E, 0x0178,
    ]

    /// The bytes as UTF-8; each byte that is not valid UTF-8 is read as Windows-1252.
    package static func decodingInvalidBytes(_ bytes: UnsafeBufferPointer<UInt8>) -> [UInt8] {
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

    package static func scalar(_ byte: UInt8) -> Unicode.Scalar {
        let value = (0x80..<0xA0).contains(byte) ? upperControls[Int(byte) - 0x80] : UInt32(byte)
        return Unicode.Scalar(value) ?? "\u{FFFD}"
    }
}

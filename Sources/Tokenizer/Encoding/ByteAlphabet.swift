// The alphabet in which GPT-2's files write bytes: one printable character for each of the 256.

/// GPT-2's byte alphabet.
///
/// Bytes that print in Latin-1 stand for themselves; the other 68 become the characters from U+0100 on, in order.
/// So a space is written Ġ and a line feed Ċ. (Radford et al., 2019, `encoder.py`.)
enum ByteAlphabet {
    /// The character of each byte.
    static let scalars: [Unicode.Scalar] = {
        var next: UInt32 = 256
        return (UInt8.min...UInt8.max).map { byte in
            let printsItself = (33...126).contains(byte) || (161...172).contains(byte) || byte >= 174
            if printsItself { return Unicode.Scalar(byte) }
            defer { next += 1 }
            return Unicode.Scalar(next) ?? "?"
        }
    }()

    /// The byte of each character below U+0144, or -1.
    private static let byteOfScalar: [Int16] = {
        var bytes = [Int16](repeating: -1, count: 0x144)
        for (byte, scalar) in scalars.enumerated() { bytes[Int(scalar.value)] = Int16(byte) }
        return bytes
    }()

    /// The bytes that a written token stands for, appended to `bytes`; nil when all is well, else the first character
    /// that is not of the alphabet.
    static func decode(_ written: some Sequence<UInt8>, into bytes: inout [UInt8]) -> Unicode.Scalar? {
        let table = byteOfScalar
        var lead: UInt32 = 0
        for unit in written {
            var value = UInt32(unit)
            if lead != 0 {
                value = (lead & 0x1F) << 6 | UInt32(unit & 0x3F)
                lead = 0
            } else if unit >= 0xC0 {
                lead = UInt32(unit)
                // No letter of the alphabet takes three bytes.
                guard unit < 0xE0 else { return firstForeignScalar(of: written) }
                continue
            }
            guard value < 0x144, table[Int(value)] >= 0 else { return firstForeignScalar(of: written) }
            bytes.append(UInt8(table[Int(value)]))
        }
        return nil
    }

    /// The bytes that a written token stands for; nil where a character is not of the alphabet.
    static func bytes(of written: [UInt8]) -> [UInt8]? {
        var bytes: [UInt8] = []
        return decode(written, into: &bytes) == nil ? bytes : nil
    }

    /// The token as the files write it.
    static func encode(_ bytes: some Sequence<UInt8>) -> String {
        var written = String.UnicodeScalarView()
        for byte in bytes { written.append(scalars[Int(byte)]) }
        return String(written)
    }

    private static func firstForeignScalar(of written: some Sequence<UInt8>) -> Unicode.Scalar {
        String(decoding: Array(written), as: UTF8.self).unicodeScalars
            .first { $0.value >= 0x144 || byteOfScalar[Int($0.value)] < 0 } ?? "\u{FFFD}"
    }
}

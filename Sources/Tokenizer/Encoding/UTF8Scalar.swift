// Strict decoding of one character of UTF-8.

enum UTF8Scalar {
    /// The character beyond ASCII that begins at `base`, by the rules of RFC 3629; nil where none does.
    ///
    /// - Parameter available: how many bytes may be read from `base` on, at least 1.
    @inline(__always)
    static func decode(_ base: UnsafePointer<UInt8>, available: Int) -> (value: UInt32, width: Int)? {
        let lead = base[0]
        let width = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
        guard lead >= 0xC2, lead <= 0xF4, width <= available else { return nil }
        var value = UInt32(lead) & (0x7F >> UInt32(width))
        for place in 1..<width {
            guard base[place] & 0xC0 == 0x80 else { return nil }
            value = value << 6 | UInt32(base[place] & 0x3F)
        }
        let smallest: UInt32 = width == 2 ? 0x80 : width == 3 ? 0x800 : 0x10000
        guard value >= smallest, value < 0x110000, !(0xD800...0xDFFF).contains(value) else { return nil }
        return (value, width)
    }

    /// The character at `base`, ASCII or beyond; nil for a byte that begins none.
    @inline(__always)
    static func next(_ base: UnsafePointer<UInt8>, available: Int) -> (value: UInt32, width: Int)? {
        base[0] < 0x80 ? (UInt32(base[0]), 1) : decode(base, available: available)
    }

    /// The character that ends before `text[end]`; nil where none does.
    static func last(in text: UnsafeBufferPointer<UInt8>, before end: Int) -> (value: UInt32, width: Int)? {
        guard let base = text.baseAddress else { return nil }
        for width in 1...4 where width <= end {
            let start = base + (end - width)
            if start[0] & 0xC0 == 0x80 { continue }
            guard let found = next(start, available: width), found.width == width else { return nil }
            return found
        }
        return nil
    }
}

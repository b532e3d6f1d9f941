// Strict decoding of one character of UTF-8.

enum UTF8Scalar {
    /// The character beyond ASCII that begins at `base`, by the rules of RFC 3629; nil where none does.
    ///
    /// - Parameter available: how many bytes may be read from `base` on, at least 1.
    @inline(__always)
    static func decode(_ base: UnsafePointer<UInt8>, available: Int) -> (value: UInt32, width: Int)? {
        let lead = UInt32(base[0])
        guard lead >= 0xC2, available >= 2, base[1] & 0xC0 == 0x80 else { return nil }
        let second = UInt32(base[1] & 0x3F)
        if lead < 0xE0 { return ((lead & 0x1F) << 6 | second, 2) }
        guard available >= 3, base[2] & 0xC0 == 0x80 else { return nil }
        let third = second << 6 | UInt32(base[2] & 0x3F)
        if lead < 0xF0 {
            let value = (lead & 0xF) << 12 | third
            return value >= 0x800 && value & 0xF800 != 0xD800 ? (value, 3) : nil
        }
        guard lead <= 0xF4, available >= 4, base[3] & 0xC0 == 0x80 else { return nil }
        let value = (lead & 7) << 18 | third << 6 | UInt32(base[3] & 0x3F)
        return value >= 0x10000 && value < 0x110000 ? (value, 4) : nil
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

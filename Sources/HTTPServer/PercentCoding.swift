// Decodes the percent-encoded parts of a request's target (RFC 3986).

/// Decodes strictly: "%" without two hexadecimal digits, bytes that are not UTF-8, and NUL are not accepted.
package enum PercentCoding {
    /// The decoded parts of a path, which is divided before it is decoded, so that "%2F" never makes two parts of one.
    /// Nil if the path does not start with "/" or a part is not valid. A "/" at the end is ignored.
    package static func segments(of path: String) -> [String]? {
        // In a text with other characters, "/" may be part of a larger one.
        guard path.utf8.first == UInt8(ascii: "/"), path.utf8.allSatisfy({ $0 < 0x80 }) else { return nil }
        var parts = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        if parts.last?.isEmpty == true { parts.removeLast() }
        var segments: [String] = []
        for part in parts {
            guard let segment = decode(part) else { return nil }
            segments.append(segment)
        }
        return segments
    }

    /// Names and values of a query; a name without "=" has an empty value. Nil if one is not valid.
    package static func query(_ text: Substring) -> [(name: String, value: String)]? {
        guard text.utf8.allSatisfy({ $0 < 0x80 }) else { return nil }
        var pairs: [(name: String, value: String)] = []
        for part in text.split(separator: "&") {
            let sides = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = decode(sides[0], plusIsSpace: true),
                let value = sides.count > 1 ? decode(sides[1], plusIsSpace: true) : ""
            else { return nil }
            pairs.append((name, value))
        }
        return pairs
    }

    /// The decoded text, or nil.
    package static func decode(_ text: some StringProtocol, plusIsSpace: Bool = false) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8.makeIterator()
        while let byte = rest.next() {
            switch byte {
            case UInt8(ascii: "%"):
                guard let high = rest.next().flatMap(hexadecimal), let low = rest.next().flatMap(hexadecimal) else {
                    return nil
                }
                bytes.append(high << 4 | low)
            case UInt8(ascii: "+") where plusIsSpace: bytes.append(UInt8(ascii: " "))
            default: bytes.append(byte)
            }
        }
        guard !bytes.contains(0) else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func hexadecimal(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}

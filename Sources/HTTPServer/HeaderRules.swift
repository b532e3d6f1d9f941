// The form of a request's headers, read strictly: two readings of one request are how requests are smuggled.

/// What follows a request's headers.
enum BodyFraming: Equatable {
    case none
    case length(Int)
    /// Of unknown length.
    case chunked
}

enum HeaderRules {
    /// A byte of a token: of a method or of a header's name (RFC 9110, section 5.6.2).
    static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }

    /// Whether all names are tokens and no value has control characters.
    static func areWellFormed(_ headers: [(name: String, value: String)]) -> Bool {
        headers.allSatisfy { header in
            !header.name.isEmpty && header.name.utf8.allSatisfy(isTokenByte)
                && header.value.utf8.allSatisfy { $0 == 0x09 || ($0 >= 0x20 && $0 != 0x7F) }
        }
    }

    /// How the body's end is known; nil if there is more than one answer, or none that is valid (RFC 9112, section 6.3).
    static func framing(_ headers: [(name: String, value: String)]) -> BodyFraming? {
        let lengths = headers.filter { $0.name == "content-length" }
        let codings = headers.filter { $0.name == "transfer-encoding" }
        if let coding = codings.first {
            return codings.count == 1 && lengths.isEmpty && coding.value.lowercased() == "chunked" ? .chunked : nil
        }
        guard let length = lengths.first else { return BodyFraming.none }
        guard lengths.count == 1, !length.value.isEmpty, length.value.utf8.allSatisfy({ 0x30...0x39 ~= $0 }) else {
            return nil
        }
        // A number that does not fit is larger than any limit.
        let count = Int(length.value) ?? .max
        return count == 0 ? BodyFraming.none : .length(count)
    }

    /// The type in a `Content-Type` without its parameters, in lowercase.
    static func mediaType(_ value: String?) -> String? {
        value.map { $0.prefix { $0 != ";" }.trimmingSpaces.lowercased() }
    }
}

// The parameters of a header's value: `form-data; name="file"; filename="a.jsonl"`.

/// Each name occurs once; a value that is not well formed is not read at all.
struct HeaderParameters {
    /// The text before the first ";", in lowercase.
    let value: String
    private var parameters: [String: String] = [:]

    /// Nil if it is malformed.
    init?(_ text: String) {
        let bytes = Array(text.utf8)
        var place = bytes.firstIndex(of: UInt8(ascii: ";")) ?? bytes.count
        value = String(decoding: bytes[..<place], as: UTF8.self).trimmingSpaces.lowercased()
        func skipSpaces() {
            while place < bytes.count, bytes[place] == 0x20 || bytes[place] == 0x09 { place += 1 }
        }
        while place < bytes.count {
            guard bytes[place] == UInt8(ascii: ";") else { return nil }
            place += 1
            skipSpaces()
            // A ";" at the end is common.
            if place == bytes.count { return }
            let start = place
            while place < bytes.count, HeaderRules.isTokenByte(bytes[place]) { place += 1 }
            let name = String(decoding: bytes[start..<place], as: UTF8.self).lowercased()
            guard !name.isEmpty, place < bytes.count, bytes[place] == UInt8(ascii: "=") else { return nil }
            place += 1
            guard let content = HeaderParameters.content(bytes, &place),
                let content = String(validating: content, as: UTF8.self),
                parameters.updateValue(content, forKey: name) == nil
            else { return nil }
            skipSpaces()
        }
    }

    /// A token, or a text in quotation marks.
    private static func content(_ bytes: [UInt8], _ place: inout Int) -> [UInt8]? {
        guard place < bytes.count, bytes[place] == UInt8(ascii: "\"") else {
            let start = place
            while place < bytes.count, bytes[place] != UInt8(ascii: ";"), bytes[place] > 0x20 { place += 1 }
            return place > start ? Array(bytes[start..<place]) : nil
        }
        place += 1
        var content: [UInt8] = []
        while place < bytes.count, bytes[place] != UInt8(ascii: "\"") {
            // Only these two are written with a backslash: in "C:\new.txt" it is itself.
            if bytes[place] == UInt8(ascii: "\\"), place + 1 < bytes.count, "\\\"".utf8.contains(bytes[place + 1]) {
                place += 1
            }
            content.append(bytes[place])
            place += 1
        }
        guard place < bytes.count else { return nil }
        place += 1
        return content
    }

    /// The parameter's value; that of `name*` (RFC 8187) if there is one.
    subscript(_ name: String) -> String? {
        if let extended = parameters[name + "*"] {
            let parts = extended.split(separator: "'", maxSplits: 2, omittingEmptySubsequences: false)
            if parts.count == 3, parts[0].lowercased() == "utf-8", let text = PercentCoding.decode(parts[2]) {
                return text
            }
        }
        return parameters[name]
    }
}

// Text from files as a terminal may show it.

package enum PrintableText {
    /// A line of a message that is longer than this is cut.
    package static let longestLine = 4_000

    /// The text without characters that a terminal obeys: control characters and marks that reorder text become visible
    /// escapes such as `\u{1B}`. Line ends and tabs stay.
    package static func escaped(_ text: String) -> String {
        // Almost every text is harmless and is given back as it is.
        guard text.unicodeScalars.contains(where: isDangerous) else { return text }
        var shown = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if isDangerous(scalar) {
                shown += "\\u{\(String(scalar.value, radix: 16, uppercase: true))}".unicodeScalars
            } else {
                shown.append(scalar)
            }
        }
        return String(shown)
    }

    /// The same, and lines that are too long for a message are cut and say so.
    package static func bounded(_ text: String) -> String {
        guard text.utf8.count > longestLine else { return escaped(text) }
        return text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            let scalars = line.unicodeScalars
            let rest = scalars.dropFirst(longestLine).count
            guard rest > 0 else { return escaped(String(line)) }
            return escaped(String(scalars.prefix(longestLine))) + "… (\(rest) characters more)"
        }.joined(separator: "\n")
    }

    private static func isDangerous(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09, 0x0A: false
        case 0..<0x20, 0x7F..<0xA0: true
        // Separators of lines, and marks that change the direction of text.
        case 0x2028, 0x2029, 0x202A...0x202E, 0x2066...0x2069: true
        default: false
        }
    }
}

// The names of tuned models, by the rules of both generations of the API.

import Foundation

enum ModelNames {
    /// `ft:{base}:{organization}:{suffix}:{8 characters}`; without a suffix there are two colons.
    static func name(base: String, organization: String, suffix: String?, id: String) -> String {
        "ft:\(plain(self.base(of: base))):\(organization):\(suffix.map { dashed($0, most: 64, keeps: "_.") } ?? ""):\(id)"
    }

    /// `{base}:ft-{organization}:{suffix}-{time}`: punctuation and white space of the suffix become dashes, letters
    /// lowercase.
    static func legacyName(base: String, organization: String, suffix: String?, time: Int) -> String {
        let stamp = timestamp(time)
        let words = suffix.map { dashed($0, most: 40, keeps: "") } ?? ""
        let tail = words.isEmpty ? "-\(stamp)" : ":\(words)-\(stamp)"
        return "\(plain(self.base(of: base))):ft-\(organization)\(tail)"
    }

    /// The base's name in the name of a tuned model, which may itself be a base.
    static func base(of name: String) -> String {
        let parts = name.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        if parts.count > 1, parts[0] == "ft" { return parts[1] }
        if parts.count > 1, parts[1].hasPrefix("ft-") { return parts[0] }
        return name
    }

    /// A base's name without characters that separate the parts.
    private static func plain(_ name: String) -> String {
        String(
            name.map { character in
                character.isASCII && (character.isLetter || character.isNumber || "._-".contains(character))
                    ? character : "-"
            })
    }

    /// Lowercase letters, digits and `keeps`; runs of everything else are one dash.
    private static func dashed(_ text: String, most: Int, keeps: String) -> String {
        var result = ""
        for character in text.lowercased() {
            if character.isASCII && (character.isLetter || character.isNumber || keeps.contains(character)) {
                result.append(character)
            } else if result.last != "-" {
                result.append("-")
            }
        }
        return String(result.prefix(most)).trimmingCharacters(in: CharacterSet(charactersIn: "-"))
    }

    /// `2022-02-15-04-21-04`, in UTC.
    private static func timestamp(_ seconds: Int) -> String {
        var (time, parts) = (time_t(seconds), tm())
        gmtime_r(&time, &parts)
        return String(
            format: "%04d-%02d-%02d-%02d-%02d-%02d", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
            parts.tm_hour, parts.tm_min, parts.tm_sec)
    }
}

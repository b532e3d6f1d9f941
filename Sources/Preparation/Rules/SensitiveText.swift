// Finds text that looks like keys and passwords, or like addresses and numbers of people.

import Foundation

enum SensitiveText {
    enum Kind { case secret, personal }

    struct Match {
        var range: Range<Int>
        var name: String
        var placeholder: String
    }

    static func first(in text: TextView, _ kind: Kind) -> Rule.TextMatch? {
        // Skip texts without the characters that secrets, numbers and addresses contain.
        let presence = text.presence
        let hasSigns = presence.mayContain(UInt8(ascii: ":")) || presence.mayContain(UInt8(ascii: "="))
        guard
            kind == .secret
                ? presence.mayHaveDigits || hasSigns || presence.mayContain(UInt8(ascii: "-"))
                : presence.mayHaveDigits || presence.mayContain(UInt8(ascii: "@"))
        else { return nil }
        return next(in: text.bytes, from: 0, kind).map {
            Rule.TextMatch(offset: $0.range.lowerBound, message: "this looks like \($0.name)")
        }
    }

    static func masking(_ text: [UInt8], _ kind: Kind) -> [UInt8] {
        text.withUnsafeBufferPointer { bytes in
            var result: [UInt8] = []
            var start = 0
            while let match = next(in: bytes, from: start, kind) {
                result += bytes[start..<match.range.lowerBound]
                result += Array(match.placeholder.utf8)
                start = match.range.upperBound
            }
            return result + bytes[start...]
        }
    }

    /// The first match that starts at `first` or later.
    private static func next(in bytes: UnsafeBufferPointer<UInt8>, from first: Int, _ kind: Kind) -> Match? {
        var index = first
        while index < bytes.count {
            let startsWord = index == 0 || !isWord(bytes[index - 1])
            if startsWord, let match = kind == .secret ? secret(bytes, index) : personal(bytes, index) { return match }
            index += 1
        }
        return nil
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }
    private static func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7A }
    private static func isWord(_ byte: UInt8) -> Bool { isDigit(byte) || isLetter(byte) || byte == 0x5F }
    private static func isKey(_ byte: UInt8) -> Bool { isWord(byte) || byte == 0x2D }

    // MARK: Secrets

    /// Prefixes of keys, and the minimum number of characters after them.
    private static let prefixes: [(text: [UInt8], length: Int)] = [
        ("sk-", 20), ("sk_live_", 16), ("rk_live_", 16), ("ghp_", 30), ("gho_", 30), ("ghs_", 30), ("github_pat_", 30),
        ("glpat-", 20), ("AKIA", 16), ("ASIA", 16), ("AIza", 35), ("xoxb-", 20), ("xoxp-", 20), ("xoxa-", 20),
        ("hf_", 30), ("eyJhbGciOi", 40),
    ].map { (Array($0.0.utf8), $0.1) }

    /// Longer runs are not keys, and would be scanned again from each of their words.
    private static let longestKey = 4096
    private static let passwordWords = ["password", "passwd", "api_key", "apikey", "secret_key"].map { Array($0.utf8) }

    private static func secret(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int) -> Match? {
        switch bytes[start] {
        case UInt8(ascii: "-"): return privateKey(bytes, start)
        case UInt8(ascii: "s"), UInt8(ascii: "r"), UInt8(ascii: "g"), UInt8(ascii: "A"), UInt8(ascii: "x"),
            UInt8(ascii: "h"), UInt8(ascii: "e"):
            for prefix in prefixes where hasPrefix(bytes, start, prefix.text) {
                let end = run(bytes, from: start, most: longestKey) {
                    isKey($0) || ($0 == 0x2E && prefix.text[0] == UInt8(ascii: "e"))
                }
                let key = bytes[(start + prefix.text.count)..<end]
                // Keys contain digits, unlike words with dashes.
                guard key.count >= prefix.length, key.contains(where: isDigit) else { continue }
                return Match(range: start..<end, name: "an access key", placeholder: "[secret]")
            }
            fallthrough
        case UInt8(ascii: "p"), UInt8(ascii: "P"), UInt8(ascii: "a"), UInt8(ascii: "S"):
            return password(bytes, start)
        default: return nil
        }
    }

    private static func privateKey(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int) -> Match? {
        guard hasPrefix(bytes, start, Array("-----BEGIN ".utf8)) else { return nil }
        let line = String(decoding: bytes[start..<run(bytes, from: start, most: 100) { $0 != 0x0A }], as: UTF8.self)
        guard line.contains("PRIVATE KEY-----") else { return nil }
        let rest = String(decoding: bytes[start...], as: UTF8.self)
        let mark = "PRIVATE KEY-----"
        var length = rest.utf8.count
        if let end = rest.range(of: "-----END "), let close = rest[end.upperBound...].range(of: mark) {
            length = rest[..<close.upperBound].utf8.count
        }
        return Match(range: start..<start + length, name: "a private key", placeholder: "[secret]")
    }

    /// `password: …` with at least six characters, not all of them letters.
    private static func password(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int) -> Match? {
        for word in passwordWords where hasPrefix(bytes, start, word, ignoringCase: true) {
            var index = run(bytes, from: start + word.count) { $0 == 0x20 }
            guard index < bytes.count, bytes[index] == 0x3A || bytes[index] == 0x3D else { continue }
            index = run(bytes, from: index + 1) { $0 == 0x20 || $0 == 0x22 || $0 == 0x27 }
            let end = run(bytes, from: index) { $0 > 0x20 && $0 != 0x22 && $0 != 0x27 && $0 != 0x2C }
            guard end - index >= 6, bytes[index..<end].contains(where: { !isLetter($0) }) else { continue }
            return Match(range: index..<end, name: "a password", placeholder: "[secret]")
        }
        return nil
    }

    // MARK: Personal data

    /// Maximum length of an address before and after its @ (RFC 5321, 4.5.3.1).
    private static let longestName = 64
    private static let longestDomain = 255

    private static func personal(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int) -> Match? {
        let byte = bytes[start]
        if isLetter(byte) || isDigit(byte), let end = emailEnd(bytes, start) {
            return Match(range: start..<end, name: "an e-mail address", placeholder: "[email]")
        }
        if byte >= 0x41, byte <= 0x5A { return iban(bytes, start) }
        guard isDigit(byte) || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "(") else { return nil }
        return number(bytes, start)
    }

    private static func emailEnd(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int) -> Int? {
        let at = run(bytes, from: start, most: longestName) { isKey($0) || $0 == 0x2E || $0 == 0x2B || $0 == 0x25 }
        guard at < bytes.count, bytes[at] == UInt8(ascii: "@") else { return nil }
        var end = run(bytes, from: at + 1, most: longestDomain) { isKey($0) || $0 == 0x2E }
        while end > at + 1, bytes[end - 1] == 0x2E || bytes[end - 1] == 0x2D { end -= 1 }
        let domain = bytes[(at + 1)..<end]
        guard let dot = domain.lastIndex(of: 0x2E), end - dot > 2, domain[(dot + 1)...].allSatisfy(isLetter) else {
            return nil
        }
        return end
    }

    /// Digits separated by single spaces, dashes, points and brackets.
    private static func number(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int) -> Match? {
        var (digits, groups, index, last): ([UInt8], [Int], Int, Int) = ([], [], start, start)
        var atGroup = true
        while index < bytes.count, digits.count <= 20 {
            let byte = bytes[index]
            if isDigit(byte) {
                if atGroup { groups.append(0) }
                groups[groups.count - 1] += 1
                digits.append(byte - 0x30)
                (atGroup, last) = (false, index + 1)
            } else if index == start || ([0x20, 0x2D, 0x2E, 0x28, 0x29].contains(byte) && index - last < 2) {
                atGroup = true
            } else {
                break
            }
            index += 1
        }
        guard last == bytes.count || !isWord(bytes[last]) else { return nil }
        let range = start..<last
        if (13...19).contains(digits.count), groups.allSatisfy({ $0 >= 4 || $0 == digits.count }), luhn(digits) {
            return Match(range: range, name: "a card number", placeholder: "[card]")
        }
        let isDashed = bytes[range].contains(0x2D)
        if groups == [3, 2, 4], isDashed {
            return Match(range: range, name: "a social security number", placeholder: "[number]")
        }
        let isInternational = bytes[start] == UInt8(ascii: "+") && (9...15).contains(digits.count)
        if isInternational || groups == [3, 3, 4] || groups == [1, 3, 3, 4] {
            return Match(range: range, name: "a telephone number", placeholder: "[phone]")
        }
        return nil
    }

    /// The check digit of card numbers (ISO/IEC 7812).
    private static func luhn(_ digits: [UInt8]) -> Bool {
        guard Set(digits).count > 1 else { return false }
        let sum = digits.reversed().enumerated().reduce(0) { sum, item in
            let doubled = Int(item.element) * (item.offset % 2 == 1 ? 2 : 1)
            return sum + (doubled > 9 ? doubled - 9 : doubled)
        }
        return sum % 10 == 0
    }

    /// Two letters, two check digits, eleven to thirty letters and digits (ISO 13616).
    private static func iban(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int) -> Match? {
        guard start + 4 < bytes.count, (0x41...0x5A).contains(bytes[start + 1]), isDigit(bytes[start + 2]),
            isDigit(bytes[start + 3])
        else { return nil }
        var (characters, index, last): ([UInt8], Int, Int) = ([], start, start)
        while index < bytes.count, characters.count < 34 {
            let byte = bytes[index]
            guard isDigit(byte) || (0x41...0x5A).contains(byte) || (byte == 0x20 && last == index) else { break }
            if byte != 0x20 {
                characters.append(byte)
                last = index + 1
            }
            index += 1
        }
        guard (15...34).contains(characters.count) else { return nil }
        let rotated = characters[4...] + characters[..<4]
        let remainder = rotated.reduce(0) { rest, byte in
            isDigit(byte) ? (rest * 10 + Int(byte - 0x30)) % 97 : (rest * 100 + Int(byte) - 55) % 97
        }
        return remainder == 1 ? Match(range: start..<last, name: "a bank account", placeholder: "[iban]") : nil
    }

    // MARK: Bytes

    private static func run(
        _ bytes: UnsafeBufferPointer<UInt8>, from start: Int, most: Int = .max, while condition: (UInt8) -> Bool
    ) -> Int {
        var index = start
        let limit = min(bytes.count - start, most) + start
        while index < limit, condition(bytes[index]) { index += 1 }
        return index
    }

    private static func hasPrefix(
        _ bytes: UnsafeBufferPointer<UInt8>, _ start: Int, _ prefix: [UInt8], ignoringCase: Bool = false
    ) -> Bool {
        guard start + prefix.count <= bytes.count else { return false }
        for offset in prefix.indices {
            let byte = bytes[start + offset]
            guard byte == prefix[offset] || (ignoringCase && isLetter(byte) && byte | 0x20 == prefix[offset]) else {
                return false
            }
        }
        return true
    }
}

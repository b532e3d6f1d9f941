// Statistics of all prompts, or of all answers.

import Datasets

/// Statistics of one column; two of them can be merged in any order.
struct ColumnStatistics: Sendable {
    private(set) var count = 0
    /// Numbers of ASCII letters.
    private(set) var uppercase = 0
    private(set) var lowercase = 0
    /// The common prefix and suffix of all texts; nil before the first text.
    private(set) var prefix: [UInt8]?
    private(set) var suffix: [UInt8]?
    /// Bit i: candidate i occurs in some text.
    private(set) var occurring: UInt32 = 0

    mutating func add(_ text: UnsafeBufferPointer<UInt8>, candidates: [[UInt8]]) {
        count += 1
        var (uppercase, lowercase) = (0, 0)
        for byte in text {
            uppercase += byte >= 0x41 && byte <= 0x5A ? 1 : 0
            lowercase += byte >= 0x61 && byte <= 0x7A ? 1 : 0
        }
        self.uppercase += uppercase
        self.lowercase += lowercase
        narrow(prefix: text, suffix: text)
        let presence = BytePresence(text)
        for (index, candidate) in candidates.enumerated()
        where occurring & (1 << UInt32(index)) == 0 && candidate.allSatisfy({ presence.mayContain($0) }) {
            if ColumnStatistics.contains(text, candidate) { occurring |= 1 << UInt32(index) }
        }
    }

    mutating func add(_ other: ColumnStatistics) {
        guard other.count > 0 else { return }
        count += other.count
        uppercase += other.uppercase
        lowercase += other.lowercase
        occurring |= other.occurring
        (other.prefix ?? []).withUnsafeBufferPointer { prefix in
            (other.suffix ?? []).withUnsafeBufferPointer { suffix in narrow(prefix: prefix, suffix: suffix) }
        }
    }

    private mutating func narrow(prefix new: UnsafeBufferPointer<UInt8>, suffix newEnd: UnsafeBufferPointer<UInt8>) {
        if let old = prefix {
            var length = 0
            while length < min(old.count, new.count), old[length] == new[length] { length += 1 }
            if length < old.count { prefix = Array(old[..<length]) }
        } else {
            prefix = Array(new)
        }
        if let old = suffix {
            var length = 0
            while length < min(old.count, newEnd.count),
                old[old.count - 1 - length] == newEnd[newEnd.count - 1 - length]
            {
                length += 1
            }
            if length < old.count { suffix = Array(old[(old.count - length)...]) }
        } else {
            suffix = Array(newEnd)
        }
    }

    /// The common prefix, cut at a character boundary.
    var commonPrefix: [UInt8] {
        var bytes = prefix ?? []
        while !bytes.isEmpty, String(validating: bytes, as: UTF8.self) == nil { bytes.removeLast() }
        return bytes
    }

    /// The common prefix, cut after the white space between two words, if there is a word before it.
    var commonWords: [UInt8] {
        guard let end = prefix?.lastIndex(where: SourceFormat.isSpace) else { return [] }
        let words = Array(prefix?[...end] ?? [])
        return words.allSatisfy(SourceFormat.isSpace) ? [] : words
    }

    /// The common suffix, cut at a character boundary.
    var commonSuffix: [UInt8] {
        var bytes = suffix ?? []
        while let first = bytes.first, first & 0xC0 == 0x80 { bytes.removeFirst() }
        return bytes
    }

    /// Whether the texts are mostly uppercase: more than half as many uppercase as lowercase letters.
    var isUppercase: Bool { ColumnStatistics.isUppercase(uppercase, lowercase) }

    static func isUppercase(_ uppercase: Int, _ lowercase: Int) -> Bool { uppercase * 2 > lowercase && uppercase > 0 }

    static func contains(_ text: UnsafeBufferPointer<UInt8>, _ part: [UInt8]) -> Bool {
        occurrences(text, part, limit: 1) > 0
    }

    /// How often `part` occurs, counted up to `limit`.
    static func occurrences(_ text: UnsafeBufferPointer<UInt8>, _ part: [UInt8], limit: Int) -> Int {
        guard let first = part.first, text.count >= part.count else { return 0 }
        var (found, index) = (0, 0)
        while index <= text.count - part.count, found < limit {
            if text[index] == first, part.indices.allSatisfy({ text[index + $0] == part[$0] }) { found += 1 }
            index += 1
        }
        return found
    }
}

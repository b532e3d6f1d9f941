// Identifies a row by two hashes: one of its exact text, and one that ignores case, punctuation and white space.

import Conversations

/// Rows with the same `exact` hash are equal; rows with the same `normalized` hash differ only in case or punctuation.
package struct RowFingerprint: Sendable, Hashable {
    package var exact: UInt64
    package var normalized: UInt64

    package init(exact: UInt64, normalized: UInt64) {
        self.exact = exact
        self.normalized = normalized
    }

    /// Lines of a stream with fewer words do not indicate a leak: names and short phrases recur everywhere.
    package static let fewestWords = 5

    /// The fingerprints that identify a document: its own, or those of a stream's lines with enough words.
    package static func all(_ document: Document) -> [RowFingerprint] {
        guard case .stream(let bytes) = document.content else { return RowFingerprint(document).map { [$0] } ?? [] }
        return bytes.split(separator: 0x0A).compactMap { line in
            var builder = FingerprintBuilder()
            line.withUnsafeBufferPointer { builder.add($0, speaker: FingerprintBuilder.text) }
            return builder.words.count >= fewestWords ? builder.fingerprint : nil
        }
    }

    /// The fingerprint of a document; nil for a stream, which has no rows.
    package init?(_ document: Document) {
        var builder = FingerprintBuilder()
        switch document.content {
        case .stream: return nil
        case .text(let bytes): builder.add(bytes, speaker: FingerprintBuilder.text)
        case .conversation(let messages):
            for message in messages + (document.rejected ?? []) {
                builder.add(message.content, speaker: FingerprintBuilder.speaker(message.role))
                for member in message.members { builder.add(member.json, speaker: FingerprintBuilder.text) }
            }
        }
        self = builder.fingerprint
    }
}

/// Collects the texts of one row. White space at both ends of a text is ignored, because formats differ in it.
package struct FingerprintBuilder: Sendable {
    /// The speaker of a text without a speaker.
    package static let text: UInt64 = 3

    private var exact: UInt64 = 0
    private var normalized: UInt64 = 0
    /// The hashes of the row's words so far, in order.
    package private(set) var words: [UInt64] = []

    package init() {}

    package static func speaker(_ role: Role) -> UInt64 {
        switch role {
        case .system: 0
        case .user: 1
        case .assistant: 2
        case .tool: 4
        }
    }

    /// Adds one text.
    package mutating func add(_ bytes: [UInt8], speaker: UInt64) {
        bytes.withUnsafeBufferPointer { add($0, speaker: speaker) }
    }

    package mutating func add(_ bytes: UnsafeBufferPointer<UInt8>, speaker: UInt64) {
        var (start, end) = (0, bytes.count)
        while start < end, FingerprintBuilder.isSpace(bytes[start]) { start += 1 }
        while end > start, FingerprintBuilder.isSpace(bytes[end - 1]) { end -= 1 }
        exact = TextHash.hash(
            UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes)[start..<end]),
            seed: TextHash.combine(exact, speaker))
        let first = words.count
        TextHash.appendWords(of: bytes, to: &words)
        normalized = TextHash.combine(normalized, speaker)
        for index in first..<words.count { normalized = TextHash.combine(normalized, words[index]) }
        // A text without words is identified by its characters.
        if first == words.count { normalized = TextHash.combine(normalized, exact) }
    }

    package var fingerprint: RowFingerprint { RowFingerprint(exact: exact, normalized: normalized) }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (byte >= 0x09 && byte <= 0x0D) }
}

// Detects text shared by many rows that does not make them similar, such as one system message for all conversations.

import Datasets

/// Texts that are ignored when rows are compared: with them, all rows would be near duplicates of each other.
struct Boilerplate: Sendable {
    /// How many rows of each file are sampled, and how many of them must share a text.
    private static let sampledRows = 1000
    private static let fewestRows = 5
    private static let share = 0.05
    /// Minimum length in bytes of a shared prompt prefix.
    private static let shortestPrefix = 12

    /// Hashes of shared system messages.
    private var systemTexts: Set<UInt64> = []
    /// The common prefix of the prompts of all prompt-completion rows.
    private var promptPrefix: [UInt8] = []

    /// Searches the first rows of each file.
    static func find(in scan: CorpusScan) throws -> Boilerplate {
        var counts: [UInt64: Int] = [:]
        var (conversations, prompts) = (0, ColumnStatistics())
        for number in scan.files.indices {
            var left = Boilerplate.sampledRows
            try scan.firstRows(of: number, while: { left > 0 }) { row in
                left -= 1
                if row.kind == .chat {
                    conversations += 1
                    if let text = Boilerplate.systemText(row) { counts[TextHash.hash(text), default: 0] += 1 }
                } else if row.kind == .promptCompletion {
                    row.parts[0].text.withUnsafeBufferPointer { prompts.add($0, candidates: []) }
                }
            }
        }
        let enough = max(Boilerplate.fewestRows, Int(Boilerplate.share * Double(conversations)))
        var found = Boilerplate()
        found.systemTexts = Set(counts.filter { $0.value >= enough }.keys)
        let prefix = prompts.commonPrefix
        if prompts.count >= Boilerplate.fewestRows, prefix.count >= Boilerplate.shortestPrefix {
            found.promptPrefix = prefix
        }
        return found
    }

    private static func systemText(_ row: Row) -> [UInt8]? {
        guard let first = row.parts.first, first.role == .system else { return nil }
        return first.text
    }

    /// Hashes of the words in some parts of a row, without boilerplate.
    ///
    /// - Parameter always: whether to return the words of a row without boilerplate; otherwise nil for such a row.
    func words(of row: Row, _ parts: Range<Int>, always: Bool = false) -> [UInt64]? {
        let skipsFirst =
            !systemTexts.isEmpty && Boilerplate.systemText(row).map { systemTexts.contains(TextHash.hash($0)) } ?? false
        let skipsPrefix =
            !promptPrefix.isEmpty && row.kind == .promptCompletion && row.parts[0].text.starts(with: promptPrefix)
        guard always || skipsFirst || skipsPrefix else { return nil }
        var words: [UInt64] = []
        for index in parts where !(skipsFirst && index == 0) {
            let text = row.parts[index].text
            text.withUnsafeBufferPointer { bytes in
                let start = skipsPrefix && index == 0 ? promptPrefix.count : 0
                TextHash.appendWords(of: UnsafeBufferPointer(rebasing: bytes[start...]), to: &words)
            }
        }
        return words
    }
}

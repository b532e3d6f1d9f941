// `changes.diff` of a preparation as values: a bounded part of its changes, and how many there are.

import Foundation
import StrictJSON

struct PreparedChanges {
    struct Change: Equatable {
        var line: Int
        var rules: [String]
        var before = ""
        /// nil where the row was dropped.
        var after: String?

        var json: JSONOutput {
            [
                "line": .integer(line), "rules": .array(rules.map { .string($0) }), "before": .string(before),
                "after": .text(after),
            ]
        }
    }

    /// The changes to all rows.
    private(set) var toAll: [String] = []
    /// The first ones of each rule.
    private(set) var shown: [Change] = []
    /// All of them.
    private(set) var count = 0
    private var current: Change?
    private var byRule: [String: Int] = [:]

    static let mostOfRule = 12
    static let mostCharacters = 2_000
    /// Bytes of a line that are looked at; a character has at most four.
    private static let mostBytes = 4 * mostCharacters + 64
    private static let blockBytes = 1 << 20

    /// - Parameter input: the path of the rows, as the diff names it.
    static func read(_ path: String, input: String) throws -> PreparedChanges {
        var changes = PreparedChanges()
        let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
        defer { try? handle.close() }
        var line: [UInt8] = []
        while let block = try handle.read(upToCount: blockBytes), !block.isEmpty {
            var rest = block[...]
            while let end = rest.firstIndex(of: 0x0A) {
                line += rest[rest.startIndex..<end].prefix(max(0, mostBytes - line.count))
                changes.add(String(decoding: line, as: UTF8.self), input)
                line.removeAll(keepingCapacity: true)
                rest = rest[rest.index(after: end)...]
            }
            line += rest.prefix(max(0, mostBytes - line.count))
        }
        if !line.isEmpty { changes.add(String(decoding: line, as: UTF8.self), input) }
        changes.finishChange()
        return changes
    }

    /// A row that could not be read may have several lines; only the process knows the input's path, so that no line of
    /// data passes for the start of a change.
    private mutating func add(_ line: String, _ input: String) {
        if line.hasPrefix("@@ \(input), line ") {
            finishChange()
            count += 1
            current = PreparedChanges.start(String(line.dropFirst("@@ \(input), line ".count)))
        } else if current == nil {
            if line.hasPrefix("#   ") { toAll.append(PreparedChanges.cut(String(line.dropFirst(4)))) }
        } else if current?.before.isEmpty == true, line.hasPrefix("- ") {
            current?.before = PreparedChanges.cut(String(line.dropFirst(2)))
        } else if current?.after == "", line.hasPrefix("+ ") {
            current?.after = PreparedChanges.cut(String(line.dropFirst(2)))
        } else if let before = current?.before, before.unicodeScalars.count < PreparedChanges.mostCharacters {
            current?.before = PreparedChanges.cut(before + "\n" + line)
        }
    }

    /// `12: changed (a, b)`
    private static func start(_ text: String) -> Change? {
        guard let colon = text.firstIndex(of: ":"), let line = Int(text[..<colon]), let open = text.firstIndex(of: "("),
            let close = text.lastIndex(of: ")"), open < close
        else { return nil }
        let rules = text[text.index(after: open)..<close].split(separator: ",").map {
            $0.trimmingCharacters(in: .whitespaces)
        }
        return Change(line: line, rules: rules, after: text[colon...].hasPrefix(": changed") ? "" : nil)
    }

    private mutating func finishChange() {
        guard let change = current else { return }
        current = nil
        guard change.rules.contains(where: { byRule[$0, default: 0] < PreparedChanges.mostOfRule }) else { return }
        for rule in change.rules { byRule[rule, default: 0] += 1 }
        shown.append(change)
    }

    private static func cut(_ text: String) -> String {
        guard text.unicodeScalars.count > mostCharacters else { return text }
        return String(String.UnicodeScalarView(text.unicodeScalars.prefix(mostCharacters))) + "…"
    }
}

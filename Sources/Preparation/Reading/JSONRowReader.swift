// Reads JSON rows tolerantly: with other key spellings, other shapes, and numbers instead of texts.

import Datasets
import StrictJSON

/// Reads the rows of one JSON value.
struct JSONRowReader {
    typealias Found = (row: PreparedRow, line: Int, column: Int)

    let file: Int
    let place: RecordPlace
    let choice: ColumnChoice
    var findings = FindingLedger()
    /// Rows that could not be read.
    private(set) var lost: [LostRow] = []
    private var lastRule = "unknown-row"

    init(file: Int, place: RecordPlace, choice: ColumnChoice) {
        self.file = file
        self.place = place
        self.choice = choice
    }

    /// The rows: one, unless the value is an object of lists.
    mutating func rows() -> [Found] {
        var options = JSONOptions(maximumBytes: max(place.bytes.count, 1))
        options.firstLine = place.line
        let node: JSONNode
        do { node = try JSONText.parse(place.bytes, options: options) } catch {
            let at = shifted(error.position)
            if case .duplicateKey = error.defect {
                report("duplicate-key", at, "\(error.defect)")
            } else {
                report("invalid-json", at, "\(error.defect)")
            }
            lost.append(LostRow(line: place.line, rules: [lastRule]))
            return []
        }
        return rows(of: node, label: nil)
    }

    private mutating func rows(of node: JSONNode, label: JSONMember?) -> [Found] {
        guard let object = node.object else {
            report("unknown-row", shifted(node.position), "\(node.typeName), where an object was expected")
            lost.append(LostRow(line: shifted(node.position).line, rules: [lastRule]))
            return []
        }
        let isLists = !object.members.isEmpty && object.members.allSatisfy { $0.value.array?.first?.object != nil }
        // A conversation with its tools also consists of lists.
        let isChat = object.members.contains { ["messages", "conversations"].contains($0.key) }
        if label == nil, isLists, !isChat { return rows(inLists: object) }
        let at = shifted(node.position)
        guard let row = JSONObjectReader.read(object, node.position, label: label, &self) else {
            lost.append(LostRow(line: at.line, rules: [lastRule]))
            return []
        }
        return [(row, at.line, at.column)]
    }

    /// Rows in lists: `{"train": [row …]}`, or `{"Label": [{"data": [{"text"} …]} …]}`.
    private mutating func rows(inLists object: JSONObject) -> [Found] {
        object.members.flatMap { member -> [Found] in
            (member.value.array ?? []).flatMap { rows(of: $0, label: member) }
        }
    }

    mutating func report(_ rule: String, _ at: (line: Int, column: Int), _ message: String) {
        lastRule = rule
        findings.add(rule, Finding(file: file, line: at.line, column: at.column, message: message))
    }

    mutating func report(_ rule: String, _ position: SourcePosition, _ message: String) {
        report(rule, shifted(position), message)
    }

    /// The parser counts columns from the value's start; on the first line the record's column is added.
    func shifted(_ position: SourcePosition) -> (line: Int, column: Int) {
        (position.line, position.line == place.line ? position.column + place.column - 1 : position.column)
    }
}

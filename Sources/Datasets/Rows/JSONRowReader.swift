// Reads the rows of one JSON value: one row, or all rows of a wrapper, of columns or of a tree of messages.

import Conversations
import StrictJSON

/// Reads the rows of one JSON value. What is not understood becomes a finding.
struct JSONRowReader {
    typealias Found = (row: Row, line: Int, column: Int)

    let file: Int
    let place: RecordPlace
    let options: RowOptions
    /// Whether the values are the fields of a table, whose escapes are not JSON's.
    var isTable = false
    var findings = FindingLedger()
    /// Rows that could not be read.
    private(set) var lost: [LostRow] = []
    private var lastRule = "unknown-row"

    init(file: Int, place: RecordPlace, options: RowOptions) {
        self.file = file
        self.place = place
        self.options = options
    }

    /// The rows: one, unless the value contains lists of rows.
    mutating func rows() -> [Found] {
        guard let node = parse(place.bytes, line: place.line) else { return [] }
        return rows(of: node)
    }

    /// The rows of a file whose lines are the messages of trees.
    mutating func treeRows() -> [Found] {
        var tree = MessageTree()
        var line = place.line
        for bytes in place.bytes.split(separator: 0x0A, omittingEmptySubsequences: false) {
            if let node = bytes.allSatisfy(SourceFormat.isSpace) ? nil : parse(.init(rebasing: bytes), line: line) {
                tree.add(node, &self)
            }
            line += 1
        }
        return tree.rows(&self)
    }

    private mutating func parse(_ text: UnsafeBufferPointer<UInt8>, line: Int) -> JSONNode? {
        var text = text
        if let comma = trailingComma(text) {
            let at = place.position(at: comma)
            report("row-comma", at, "a comma after the row, where the line must end")
            text = UnsafeBufferPointer(rebasing: text[..<comma])
        }
        let start = text.drop(while: SourceFormat.isSpace).prefix(2)
        if start.first == UInt8(ascii: "#") || start.elementsEqual([UInt8(ascii: "/"), UInt8(ascii: "/")]) {
            report("invalid-json", place.position(at: 0), "a comment, where a row is expected")
            lose(at: line)
            return nil
        }
        var parsing = JSONOptions(maximumBytes: max(text.count, 1))
        parsing.firstLine = line
        do { return try JSONText.parse(text, options: parsing) } catch {
            let at = shifted(error.position)
            if case .duplicateKey = error.defect {
                report("duplicate-key", at, "\(error.defect)")
            } else {
                report("invalid-json", at, "\(error.defect)")
            }
            lose(at: line)
            return nil
        }
    }

    /// The offset of a comma after the row.
    private func trailingComma(_ text: UnsafeBufferPointer<UInt8>) -> Int? {
        guard let last = text.lastIndex(where: { !SourceFormat.isSpace($0) }), text[last] == UInt8(ascii: ","),
            text.first(where: { !SourceFormat.isSpace($0) }) == UInt8(ascii: "{"),
            text[..<last].last(where: { !SourceFormat.isSpace($0) }) == UInt8(ascii: "}")
        else { return nil }
        return last
    }

    /// The rows of a value.
    mutating func rows(of node: JSONNode, label: JSONMember? = nil) -> [Found] {
        let at = shifted(node.position)
        guard let object = node.object else {
            report("unknown-row", at, "\(node.typeName), where an object was expected")
            lose(at: at.line)
            return []
        }
        if label == nil, !isUsual(object), let rows = wrappedRows(object) { return rows }
        guard let row = row(object, node.position, label: label) else {
            lose(at: at.line)
            return []
        }
        return [(row, at.line, at.column)]
    }

    /// Whether an object has the keys of the most common rows, which are not wrappers.
    private func isUsual(_ object: JSONObject) -> Bool {
        object.members.count == 1
            ? object.members[0].key == "messages"
            : object.members.count == 2 && object["prompt"]?.string != nil && object["completion"] != nil
    }

    /// Records that a row is lost.
    mutating func lose(at line: Int) { lost.append(LostRow(line: line, rules: [lastRule])) }

    mutating func report(_ rule: String, _ at: (line: Int, column: Int), _ message: @autoclosure () -> String) {
        lastRule = rule
        findings.add(rule, Finding(file: file, line: at.line, column: at.column, message: message()))
    }

    mutating func report(_ rule: String, _ position: SourcePosition, _ message: @autoclosure () -> String) {
        report(rule, shifted(position), message())
    }

    /// The parser counts columns from the value's start; on the first line the record's column is added.
    func shifted(_ position: SourcePosition) -> (line: Int, column: Int) {
        guard !isTable else { return (position.line, position.column) }
        return (position.line, position.line == place.line ? position.column + place.column - 1 : position.column)
    }

    // MARK: Keys

    /// Whether a value says nothing: null, or an empty text, list or object.
    static func saysNothing(_ node: JSONNode) -> Bool {
        switch node.value {
        case .null: true
        case .string(let text): text.isEmpty
        case .array(let list): list.isEmpty
        case .object(let object): object.members.isEmpty
        case .bool, .integer, .number: false
        }
    }

    /// Sorts the members that were not used: harmless ones are counted, the others are reported and returned.
    mutating func unknownMembers(
        _ object: JSONObject, used: Set<String>, known: [String], of owner: String
    ) -> [Row.Member] {
        guard object.members.count > used.count else { return [] }
        var unknown: [Row.Member] = []
        for member in object.members where !used.contains(member.key) {
            let key = RowKeys.plain(member.key)
            if options.ignoredKeys.contains(member.key) {
                findings.ignore(member.key)
            } else if JSONRowReader.saysNothing(member.value) {
                continue
            } else if RowKeys.harmless.contains(key)
                || (RowKeys.harmlessIfFalse.contains(key) && member.value.bool == false)
            {
                findings.ignore(member.key)
                report("harmless-keys", member.keyPosition, "the key \"\(member.key)\" is ignored")
                if options.keepsHarmless {
                    unknown.append(
                        Row.Member(key: member.key, json: json(member.value), isUnderstood: false, isHarmless: true))
                }
            } else {
                let message = notUnderstood(member.key, known, owner)
                report("surplus-keys", member.keyPosition, message)
                unknown.append(Row.Member(key: member.key, json: json(member.value), isUnderstood: false))
            }
        }
        return unknown
    }

    /// What is said about a key that is not understood.
    func notUnderstood(_ key: String, _ known: [String], _ owner: String) -> String {
        let nearest = Suggestion.nearest(to: key, among: known).flatMap { $0 == key ? nil : $0 }
        return "the key \"\(key)\" of \(owner) is not understood" + (nearest.map { "; did you mean \($0)?" } ?? "")
    }

    /// A value as JSON, with numbers as they are written.
    func json(_ node: JSONNode) -> [UInt8] { output(node).serializedBytes() }

    private func output(_ node: JSONNode) -> JSONOutput {
        switch node.value {
        case .array(let elements): return .array(elements.map { output($0) })
        case .object(let object): return .object(object.members.map { ($0.key, output($0.value)) })
        case .integer, .number: return .raw(number(node))
        default: return JSONOutput(node)
        }
    }

    /// The source text of a number.
    func number(_ node: JSONNode) -> [UInt8] {
        let at = shifted(node.position)
        let found = isTable ? nil : place.number(line: at.line, column: at.column)
        // Inside of a text that is JSON itself, a number has no place in the file.
        guard let found, Double(String(decoding: found, as: UTF8.self)) == node.number else {
            return JSONOutput(node).serializedBytes()
        }
        return found
    }
}

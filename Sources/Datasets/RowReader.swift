// JSON rows, one per line: detects which of the four formats they have and reports what is wrong with a line.

import Conversations
import StrictJSON

enum RowReader {
    /// The formats of a row, distinguished by their keys.
    enum Kind: String {
        case promptCompletion = "prompt-completion"
        case chat
        case instruction
        case text
    }

    /// Longer lines are rejected.
    static let largestLineBytes = 16 << 20

    /// Whether a file contains rows, by its name or because it starts with a brace.
    static func looksLikeRows(_ file: TextFile) -> Bool {
        file.path.hasSuffix(".jsonl") || firstByte(file) == 0x7B || isArray(file)
    }

    /// Whether all rows are in one JSON array.
    private static func isArray(_ file: TextFile) -> Bool { file.path.hasSuffix(".json") && firstByte(file) == 0x5B }

    private static func firstByte(_ file: TextFile) -> UInt8? {
        file.bytes.first { $0 != 0x20 && $0 != 0x09 && $0 != 0x0A && $0 != 0x0D }
    }

    /// Reads all rows; all must have one kind, `kind` or the first row's.
    static func read(_ file: TextFile, kind wanted: Kind?) throws(DatasetError) -> [Document] {
        var rows = RowCollector(path: file.path, kind: wanted)
        if isArray(file) {
            for node in try elements(of: file) {
                try rows.add(Place(path: file.path, line: node.position.line).object(node), line: node.position.line)
            }
            return rows.documents
        }
        for line in Document.lines(of: file) where !Document.isBlank(line.bytes) {
            guard line.bytes.count <= largestLineBytes else {
                throw .lineTooLong(
                    path: file.path, line: line.number, bytes: line.bytes.count, limit: largestLineBytes)
            }
            try rows.add(Place(path: file.path, line: line.number).object(line.bytes), line: line.number)
        }
        return rows.documents
    }

    /// The elements of a file that is one array.
    private static func elements(of file: TextFile) throws(DatasetError) -> [JSONNode] {
        do {
            return try JSONText.parse(file.bytes, options: JSONOptions(maximumBytes: file.bytes.count)).array ?? []
        } catch {
            throw .badRow(
                path: file.path, line: error.position.line, column: error.position.column, reason: "\(error.defect)")
        }
    }

    /// The documents of one file, all of one kind.
    private struct RowCollector {
        let path: String
        var kind: Kind?
        var firstLine: Int?
        var documents: [Document] = []

        init(path: String, kind: Kind?) {
            self.path = path
            self.kind = kind
        }

        mutating func add(_ object: JSONObject, line: Int) throws(DatasetError) {
            let place = Place(path: path, line: line)
            let found = try place.kind(of: object)
            if let kind, found != kind {
                throw .mixedRows(
                    path: path, line: line, found: found.rawValue, expected: kind.rawValue, since: firstLine)
            }
            kind = kind ?? found
            firstLine = firstLine ?? line
            let content = try place.content(of: object, found)
            documents.append(Document(path: path, line: line, content: content, row: found))
        }
    }

    /// Reads one row; its answer may be missing.
    static func readPrompt(_ line: Document.Line, path: String) throws(DatasetError) -> Document.Content {
        let place = Place(path: path, line: line.number, wantsAnswer: false)
        guard line.bytes.count <= largestLineBytes else {
            throw .lineTooLong(path: path, line: line.number, bytes: line.bytes.count, limit: largestLineBytes)
        }
        let object = try place.object(line.bytes)
        return try place.content(of: object, place.kind(of: object))
    }

    /// A line of a file, and functions that read it.
    private struct Place {
        let path: String
        let line: Int
        /// Whether a row without an answer is an error.
        var wantsAnswer = true

        func object(_ bytes: ArraySlice<UInt8>) throws(DatasetError) -> JSONObject {
            let node: JSONNode
            do {
                var options = JSONOptions()
                options.firstLine = line
                node = try JSONText.parse(Array(bytes), options: options)
            } catch {
                throw .badRow(path: path, line: line, column: error.position.column, reason: "\(error.defect)")
            }
            return try self.object(node)
        }

        func object(_ node: JSONNode) throws(DatasetError) -> JSONObject {
            guard let object = node.object else {
                throw .badRow(
                    path: path, line: line, column: node.position.column,
                    reason: "\(node.typeName), where an object was expected")
            }
            return object
        }

        func kind(of object: JSONObject) throws(DatasetError) -> Kind {
            if object["messages"] != nil { return .chat }
            if object["prompt"] != nil || object["completion"] != nil { return .promptCompletion }
            if object["instruction"] != nil || object["output"] != nil { return .instruction }
            if object["text"] != nil { return .text }
            let keys = object.members.map(\.key).joined(separator: ", ")
            throw .unknownRow(path: path, line: line, keys: keys)
        }

        func content(of object: JSONObject, _ kind: Kind) throws(DatasetError) -> Document.Content {
            switch kind {
            case .text: return .text(try text(object, "text"))
            case .promptCompletion:
                return .conversation(
                    [Message(role: .user, content: try text(object, "prompt", mayBeEmpty: true))]
                        + (try answer(object, "completion")))
            case .instruction:
                var question = try text(object, "instruction")
                if object["input"] != nil {
                    let input = try text(object, "input", mayBeEmpty: true)
                    if !input.isEmpty { question += [0x0A] + input }
                }
                return .conversation(
                    [Message(role: .user, content: question)] + (try answer(object, "output")))
            case .chat: return .conversation(try messages(object))
            }
        }

        /// The answer; empty if it is missing and may be missing.
        private func answer(_ object: JSONObject, _ key: String) throws(DatasetError) -> [Message] {
            guard wantsAnswer || object[key] != nil else { return [] }
            return [Message(role: .assistant, content: try text(object, key))]
        }

        private func messages(_ object: JSONObject) throws(DatasetError) -> [Message] {
            guard let node = object["messages"], let list = node.array, !list.isEmpty else {
                throw wrong(object["messages"], "messages", "a list of messages")
            }
            var messages: [Message] = []
            for node in list {
                guard let entry = node.object else { throw wrong(node, "a message", "an object") }
                guard let roleNode = entry["role"] else { throw missing("role", in: node) }
                guard let role = roleNode.string.flatMap({ Role(rawValue: $0) }) else {
                    throw wrong(roleNode, "role", "one of system, user, assistant")
                }
                guard entry["content"] != nil else { throw missing("content", in: node) }
                let content = try text(entry, "content", mayBeEmpty: role != .assistant)
                messages.append(Message(role: role, content: content, weight: try weight(entry)))
            }
            return messages
        }

        private func weight(_ entry: JSONObject) throws(DatasetError) -> Float {
            guard let node = entry["weight"] else { return 1 }
            guard let value = node.number, value >= 0, value <= 1 else {
                throw wrong(node, "weight", "a number from 0 to 1")
            }
            return Float(value)
        }

        private func text(_ object: JSONObject, _ key: String, mayBeEmpty: Bool = false) throws(DatasetError) -> [UInt8]
        {
            guard let node = object[key] else {
                throw .badRow(path: path, line: line, column: 1, reason: "the key \(key) is missing")
            }
            guard let value = node.string else { throw wrong(node, key, "text") }
            guard mayBeEmpty || !value.utf8.allSatisfy({ $0 == 0x20 || $0 == 0x0A || $0 == 0x09 || $0 == 0x0D }) else {
                throw .badRow(path: path, line: line, column: node.position.column, reason: "\(key) is empty")
            }
            return Array(value.utf8)
        }

        private func wrong(_ node: JSONNode?, _ key: String, _ expected: String) -> DatasetError {
            let found = node.map { $0.string.map { "\"\($0.prefix(40))\"" } ?? $0.typeName } ?? "missing"
            return .badRow(
                path: path, line: node?.position.line ?? line, column: node?.position.column ?? 1,
                reason: "\(key) is \(found); it takes \(expected)")
        }

        private func missing(_ key: String, in node: JSONNode) -> DatasetError {
            .badRow(path: path, line: line, column: node.position.column, reason: "a message without \(key)")
        }
    }
}

// Trees of messages: every path from a first question to a last message is a conversation.

import Conversations
import StrictJSON

/// Messages that name the one that they answer.
struct MessageTree {
    private struct Entry {
        var part: Row.Part
        var parent: String?
        var line: Int
        var column: Int
        var hasReply = false
    }

    private var entries: [String: Entry] = [:]
    private var order: [String] = []

    /// Whether a line is a message of a tree.
    static func isMessage(_ line: ArraySlice<UInt8>) -> Bool {
        guard line.contains(UInt8(ascii: "_")),
            let object = try? line.withUnsafeBufferPointer({ (text) throws(JSONError) in try JSONText.parse(text) })
                .object
        else { return false }
        return object["message_id"]?.string != nil && object["parent_id"] != nil && object["role"]?.string != nil
    }

    /// Adds a message, or reports what it is.
    mutating func add(_ node: JSONNode, _ reader: inout JSONRowReader) {
        let at = reader.shifted(node.position)
        guard let object = node.object, let id = object["message_id"]?.string, entries[id] == nil else {
            reader.report("unknown-row", at, "not a message of a tree: it needs its own message_id")
            return reader.lose(at: at.line)
        }
        let kept = object.members.filter { !["message_id", "parent_id"].contains($0.key) }
        let message = JSONNode(value: .object(JSONObject(members: kept)), position: node.position)
        guard let part = reader.message(message) else { return reader.lose(at: at.line) }
        entries[id] = Entry(part: part, parent: object["parent_id"]?.string, line: at.line, column: at.column)
        order.append(id)
    }

    /// The conversations, in the order of their last messages.
    mutating func rows(_ reader: inout JSONRowReader) -> [JSONRowReader.Found] {
        for id in order { if let parent = entries[id]?.parent { entries[parent]?.hasReply = true } }
        var rows: [JSONRowReader.Found] = []
        for id in order {
            guard let leaf = entries[id], !leaf.hasReply else { continue }
            var (parts, next, seen) = ([Row.Part](), Optional(id), Set<String>())
            while let current = next, let entry = entries[current], seen.insert(current).inserted {
                parts.append(entry.part)
                next = entry.parent
            }
            guard next == nil else {
                reader.report(
                    "unknown-row", (leaf.line, leaf.column), "the message answers one that is not in the file")
                reader.lose(at: leaf.line)
                continue
            }
            rows.append((Row(kind: .chat, parts: parts.reversed()), leaf.line, leaf.column))
        }
        return rows
    }

    /// The conversations of one tree that is written as one object, replies inside of the message that they answer.
    static func rows(
        ofNested first: JSONNode, _ object: JSONObject, _ reader: inout JSONRowReader
    ) -> [JSONRowReader.Found] {
        let outer = reader.unknownMembers(object, used: ["prompt"], known: ["prompt"], of: "a tree")
        var rows: [JSONRowReader.Found] = []
        func descend(_ node: JSONNode, _ path: [Row.Part]) {
            let at = reader.shifted(node.position)
            guard let entry = node.object else {
                reader.report("unknown-row", at, "a reply is \(node.typeName); it takes an object")
                return reader.lose(at: at.line)
            }
            let kept = entry.members.filter { !["replies", "message_id", "parent_id"].contains($0.key) }
            let message = JSONNode(value: .object(JSONObject(members: kept)), position: node.position)
            guard let part = reader.message(message) else { return reader.lose(at: at.line) }
            let replies = entry["replies"]?.array ?? []
            guard replies.isEmpty else {
                for reply in replies { descend(reply, path + [part]) }
                return
            }
            var row = Row(kind: .chat, parts: path + [part])
            row.members = outer
            rows.append((row, at.line, at.column))
        }
        descend(first, [])
        return rows
    }
}

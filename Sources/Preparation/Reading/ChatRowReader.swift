// Reads conversations in JSON: messages with `role` and `content`, or `from` and `value` as in some datasets.

import Conversations
import Datasets
import StrictJSON

enum ChatRowReader {
    /// Names of the three roles in other programs.
    private static let synonyms: [String: Role] = [
        "human": .user, "prompter": .user, "customer": .user, "question": .user, "gpt": .assistant, "bot": .assistant,
        "ai": .assistant, "model": .assistant, "chatgpt": .assistant, "answer": .assistant, "developer": .system,
        "context": .system,
    ]
    private static let keys: Set<String> = ["role", "content", "weight", "from", "value", "name"]

    static func read(
        _ member: JSONMember, _ position: SourcePosition, _ reader: inout JSONRowReader
    ) -> PreparedRow? {
        guard let list = member.value.array, !list.isEmpty else {
            let found = member.value.array == nil ? member.value.typeName : "empty"
            reader.report(
                "missing-field", member.value.position, "\(member.key) is \(found); it takes a list of messages")
            return nil
        }
        var parts: [PreparedRow.Part] = []
        for node in list {
            guard let part = turn(node, &reader) else { return nil }
            parts.append(part)
        }
        return PreparedRow(kind: .chat, parts: parts)
    }

    private static func turn(_ node: JSONNode, _ reader: inout JSONRowReader) -> PreparedRow.Part? {
        guard let entry = node.object else {
            reader.report("unknown-row", node.position, "a message is \(node.typeName), where an object was expected")
            return nil
        }
        guard let name = entry["role"] ?? entry["from"] else {
            reader.report("missing-field", node.position, "a message without role")
            return nil
        }
        guard let role = role(name, &reader) else { return nil }
        guard let content = entry.members.first(where: { $0.key == "content" || $0.key == "value" }) else {
            reader.report("missing-field", node.position, "a message without content")
            return nil
        }
        for member in entry.members where !keys.contains(member.key) {
            reader.report("surplus-keys", member.keyPosition, "the key \"\(member.key)\" of a message is not used")
        }
        guard var part = JSONObjectReader.part(content, role, "content", &reader) else { return nil }
        if let weight = entry["weight"] {
            guard let value = weight.number, value >= 0, value <= 1 else {
                reader.report("wrong-type", weight.position, "weight takes a number from 0 to 1; using 1")
                return part
            }
            part.weight = value
        }
        return part
    }

    private static func role(_ node: JSONNode, _ reader: inout JSONRowReader) -> Role? {
        guard let name = node.string else {
            reader.report("unknown-role", node.position, "the role is \(node.typeName)")
            return nil
        }
        if let role = Role(rawValue: name) { return role }
        let plain = DelimitedHeader.plain(name)
        if let role = Role(rawValue: plain) ?? synonyms[plain] {
            reader.report("role-name", node.position, "the role \"\(name)\" is read as \(role.rawValue)")
            return role
        }
        reader.report(
            "unknown-role", node.position, "the role \"\(name)\" is not one of system, user, assistant")
        return nil
    }
}

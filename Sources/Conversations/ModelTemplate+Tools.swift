// Calls of tools in a model's template: how they are given to it, and whether it writes them.

import Jinja
import StrictJSON

extension ModelTemplate {
    /// A message as a template sees it. A message that only calls a tool has no content.
    static func members(_ message: Message, source: Int) -> [(key: String, value: JinjaValue)] {
        let calls = message.members.contains { $0.key == "tool_calls" }
        var members: [(key: String, value: JinjaValue)] = [
            ("role", JinjaValue(message.role.rawValue)),
            (
                "content",
                calls && message.content.isEmpty
                    ? .none : JinjaValue(String(decoding: message.content, as: UTF8.self), source: source)
            ),
        ]
        for member in message.members {
            guard let node = try? JSONText.parse(member.json) else { continue }
            let value = member.key == "tool_calls" ? withArguments(node) : node
            members.append((member.key, JinjaValue(value, source: source)))
        }
        return members
    }

    /// Calls whose arguments are objects, as templates expect them, even if they are written as texts of JSON.
    private static func withArguments(_ calls: JSONNode) -> JSONNode {
        func replaced(_ node: JSONNode, _ key: String, _ change: (JSONNode) -> JSONNode) -> JSONNode {
            guard let object = node.object else { return node }
            let members = object.members.map { member in
                member.key == key
                    ? JSONMember(key: key, keyPosition: member.keyPosition, value: change(member.value)) : member
            }
            return JSONNode(value: .object(JSONObject(members: members)), position: node.position)
        }
        guard let list = calls.array else { return calls }
        let changed = list.map { call in
            replaced(call, "function") { function in
                replaced(function, "arguments") { arguments in
                    guard let text = arguments.string, let object = try? JSONText.parse(text), object.object != nil else {
                        return arguments
                    }
                    return object
                }
            }
        }
        return JSONNode(value: .array(changed), position: calls.position)
    }

    /// What of the conversation the template did not write; nil if nothing is missing.
    static func missing(in text: JinjaText, _ messages: [Message]) -> String? {
        for (place, message) in messages.enumerated() {
            let written = { texts(of: text, source: place + 1) }
            if message.role == .tool, !message.content.isEmpty,
                !written().contains(String(decoding: message.content, as: UTF8.self))
            {
                return "a tool's result"
            }
            for member in message.members where ["tool_calls", "reasoning_content", "thinking"].contains(member.key) {
                guard let node = try? JSONText.parse(member.json) else { continue }
                let found = written()
                for word in words(of: node) where !found.contains(word) { return "\(member.key) of a message" }
            }
        }
        let hasTools = messages.first.map { !$0.tools.isEmpty } ?? false
        if hasTools, texts(of: text, source: messages.count + 1).isEmpty { return "the tools of a conversation" }
        return nil
    }

    /// The characters of a text that come from one source.
    private static func texts(of text: JinjaText, source: Int) -> String {
        text.spans.lazy.filter { $0.origin.source == source }.map { text[$0.range].string }.joined()
    }

    /// What must be found of a value: a text, or the names of the functions that are called.
    private static func words(of node: JSONNode) -> [String] {
        if let text = node.string { return [text] }
        return (node.array ?? []).compactMap { $0.object?["function"]?.object?["name"]?.string }
    }
}

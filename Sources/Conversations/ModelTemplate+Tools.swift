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
                    guard let text = arguments.string, let object = try? JSONText.parse(text), object.object != nil
                    else {
                        return arguments
                    }
                    return object
                }
            }
        }
        return JSONNode(value: .array(changed), position: calls.position)
    }

    /// What of the conversation the template did not write; nil if nothing is missing. Ids of calls, and the names of
    /// functions next to their results, say nothing that the calls do not say.
    static func missing(in text: JinjaText, _ messages: [Message]) -> String? {
        for (place, message) in messages.enumerated() {
            guard message.role == .tool || !message.members.isEmpty else { continue }
            let written = texts(of: text, source: place + 1)
            if message.role == .tool, !message.content.isEmpty,
                !written.contains(String(decoding: message.content, as: UTF8.self))
            {
                return "a tool's result"
            }
            for member in message.members {
                guard member.key != "tool_call_id", !(member.key == "name" && message.role == .tool),
                    let node = try? JSONText.parse(member.json)
                else { continue }
                for word in words(of: node, member.key) where !written.contains(word) {
                    return "\(member.key) of a message"
                }
            }
        }
        guard let tools = messages.first.flatMap({ try? JSONText.parse($0.tools) }) else { return nil }
        let written = texts(of: text, source: messages.count + 1)
        let names = (tools.array ?? []).compactMap { ($0.object?["function"] ?? $0).object?["name"]?.string }
        let isWritten = !written.isEmpty && names.allSatisfy { written.contains($0) }
        return isWritten ? nil : "the tools of a conversation"
    }

    /// The characters of a text that come from one source.
    private static func texts(of text: JinjaText, source: Int) -> String {
        text.spans.lazy.filter { $0.origin.source == source }.map { text[$0.range].string }.joined()
    }

    /// What must be found of a value: a text, or of calls the names of functions and the words of their arguments, which
    /// a template may quote in different ways.
    private static func words(of node: JSONNode, _ key: String) -> [String] {
        guard key == "tool_calls" else { return node.string.map { [$0] } ?? leaves(node) }
        return (node.array ?? [node]).flatMap { call -> [String] in
            let function = call.object?["function"] ?? call
            let name = function.object?["name"]?.string.map { [$0] } ?? []
            guard let arguments = function.object?["arguments"] else { return name }
            let value = arguments.string.flatMap { try? JSONText.parse($0) } ?? arguments
            return name + leaves(value)
        }
    }

    /// The words of all values and keys.
    private static func leaves(_ node: JSONNode) -> [String] {
        switch node.value {
        case .string(let text): text.split { !$0.isLetter && !$0.isNumber }.map(String.init)
        case .array(let list): list.flatMap(leaves)
        case .object(let object): object.members.flatMap { [$0.key] + leaves($0.value) }
        case .null, .bool, .integer, .number: []
        }
    }
}

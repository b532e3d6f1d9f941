// Reads conversations in JSON: messages with `role` and `content`, or under the names that other programs use.

import Conversations
import StrictJSON

/// Roles by the names that other programs give them.
enum RoleNames {
    private static let synonyms: [String: Role] = [
        "human": .user, "prompter": .user, "customer": .user, "question": .user, "usr": .user, "gpt": .assistant,
        "bot": .assistant, "ai": .assistant, "model": .assistant, "chatgpt": .assistant, "answer": .assistant,
        "agent": .assistant, "developer": .system, "context": .system, "observation": .tool, "function": .tool,
        "tool_response": .tool, "function_response": .tool,
    ]
    /// The names of a message that calls a function.
    static let calls: Set<String> = ["function_call", "tool_call"]

    static func role(_ name: String) -> Role? { synonyms[RowKeys.plain(name)] ?? Role(rawValue: RowKeys.plain(name)) }
}

extension JSONRowReader {
    /// Whether a value is a list of messages, or the text of one.
    func isList(_ node: JSONNode) -> Bool {
        node.array != nil || node.string?.utf8.first { !SourceFormat.isSpace($0) } == UInt8(ascii: "[")
    }

    /// Whether an object looks like a message.
    func isMessage(_ object: JSONObject) -> Bool {
        object.members.contains { RowKeys.roles.contains(RowKeys.plain($0.key)) }
    }

    /// A row with a list of messages, and what it says next to them.
    mutating func chatRow(_ fields: inout RowFields, _ position: SourcePosition) -> Row? {
        guard let member = fields.take(RowKeys.chats, &self) else { return nil }
        let isAlone = fields.object.members.count == 1
        let system = isAlone ? nil : fields.takeOptional(RowKeys.systems, &self)
        let tools = isAlone ? nil : fields.takeOptional(RowKeys.tools, &self)
        let parts = turns(of: member, nil)
        var isRepeated: Set<String> = []
        // A prompt that one of the messages repeats says nothing new.
        if !isAlone, let parts, let (prompt, _) = fields.find(["prompt"]), let text = prompt.value.string,
            parts.contains(where: { $0.role == .user && $0.text.elementsEqual(text.utf8) })
        {
            isRepeated = [prompt.key]
            findings.ignore(prompt.key)
        }
        guard var parts else { return finish(nil, fields) }
        let unknown = unknownMembers(
            fields.object, used: fields.used.union(isRepeated), known: RowKeys.known, of: "a row")
        if let system {
            guard let first = part(system, .system, "content") else { return nil }
            if parts.first?.role == .system {
                report("surplus-keys", system.keyPosition, "the row has two system messages, here and in the list")
                return nil
            }
            parts.insert(first, at: 0)
        }
        var row = Row(kind: .chat, parts: parts)
        if let tools = tools.flatMap({ toolList($0) }) { row.members.append(tools) }
        row.members += unknown
        return row
    }

    /// The messages of a list, of a JSON text of one, or of a text that one author wrote.
    ///
    /// - Parameter author: of a text; nil where a list is wanted.
    mutating func turns(of member: JSONMember, _ author: Role?) -> [Row.Part]? {
        if let author, !isList(member.value) || member.value.string != nil {
            return part(member, author, "content").map { [$0] }
        }
        guard let list = list(member.value), !list.isEmpty else {
            report(
                "missing-field", member.value.position,
                "\(member.key) is \(member.value.array == nil ? member.value.typeName : "empty"); "
                    + "it takes a list of messages")
            return nil
        }
        let names = speakers(list)
        var parts: [Row.Part] = []
        for node in list {
            guard let part = message(node, speakers: names) else { return nil }
            parts.append(part)
        }
        return parts
    }

    /// A list, or the list that a text contains as JSON.
    private mutating func list(_ node: JSONNode) -> [JSONNode]? {
        guard let text = node.string else { return node.array }
        guard let list = try? JSONText.parse(text).array else {
            report("invalid-json", node.position, "a text that starts like a list, and is not valid JSON")
            return nil
        }
        return list.map { moved($0, to: node.position) }
    }

    /// A value whose places are all the one of the text that contains it.
    private func moved(_ node: JSONNode, to position: SourcePosition) -> JSONNode {
        switch node.value {
        case .array(let list):
            return JSONNode(value: .array(list.map { moved($0, to: position) }), position: position)
        case .object(let object):
            let members = object.members.map {
                JSONMember(key: $0.key, keyPosition: position, value: moved($0.value, to: position))
            }
            return JSONNode(value: .object(JSONObject(members: members)), position: position)
        default: return JSONNode(value: node.value, position: position)
        }
    }

    /// Of two speakers with other names, the one who speaks first asks. Nil where the names are roles.
    private func speakers(_ list: [JSONNode]) -> [String]? {
        var names: [String] = []
        guard list.first?.object?["role"]?.string.flatMap(Role.init(rawValue:)) == nil else { return nil }
        for node in list {
            guard let name = node.object.flatMap({ roleMember($0)?.value.string }) else { return nil }
            if RoleNames.role(name) != nil || RoleNames.calls.contains(RowKeys.plain(name)) { return nil }
            if !names.contains(name) { names.append(name) }
        }
        return names.count == 2 ? names : nil
    }

    private func roleMember(_ object: JSONObject) -> JSONMember? {
        RowKeys.roles.lazy.compactMap { name in object.members.first { RowKeys.plain($0.key) == name } }.first
    }

    /// Reads one message.
    ///
    /// - Parameter speakers: the names of the user and of the assistant, if they are not roles.
    mutating func message(_ node: JSONNode, speakers: [String]? = nil) -> Row.Part? {
        guard let entry = node.object else {
            report("unknown-row", node.position, "a message is \(node.typeName); it takes an object")
            return nil
        }
        // The usual message has a role and a text.
        if entry.members.count == 2, let role = entry["role"]?.string.flatMap(Role.init(rawValue:)),
            let content = entry.members.first(where: { $0.key == "content" }), content.value.string != nil
        {
            return part(content, role, "content")
        }
        guard let name = roleMember(entry) else {
            let meant = RowKeys.meant(entry.members.map(\.key), ["role"])
            report("missing-field", node.position, "a message without role" + meant)
            return nil
        }
        guard let role = role(name.value, speakers) else { return nil }
        var fields = RowFields(entry, ignoring: options.ignoredKeys)
        _ = fields.take([RowKeys.plain(name.key)], &self)
        let content = fields.take(RowKeys.contents, &self)
        let members = messageMembers(&fields)
        let weight = fields.takeOptional(["weight"], &self)
        let unknown = unknownMembers(entry, used: fields.used, known: RowKeys.knownInMessages, of: "a message")
        guard let members else { return nil }
        var part: Row.Part?
        if let call = role.call, let content {
            part = callPart(content, call)
        } else if let content, !content.value.isNull || members.isEmpty {
            part = self.part(content, role.role, "content")
        } else if !members.isEmpty {
            part = Row.Part(key: "content", role: role.role, text: [], origin: origin(node.position))
        } else {
            report("missing-field", node.position, "a message without content")
        }
        guard var part else { return nil }
        part.members += members + unknown
        if let weight { setWeight(weight, &part) }
        return part
    }

    private mutating func setWeight(_ member: JSONMember, _ part: inout Row.Part) {
        guard part.role != .assistant, member.value.number != 0 else {
            if part.role == .assistant { part.weight = weight(member) }
            return
        }
        report(
            "unused-weight", member.value.position,
            "a weight of a message that is not the assistant's: only answers are learned")
    }

    /// A weight in the loss; 1 and a finding if it is not one.
    mutating func weight(_ member: JSONMember) -> Double? {
        // The fields of a table are all texts.
        let number = member.value.number ?? (isTable ? member.value.string.flatMap { Double($0) } : nil)
        guard let value = number, value >= 0, value <= 1 else {
            report(
                "wrong-type", member.value.position,
                "weight is \(member.value.typeName); it takes a number from 0 to 1")
            return nil
        }
        return value
    }

    /// The role of a name, and whether its messages call a function.
    private mutating func role(_ node: JSONNode, _ speakers: [String]?) -> (role: Role, call: String?)? {
        guard let name = node.string else {
            report("unknown-role", node.position, "the role is \(node.typeName)")
            return nil
        }
        if let role = Role(rawValue: name) { return (role, nil) }
        if RoleNames.calls.contains(RowKeys.plain(name)) {
            report("role-name", node.position, "the role \"\(name)\" is read as a call of the assistant")
            return (.assistant, name)
        }
        if let role = RoleNames.role(name) {
            report("role-name", node.position, "the role \"\(name)\" is read as \(role.rawValue)")
            return (role, nil)
        }
        if let speakers, let place = speakers.firstIndex(of: name) {
            let role: Role = place == 0 ? .user : .assistant
            report("guessed-role", node.position, "the speaker \"\(name)\" is taken for the \(role.rawValue)")
            return (role, nil)
        }
        report("unknown-role", node.position, "role is \"\(name.prefix(40))\"; it takes one of system, user, assistant")
        return nil
    }

    // MARK: Tools

    /// What a message says next to its text; nil if a call is broken.
    private mutating func messageMembers(_ fields: inout RowFields) -> [Row.Member]? {
        var members: [Row.Member] = []
        for key in RowKeys.messageMembers {
            guard let member = fields.takeOptional([key], &self) else { continue }
            let value = member.value.string.flatMap { text in key == "tool_calls" ? try? JSONText.parse(text) : nil }
            report("template-only", member.keyPosition, "\(key): only a model's own template can express it")
            members.append(Row.Member(key: key, json: json(value ?? member.value), isUnderstood: true))
        }
        if let call = fields.takeOptional(["function_call"], &self) {
            guard call.value.object?["name"]?.string != nil else {
                report("unknown-row", call.value.position, "function_call is not an object with a name")
                return nil
            }
            report("template-only", call.keyPosition, "function_call: only a model's own template can express it")
            members.append(calls(call.value))
        }
        return members
    }

    /// A message whose text is a call of a function, as JSON.
    private mutating func callPart(_ content: JSONMember, _ name: String) -> Row.Part? {
        let text = content.value.string
        guard let call = text.map({ try? JSONText.parse($0) }) ?? content.value, call.object?["name"]?.string != nil
        else {
            report("unknown-row", content.value.position, "a \(name) is not an object with a name")
            return nil
        }
        report("template-only", content.keyPosition, "\(name): only a model's own template can express it")
        var part = Row.Part(key: "content", role: .assistant, text: [], origin: origin(content.value.position))
        part.members = [calls(call)]
        return part
    }

    private func calls(_ function: JSONNode) -> Row.Member {
        let list = JSONOutput.array([.object([("type", "function"), ("function", .raw(json(function)))])])
        return Row.Member(key: "tool_calls", json: list.serializedBytes(), isUnderstood: true)
    }

    /// The list of tools of a row, which may be a text of JSON; nil if there are none.
    mutating func toolList(_ member: JSONMember) -> Row.Member? {
        let value = member.value.string.flatMap { try? JSONText.parse($0) } ?? member.value
        guard !JSONRowReader.saysNothing(value) else { return nil }
        report("template-only", member.keyPosition, "tools: only a model's own template can express them")
        return Row.Member(key: "tools", json: json(value), isUnderstood: true)
    }
}

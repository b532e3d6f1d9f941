// Reads one JSON object as a row: the training formats, and other common shapes of the same data.

import Conversations
import Datasets
import StrictJSON

enum JSONObjectReader {
    /// Reads a row, or reports why the object is not one.
    ///
    /// - Parameter label: the member whose list contains the object.
    static func read(
        _ object: JSONObject, _ position: SourcePosition, label: JSONMember?, _ reader: inout JSONRowReader
    ) -> PreparedRow? {
        if let data = object["data"]?.array, let label { return labelled(data, label, position, &reader) }
        if object.members.count == 1, object.members[0].key == "messages" {
            return ChatRowReader.read(object.members[0], position, &reader)
        }
        if let row = pair(object, &reader) { return row }
        var used = Set<String>()
        func member(_ names: [String]) -> JSONMember? { find(object, names, &used, &reader) }

        if let messages = member(["messages"]) ?? member(["conversations"]) {
            reportUnused(object, used, &reader)
            return ChatRowReader.read(messages, position, &reader)
        }
        if reader.choice.completion == nil, !hasAnswer(object), let text = member(["text"]) {
            reportUnused(object, used, &reader)
            return part(text, nil, "text", &reader).map { PreparedRow(kind: .text, parts: [$0]) }
        }
        if reader.choice.prompt == nil, let instruction = member(["instruction"]) {
            let input = member(["input"])
            let output = member(["output"])
            reportUnused(object, used, &reader)
            guard let output else { return missing("output", position, &reader) }
            var parts = [part(instruction, .user, "instruction", &reader)]
            if let input { parts.append(part(input, .user, "input", &reader)) }
            parts.append(part(output, .assistant, "output", &reader))
            let read = parts.compactMap { $0 }
            return read.count == parts.count ? PreparedRow(kind: .instruction, parts: read) : nil
        }
        let prompt = member(reader.choice.prompt.map { [$0] } ?? ColumnChoice.promptNames)
        let answer = member(reader.choice.completion.map { [$0] } ?? ColumnChoice.answerNames)
        guard prompt != nil || answer != nil else {
            let keys = object.members.map(\.key)
            reader.report(
                "unknown-row", position,
                "a row of no known format"
                    + (keys.isEmpty ? ": it is empty" : ": its keys are \(keys.joined(separator: ", "))"))
            return nil
        }
        reportUnused(object, used, &reader)
        guard let answer else { return missing("completion", position, &reader) }
        guard let prompt else { return missing("prompt", position, &reader) }
        guard let question = part(prompt, .user, "prompt", &reader),
            let completion = part(answer, .assistant, "completion", &reader)
        else { return nil }
        return PreparedRow(kind: .promptCompletion, parts: [question, completion])
    }

    /// The fast path for the most common format.
    private static func pair(_ object: JSONObject, _ reader: inout JSONRowReader) -> PreparedRow? {
        guard reader.choice == ColumnChoice(), object.members.count == 2, case .string = object.members[0].value.value,
            case .string = object.members[1].value.value
        else { return nil }
        let isSwapped = object.members[0].key == "completion"
        let (prompt, answer) =
            isSwapped ? (object.members[1], object.members[0]) : (object.members[0], object.members[1])
        guard prompt.key == "prompt", answer.key == "completion",
            let question = part(prompt, .user, "prompt", &reader),
            let completion = part(answer, .assistant, "completion", &reader)
        else { return nil }
        return PreparedRow(kind: .promptCompletion, parts: [question, completion])
    }

    private static func hasAnswer(_ object: JSONObject) -> Bool {
        object.members.contains { ColumnChoice.answerNames.contains(DelimitedHeader.plain($0.key)) }
    }

    private static func missing(
        _ key: String, _ position: SourcePosition, _ reader: inout JSONRowReader
    ) -> PreparedRow? {
        reader.report("missing-field", position, "the row has no \(key)")
        return nil
    }

    /// The first member with one of these names; a different spelling is a finding.
    private static func find(
        _ object: JSONObject, _ names: [String], _ used: inout Set<String>, _ reader: inout JSONRowReader
    ) -> JSONMember? {
        for name in names {
            if let member = object.members.first(where: { $0.key == name && !used.contains($0.key) }) {
                used.insert(member.key)
                return member
            }
        }
        for name in names {
            let plain = DelimitedHeader.plain(name)
            guard
                let member = object.members.first(where: {
                    !used.contains($0.key) && DelimitedHeader.plain($0.key) == plain
                })
            else { continue }
            used.insert(member.key)
            reader.report("key-spelling", member.keyPosition, "the key \"\(member.key)\" is read as \(name)")
            return member
        }
        return nil
    }

    private static func reportUnused(_ object: JSONObject, _ used: Set<String>, _ reader: inout JSONRowReader) {
        for member in object.members where !used.contains(member.key) {
            reader.report("surplus-keys", member.keyPosition, "the key \"\(member.key)\" is not used")
        }
    }

    /// The text of a member; numbers and booleans are converted to text.
    static func part(
        _ member: JSONMember, _ role: Role?, _ key: String, _ reader: inout JSONRowReader
    ) -> PreparedRow.Part? {
        let at = reader.shifted(member.value.position)
        switch member.value.value {
        case .string(let text):
            return PreparedRow.Part(
                key: key, role: role, text: Array(text.utf8), weight: nil,
                origin: .json(line: at.line, column: at.column))
        case .integer, .number, .bool:
            let text = JSONOutput(member.value).serialized()
            reader.report("wrong-type", at, "\(member.key) is \(member.value.typeName), where a text was expected")
            return PreparedRow.Part(
                key: key, role: role, text: Array(text.utf8), weight: nil,
                origin: .made(line: at.line, column: at.column))
        case .null:
            reader.report("missing-field", at, "\(member.key) is null")
            return nil
        case .array, .object:
            reader.report("unknown-row", at, "\(member.key) is \(member.value.typeName), where a text was expected")
            return nil
        }
    }

    /// A text in pieces under its label.
    private static func labelled(
        _ pieces: [JSONNode], _ label: JSONMember, _ position: SourcePosition, _ reader: inout JSONRowReader
    ) -> PreparedRow? {
        let texts = pieces.compactMap { $0.object?["text"]?.string }
        guard texts.count == pieces.count, !pieces.isEmpty else {
            reader.report("unknown-row", position, "data is not a list of pieces with text")
            return nil
        }
        let at = reader.shifted(pieces[0].position)
        let key = reader.shifted(label.keyPosition)
        return PreparedRow(
            kind: .promptCompletion,
            parts: [
                PreparedRow.Part(
                    key: "prompt", role: .user, text: Array(texts.joined().utf8), weight: nil,
                    origin: .made(line: at.line, column: at.column)),
                PreparedRow.Part(
                    key: "completion", role: .assistant, text: Array(label.key.utf8), weight: nil,
                    origin: .made(line: key.line, column: key.column)),
            ])
    }
}

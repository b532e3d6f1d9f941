// The text of a row's member: a string, a number as it is written, or a list of parts with text.

import Conversations
import StrictJSON

extension JSONRowReader {
    /// The origin of a text that starts at a position.
    func origin(_ position: SourcePosition) -> TextOrigin {
        let at = shifted(position)
        return isTable ? .made(line: at.line, column: at.column) : .json(line: at.line, column: at.column)
    }

    /// The text of a member; numbers and booleans are findings, and are read as they are written.
    mutating func part(_ member: JSONMember, _ role: Role?, _ key: String) -> Row.Part? {
        let at = shifted(member.value.position)
        func made(_ text: [UInt8]) -> Row.Part {
            Row.Part(key: key, role: role, text: text, origin: .made(line: at.line, column: at.column))
        }
        switch member.value.value {
        case .string(let text):
            return Row.Part(key: key, role: role, text: Array(text.utf8), origin: origin(member.value.position))
        case .integer, .number:
            report("wrong-type", at, "\(member.key) is a number; it takes text")
            return made(number(member.value))
        case .bool(let flag):
            report("wrong-type", at, "\(member.key) is true or false; it takes text")
            return made(Array((flag ? "true" : "false").utf8))
        case .null:
            report("missing-field", at, "\(member.key) is null")
            return nil
        case .array(let list):
            if RowKeys.plain(member.key) == "answers" { return only(of: list, member).map { made($0) } }
            guard let (text, unknown) = text(ofParts: list, member.key, member.value.position) else { return nil }
            var part = made(text)
            part.members = unknown
            return part
        case .object(let object):
            // A list of answers under `text`, as in SQuAD; or a message's parts.
            if let texts = object["text"]?.array, RowKeys.plain(member.key) == "answers" {
                for key in object.members.map(\.key) where key != "text" { findings.ignore(key) }
                return only(of: texts, member).map { made($0) }
            }
            if let parts = object["parts"]?.array, object.members.count == 1 {
                return text(ofParts: parts, member.key, member.value.position).map { made($0.text) }
            }
            report("wrong-type", at, "\(member.key) is an object; it takes text")
            return nil
        }
    }

    /// The one text of a list whose elements are all the same.
    private mutating func only(of list: [JSONNode], _ member: JSONMember) -> [UInt8]? {
        let texts = Set(list.compactMap(\.string))
        guard texts.count == 1, list.allSatisfy({ $0.string != nil }), let text = texts.first else {
            report(
                texts.isEmpty ? "missing-field" : "unknown-row", member.value.position,
                "\(member.key) has \(texts.count) different texts; it takes one")
            return nil
        }
        return Array(text.utf8)
    }

    /// The types of parts that are texts.
    private static let textTypes: Set<String> = ["text", "input_text", "output_text"]

    /// The joined texts of parts such as `{"type": "text", "text": "…"}`, and their members that are not understood.
    private mutating func text(
        ofParts list: [JSONNode], _ key: String, _ position: SourcePosition
    ) -> (text: [UInt8], unknown: [Row.Member])? {
        var (bytes, unknown): ([UInt8], [Row.Member]) = ([], [])
        for node in list {
            let type = node.object?["type"]
            let isText = type.map { Self.textTypes.contains($0.string ?? "") } ?? true
            guard isText, let object = node.object, let text = object["text"]?.string else {
                if let type = type?.string {
                    report("unknown-row", node.position, "a part of type \(type); only texts can be read")
                } else {
                    report("unknown-row", position, "\(key) is an array; it takes text")
                }
                return nil
            }
            bytes += Array(text.utf8)
            unknown += unknownMembers(
                object, used: Set(["text", "type"]).intersection(object.members.map(\.key)), known: ["text", "type"],
                of: "a part")
        }
        if list.isEmpty { report("missing-field", position, "\(key) is an empty list") }
        return list.isEmpty ? nil : (bytes, unknown)
    }
}

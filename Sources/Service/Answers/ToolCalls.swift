// Calls of functions in a model's answer: how its template writes them, and how they are read back.

import Conversations
import StrictJSON
import Tokenizer

/// A call that a model has written.
package struct ToolCall: Sendable, Equatable {
    package var name: String
    /// A JSON object as text.
    package var arguments: String

    package init(name: String, arguments: String) { (self.name, self.arguments) = (name, arguments) }
}

/// How a template writes a call: as a JSON object with a name and arguments, between marks.
package struct ToolCallFormat: Sendable, Equatable {
    /// In front of a call; empty where an answer that is an object is a call.
    package var before: String
    /// After it; may be empty.
    package var after: String
    /// The member with the arguments: "arguments" or "parameters".
    package var argumentsKey: String
    /// Whether calls are in a list.
    package var isList: Bool

    package init(before: String, after: String, argumentsKey: String, isList: Bool) {
        (self.before, self.after, self.argumentsKey, self.isList) = (before, after, argumentsKey, isList)
    }

    /// What a template writes of a call is found by having it write one.
    ///
    /// - Returns: nil where the template writes no calls, or in a way that cannot be read back.
    package static func find(_ template: ChatTemplate, _ tokenizer: Tokenizer) -> ToolCallFormat? {
        guard template.model != nil else { return nil }
        let name = "probe_function"
        let call: JSONOutput = [
            "id": "call00000", "type": "function",
            "function": ["name": .string(name), "arguments": ["probe_key": "probe value"]],
        ]
        let tool: JSONOutput = [
            "type": "function",
            "function": [
                "name": .string(name), "description": "Probes.",
                "parameters": ["type": "object", "properties": ["probe_key": ["type": "string"]]],
            ],
        ]
        var question = Message(.user, "Q")
        question.tools = JSONOutput.array([tool]).serializedBytes()
        var answer = Message(role: .assistant, content: [])
        answer.members = [Message.Member(key: "tool_calls", json: JSONOutput.array([call]).serializedBytes())]
        guard let pieces = try? template.pieces([question, answer], SpecialTokens(tokenizer)) else { return nil }
        var text: [UInt8] = []
        for piece in pieces where piece.isAnswer {
            switch piece.content {
            case .text(let bytes): text += bytes
            case .token(let id): text += tokenizer.bytes(of: Int(id))
            case .endOfText: break
            }
        }
        let ends =
            (template.model?.ends ?? [])
            + template.endIDs(tokenizer).map {
                String(decoding: tokenizer.bytes(of: $0), as: UTF8.self)
            }
        return find(name, in: text, ends: ends)
    }

    /// - Parameter ends: texts of tokens that end an answer.
    package static func find(_ name: String, in text: [UInt8], ends: [String]) -> ToolCallFormat? {
        for start in text.indices where text[start] == UInt8(ascii: "{") {
            guard let end = JSONScan.end(of: text, from: start),
                let object = try? JSONText.parse(Array(text[start..<end])).object, object["name"]?.string == name,
                let key = ["arguments", "parameters"].first(where: { object[$0]?.object?["probe_key"] != nil })
            else { continue }
            var before = trimmed(text[..<start])
            var after = String(decoding: text[end...], as: UTF8.self)
            for mark in ends where !mark.isEmpty {
                if let range = after.firstRange(of: mark) { after = String(after[..<range.lowerBound]) }
            }
            after = trimmed(Array(after.utf8)[...])
            let isList = before.hasSuffix("[") && after.hasPrefix("]")
            if isList {
                before = trimmed(Array(before.dropLast().utf8)[...])
                after = trimmed(Array(after.dropFirst().utf8)[...])
            }
            return ToolCallFormat(before: before, after: after, argumentsKey: key, isList: isList)
        }
        return nil
    }

    private static func trimmed(_ bytes: ArraySlice<UInt8>) -> String {
        let text = bytes.drop(while: JSONScan.isSpace)
        let kept = text.reversed().drop(while: JSONScan.isSpace).reversed()
        return String(decoding: Array(kept), as: UTF8.self)
    }

    /// The calls of an answer, and its text around them. An answer whose calls cannot be read is text.
    package func read(_ answer: String) -> (text: String, calls: [ToolCall]) {
        let bytes = Array(answer.utf8)
        let mark = Array(before.utf8)
        var (text, calls): ([UInt8], [ToolCall]) = ([], [])
        var place = 0
        while place < bytes.count {
            if bytes[place...].starts(with: mark), mark.isEmpty ? isStart(bytes, place) : true,
                let found = readCalls(in: bytes, from: place + mark.count)
            {
                calls += found.calls
                place = found.end
            } else {
                text.append(bytes[place])
                place += 1
            }
        }
        guard !calls.isEmpty else { return (answer, []) }
        return (ToolCallFormat.trimmed(text[...]), calls)
    }

    /// Without a mark, only what begins an answer or follows another call is one.
    private func isStart(_ bytes: [UInt8], _ place: Int) -> Bool {
        bytes[..<place].allSatisfy(JSONScan.isSpace)
            || bytes[..<place].reversed().first { !JSONScan.isSpace($0) && $0 != UInt8(ascii: ";") }
                == UInt8(ascii: "}")
    }

    /// The calls after a mark, and where they end.
    private func readCalls(in bytes: [UInt8], from start: Int) -> (calls: [ToolCall], end: Int)? {
        var place = JSONScan.afterSpace(bytes, start)
        guard let end = JSONScan.end(of: bytes, from: place), place < bytes.count,
            bytes[place] == UInt8(ascii: isList ? "[" : "{"),
            let node = try? JSONText.parse(Array(bytes[place..<end]))
        else { return nil }
        var calls: [ToolCall] = []
        for node in isList ? node.array ?? [] : [node] {
            guard let name = node.object?["name"]?.string, !name.isEmpty, let arguments = node.object?[argumentsKey]
            else { return nil }
            // Some models write the arguments as a text of JSON.
            calls.append(ToolCall(name: name, arguments: arguments.string ?? JSONOutput(arguments).serialized()))
        }
        guard !calls.isEmpty else { return nil }
        place = end
        let next = JSONScan.afterSpace(bytes, end)
        if !after.isEmpty, bytes[next...].starts(with: after.utf8) { place = next + after.utf8.count }
        return (calls, place)
    }
}

/// Finds where a JSON value ends that other text follows.
enum JSONScan {
    static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

    static func afterSpace(_ bytes: [UInt8], _ place: Int) -> Int {
        var place = place
        while place < bytes.count, isSpace(bytes[place]) { place += 1 }
        return place
    }

    /// The place after the object or list that begins at `start`; nil where it does not end.
    static func end(of bytes: [UInt8], from start: Int) -> Int? {
        var (depth, isText, place) = (0, false, start)
        while place < bytes.count {
            switch bytes[place] {
            case UInt8(ascii: "\\") where isText: place += 1
            case UInt8(ascii: "\""): isText.toggle()
            case UInt8(ascii: "{") where !isText, UInt8(ascii: "[") where !isText: depth += 1
            case UInt8(ascii: "}") where !isText, UInt8(ascii: "]") where !isText:
                depth -= 1
                if depth <= 0 { return depth == 0 ? place + 1 : nil }
            default: if depth == 0 { return nil }
            }
            place += 1
        }
        return nil
    }
}

/// Lets the text of a growing answer through that no call can begin in.
package struct ToolCallFilter: Sendable {
    let format: ToolCallFormat
    /// All that was taken.
    private(set) var answer = ""
    private var sent = 0
    private var isHeld = false

    package init(_ format: ToolCallFormat) { self.format = format }

    /// Adds a piece; returns what is certainly text.
    package mutating func take(_ piece: String) -> String {
        answer += piece
        guard !isHeld else { return "" }
        let bytes = Array(answer.utf8)
        var certain = bytes.count
        let mark = Array(format.before.utf8)
        if mark.isEmpty {
            let first = JSONScan.afterSpace(bytes, 0)
            if first == bytes.count { return "" }
            isHeld = bytes[first] == UInt8(ascii: format.isList ? "[" : "{")
            if isHeld { return "" }
        } else {
            for start in sent..<bytes.count where mark.starts(with: bytes[start...].prefix(mark.count)) {
                certain = start
                isHeld = bytes.count - start >= mark.count
                break
            }
        }
        // Space in front of a call belongs to the call, and the next piece may begin one.
        while certain > sent, JSONScan.isSpace(bytes[certain - 1]) { certain -= 1 }
        defer { sent = certain }
        return String(decoding: bytes[sent..<certain], as: UTF8.self)
    }

    /// What is left at the end: text that was kept until now, and calls.
    package mutating func finish() -> (text: String, calls: [ToolCall]) {
        let rest = String(decoding: Array(answer.utf8)[sent...], as: UTF8.self)
        guard isHeld else { return (rest, []) }
        return format.read(rest)
    }
}

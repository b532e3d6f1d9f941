// Reads one JSON object as a row: the training formats, and other common shapes of the same data.

import Conversations
import StrictJSON

/// The members of an object, and which of them have been used.
struct RowFields {
    let object: JSONObject
    let ignored: Set<String>
    private(set) var used: Set<String> = []

    init(_ object: JSONObject, ignoring ignored: Set<String>) {
        self.object = object
        self.ignored = ignored
    }

    /// The first member with one of these names; another spelling is a finding.
    mutating func take(_ names: [String], _ reader: inout JSONRowReader) -> JSONMember? {
        guard let (member, name) = find(names) else { return nil }
        used.insert(member.key)
        if member.key != name {
            reader.report("key-spelling", member.keyPosition, "the key \"\(member.key)\" is read as \(name)")
        }
        return member
    }

    /// The same for an optional part: a value that says nothing is as good as none.
    mutating func takeOptional(_ names: [String], _ reader: inout JSONRowReader) -> JSONMember? {
        guard let (member, _) = find(names) else { return nil }
        guard !JSONRowReader.saysNothing(member.value) else {
            used.insert(member.key)
            return nil
        }
        return take([RowKeys.plain(member.key)], &reader)
    }

    func has(_ names: [String]) -> Bool { find(names) != nil }

    /// The member with one of the names that come first, and the name; members that say nothing come last.
    func find(_ names: [String]) -> (member: JSONMember, name: String)? {
        var silent: (JSONMember, String)?
        for isExact in [true, false] {
            for name in names {
                for member in object.members where !used.contains(member.key) && !ignored.contains(member.key) {
                    guard isExact ? member.key == name : RowKeys.plain(member.key) == name else { continue }
                    guard JSONRowReader.saysNothing(member.value) else { return (member, name) }
                    silent = silent ?? (member, name)
                }
            }
        }
        return silent
    }
}

extension JSONRowReader {
    /// Reads a row, or reports why the object is not one.
    ///
    /// - Parameter label: the member whose list contains the object.
    mutating func row(_ object: JSONObject, _ position: SourcePosition, label: JSONMember?) -> Row? {
        if let label, let data = object["data"]?.array { return labelled(data, label, position) }
        if let row = pair(object) { return row }
        var fields = RowFields(object, ignoring: options.ignoredKeys)
        let chosen = options.columns
        if chosen != ColumnChoice() { return chosenRow(&fields, position) }
        let hasPair = fields.has(RowKeys.chosen) && fields.has(RowKeys.rejected)
        if options.readsJudgements, hasPair { return comparisonRow(&fields, position) }
        var isGood: Bool?
        if let defect = preference(fields) {
            guard options.readsJudgements, !hasPair else {
                report("preference-row", position, defect)
                return nil
            }
            isGood = fields.take(["label"], &self)?.value.bool
        }
        var row: Row?
        if let (member, _) = fields.find(RowKeys.chats), isList(member.value) {
            row = chatRow(&fields, position)
        } else if fields.has(["instruction"]) {
            row = instructionRow(&fields, position, asks: ["instruction"])
        } else if !fields.has(RowKeys.answers), !fields.has(["answers"]), fields.has(["text"]) {
            row = textRow(&fields)
        } else if fields.has(["context"]), fields.has(RowKeys.prompts) {
            row = instructionRow(&fields, position, asks: RowKeys.prompts)
        } else {
            row = pairRow(&fields, position)
        }
        guard row != nil else { return nil }
        row?.isGood = isGood
        if let id = object["custom_id"] {
            row?.customID = id.string ?? id.number.map { _ in String(decoding: number(id), as: UTF8.self) }
        }
        return row
    }

    /// Reports what was not used, and keeps it with the row. Of a row that is lost, only unknown keys are reported.
    mutating func finish(_ row: Row?, _ fields: RowFields) -> Row? {
        var used = fields.used
        if row == nil {
            used.formUnion(fields.object.members.map(\.key).filter { RowKeys.known.contains(RowKeys.plain($0)) })
        }
        let unknown = unknownMembers(fields.object, used: used, known: RowKeys.known, of: "a row")
        guard var row else { return nil }
        row.members += unknown
        return row
    }

    /// The fast path for the most common format.
    private mutating func pair(_ object: JSONObject) -> Row? {
        guard options.columns == ColumnChoice(), options.ignoredKeys.isEmpty, object.members.count == 2,
            case .string = object.members[0].value.value, case .string = object.members[1].value.value
        else { return nil }
        let isSwapped = object.members[0].key == "completion"
        let (prompt, answer) =
            isSwapped ? (object.members[1], object.members[0]) : (object.members[0], object.members[1])
        guard prompt.key == "prompt", answer.key == "completion",
            let question = part(prompt, .user, "prompt"), let completion = part(answer, .assistant, "completion")
        else { return nil }
        return Row(kind: .promptCompletion, parts: [question, completion])
    }

    // MARK: Shapes

    /// Why a row compares answers instead of giving one; nil if it does not.
    private func preference(_ fields: RowFields) -> String? {
        guard fields.object.members.count > 1 else { return nil }
        if fields.has(RowKeys.chosen), fields.has(RowKeys.rejected) {
            return "a preference row: chosen and rejected are two answers, of which only one may be learned"
        }
        if let label = fields.find(["label"])?.member, label.value.bool != nil,
            fields.has(RowKeys.outputs) || fields.has(RowKeys.chats)
        {
            return "a preference row: label says whether the answer is good, and bad answers must not be learned"
        }
        return nil
    }

    /// A row of the columns that the user chose; the others are not wanted.
    private mutating func chosenRow(_ fields: inout RowFields, _ position: SourcePosition) -> Row? {
        let prompt = fields.take(options.columns.prompt.map { [RowKeys.plain($0)] } ?? RowKeys.prompts, &self)
        let answer = fields.take(options.columns.completion.map { [RowKeys.plain($0)] } ?? RowKeys.answers, &self)
        for member in fields.object.members where !fields.used.contains(member.key) { findings.ignore(member.key) }
        guard let prompt else { return missing("prompt", fields, position) }
        guard let answer else { return missing("completion", fields, position) }
        guard let question = part(prompt, .user, "prompt"), let completion = part(answer, .assistant, "completion")
        else { return nil }
        return Row(kind: .promptCompletion, parts: [question, completion])
    }

    private mutating func textRow(_ fields: inout RowFields) -> Row? {
        guard let member = fields.take(["text"], &self) else { return nil }
        let text = part(member, nil, "text")
        if let text, let turns = ChatML.parts(of: text) {
            return finish(Row(kind: .chat, parts: turns), fields)
        }
        return finish(text.map { Row(kind: .text, parts: [$0]) }, fields)
    }

    /// An instruction with what it is about, and what was said before it.
    private mutating func instructionRow(
        _ fields: inout RowFields, _ position: SourcePosition, asks: [String]
    ) -> Row? {
        guard let ask = fields.take(asks, &self) else { return nil }
        var parts: [Row.Part?] = []
        if let system = fields.takeOptional(RowKeys.systems, &self) { parts.append(part(system, .system, "system")) }
        var past: [Row.Part] = []
        if let history = fields.takeOptional(["history"], &self) {
            guard let turns = self.history(history) else { return finish(nil, fields) }
            guard turns.count % 2 == 0, turns.enumerated().allSatisfy({ $1.role == ($0 % 2 == 0 ? .user : .assistant) })
            else {
                report("unknown-row", history.value.position, "history is not pairs of a question and its answer")
                return finish(nil, fields)
            }
            past = turns
        }
        parts += past
        parts.append(part(ask, .user, "instruction"))
        if let input = fields.takeOptional(RowKeys.inputs, &self) { parts.append(part(input, .user, "input")) }
        let output = fields.take(RowKeys.outputs + ["answers"], &self)
        let weight = fields.takeOptional(["weight"], &self)
        guard let answer = self.answer(output, "output", weight, fields, position) else { return finish(nil, fields) }
        parts += answer
        let read = parts.compactMap { $0 }
        return finish(read.count == parts.count ? Row(kind: .instruction, parts: read) : nil, fields)
    }

    /// A prompt and an answer, or a text and its label; with a system text or a history it is a conversation.
    private mutating func pairRow(_ fields: inout RowFields, _ position: SourcePosition) -> Row? {
        let answers = fields.take(RowKeys.answers + ["answers"], &self)
        let prompt = fields.take(RowKeys.prompts, &self)
        guard prompt != nil || answers != nil else {
            let keys = fields.object.members.map(\.key)
            report(
                "unknown-row", position,
                "a row of no known format" + (keys.isEmpty ? "" : ": its keys are \(keys.joined(separator: ", "))")
                    + RowKeys.meant(keys, RowKeys.known))
            return nil
        }
        let isChat = fields.has(RowKeys.systems) || fields.has(["history"])
        let system = fields.takeOptional(RowKeys.systems, &self)
        let history = fields.takeOptional(["history"], &self)
        let weight = fields.takeOptional(["weight"], &self)
        let tools = fields.takeOptional(RowKeys.tools, &self)
        guard let prompt else {
            if options.wantsAnswer || answers == nil { return finish(missing("prompt", fields, position), fields) }
            return finish(nil, fields)
        }
        let listed = [prompt, answers].contains { $0?.value.array?.first?.object.map(isMessage) ?? false }
        if isChat || listed || tools != nil {
            var parts: [Row.Part]? = system.flatMap { part($0, .system, "content") }.map { [$0] } ?? []
            if let history { parts = self.history(history).map { (parts ?? []) + $0 } }
            parts = joined(parts, turns(of: prompt, .user))
            if let answers { parts = joined(parts, turns(of: answers, .assistant)) }
            if answers == nil, options.wantsAnswer { return finish(missing("completion", fields, position), fields) }
            for index in (parts ?? []).indices { parts?[index].key = "content" }
            if let weight, let last = parts?.indices.last { parts?[last].weight = self.weight(weight) }
            var row = parts.map { Row(kind: .chat, parts: $0) }
            if let tools = tools.flatMap({ toolList($0) }) { row?.members.append(tools) }
            return finish(row, fields)
        }
        let question = part(prompt, .user, "prompt")
        guard let answer = self.answer(answers, "completion", weight, fields, position), let question else {
            return finish(nil, fields)
        }
        return finish(Row(kind: .promptCompletion, parts: [question] + answer), fields)
    }

    private func joined(_ first: [Row.Part]?, _ second: [Row.Part]?) -> [Row.Part]? {
        guard let first, let second else { return nil }
        return first + second
    }

    /// The answer of a row as a list of one part; empty if it is missing and may be missing.
    private mutating func answer(
        _ member: JSONMember?, _ key: String, _ weight: JSONMember?, _ fields: RowFields, _ position: SourcePosition
    ) -> [Row.Part]? {
        guard let member else {
            guard options.wantsAnswer else { return [] }
            _ = missing(key, fields, position)
            return nil
        }
        guard var answer = part(member, .assistant, key) else { return nil }
        if let weight { answer.weight = self.weight(weight) }
        return [answer]
    }

    private mutating func missing(_ key: String, _ fields: RowFields, _ position: SourcePosition) -> Row? {
        let unused = fields.object.members.map(\.key).filter { !fields.used.contains($0) }
        report("missing-field", position, "the key \(key) is missing" + RowKeys.meant(unused, [key]))
        return nil
    }

    /// Earlier turns: pairs of a question and an answer, or messages.
    private mutating func history(_ member: JSONMember) -> [Row.Part]? {
        guard let list = member.value.array else {
            report("unknown-row", member.value.position, "history is \(member.value.typeName); it takes pairs of texts")
            return nil
        }
        var parts: [Row.Part] = []
        for node in list {
            if node.object != nil {
                guard var turn = message(node) else { return nil }
                turn.key = "history"
                parts.append(turn)
                continue
            }
            guard let pair = node.array, pair.count == 2, let question = pair[0].string, let answer = pair[1].string
            else {
                report("unknown-row", node.position, "a turn of history is not a pair of texts")
                return nil
            }
            for (text, role, place) in [(question, Role.user, pair[0]), (answer, .assistant, pair[1])] {
                parts.append(
                    Row.Part(key: "history", role: role, text: Array(text.utf8), origin: origin(place.position)))
            }
        }
        return parts
    }

    /// A text in pieces under its label.
    private mutating func labelled(_ pieces: [JSONNode], _ label: JSONMember, _ position: SourcePosition) -> Row? {
        let texts = pieces.compactMap { $0.object?["text"]?.string }
        guard texts.count == pieces.count, !pieces.isEmpty else {
            report("unknown-row", position, "data is not a list of pieces with text")
            return nil
        }
        // A piece's entity is not part of its text.
        for piece in pieces {
            for member in piece.object?.members ?? [] where member.key != "text" { findings.ignore(member.key) }
        }
        let at = shifted(pieces[0].position)
        let key = shifted(label.keyPosition)
        return Row(
            kind: .promptCompletion,
            parts: [
                Row.Part(
                    key: "prompt", role: .user, text: Array(texts.joined().utf8),
                    origin: .made(line: at.line, column: at.column)),
                Row.Part(
                    key: "completion", role: .assistant, text: Array(label.key.utf8),
                    origin: .made(line: key.line, column: key.column)),
            ])
    }
}

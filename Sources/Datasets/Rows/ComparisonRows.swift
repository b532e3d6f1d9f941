// Rows that say which answers people prefer: two answers to one prompt, or an answer with a label.

import Conversations
import StrictJSON

extension RowKeys {
    /// The names of both answers, Luthier's first; OpenAI's files have the other two.
    static let chosen = ["chosen", "preferred_output", "preferred_completion"]
    static let rejected = ["rejected", "non_preferred_output", "non_preferred_completion"]
}

extension JSONRowReader {
    /// A row with two answers: `prompt`, `chosen` and `rejected`, as texts or as lists of messages; without `prompt`, the
    /// messages with which both lists begin; or OpenAI's `input`, `preferred_output` and `non_preferred_output`.
    mutating func comparisonRow(_ fields: inout RowFields, _ position: SourcePosition) -> Row? {
        let system = fields.takeOptional(RowKeys.systems, &self)
        guard let chosen = fields.take(RowKeys.chosen, &self), let rejected = fields.take(RowKeys.rejected, &self)
        else { return nil }
        var tools = fields.takeOptional(RowKeys.tools, &self)
        var question = fields.take(RowKeys.prompts, &self)
        if let input = question?.value.object ?? fields.find(["input"])?.member.value.object {
            if question == nil { question = fields.take(["input"], &self) }
            if let messages = input["messages"] {
                question = JSONMember(
                    key: "messages", keyPosition: question?.keyPosition ?? position, value: messages)
                tools = tools ?? input.members.first { $0.key == "tools" }
            }
        }
        var row: Row?
        if let question, [question, chosen, rejected].allSatisfy({ $0.value.string != nil }), system == nil,
            tools == nil
        {
            if let ask = part(question, .user, "prompt"), let good = part(chosen, .assistant, "completion"),
                let bad = part(rejected, .assistant, "completion")
            {
                row = Row(kind: .promptCompletion, parts: [ask, good])
                row?.rejected = [ask, bad]
            }
        } else {
            let first = system.flatMap { part($0, .system, "content") }.map { [$0] } ?? []
            let asked = question.map { turns(of: $0, .user) } ?? []
            if let asked, let good = turns(of: chosen, .assistant), let bad = turns(of: rejected, .assistant) {
                row = compared(first + asked, good, bad, position)
            }
            if let tools = tools.flatMap({ toolList($0) }) { row?.members.append(tools) }
        }
        return finish(row, fields)
    }

    /// A row of messages; without a prompt, both answers begin with it.
    private mutating func compared(
        _ prompt: [Row.Part], _ chosen: [Row.Part], _ rejected: [Row.Part], _ position: SourcePosition
    ) -> Row? {
        var (prompt, chosen, rejected) = (prompt, chosen, rejected)
        let common = zip(chosen, rejected).prefix { $0.role == $1.role && $0.text == $1.text }.count
        if common > 0, common < min(chosen.count, rejected.count) {
            prompt += chosen.prefix(common)
            (chosen, rejected) = (Array(chosen.dropFirst(common)), Array(rejected.dropFirst(common)))
        }
        guard !prompt.isEmpty, chosen.last?.isAnswer == true, rejected.last?.isAnswer == true else {
            report(
                "unknown-row", position,
                "a preference row without a prompt: chosen and rejected are the answers to it, or begin with the same messages"
            )
            return nil
        }
        // What was said before is not what is compared.
        for index in prompt.indices where prompt[index].isAnswer { prompt[index].weight = 0 }
        for list in [prompt, chosen, rejected] {
            guard list.allSatisfy({ $0.role != nil }) else { return nil }
        }
        var row = Row(kind: .chat, parts: prompt + chosen)
        row.rejected = prompt + rejected
        for index in row.parts.indices { row.parts[index].key = "content" }
        return row
    }
}

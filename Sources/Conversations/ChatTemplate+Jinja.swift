// A chat template of Hugging Face's, turned into one of ours where both give the same text.

import Tokenizer

extension ChatTemplate {
    /// Marks that stand for a message's content and for the end-of-text token; no template contains them.
    private static let (content, end) = ("\u{E001}", "\u{E000}")

    /// The template that `jinja` describes, or nil where it is not understood, cannot be framed turn by turn, does not
    /// end answers with the end-of-text token, or spells out special tokens, which are ordinary text here.
    ///
    /// - Parameter endOfText: the name of the end-of-text token, which the template may also spell out.
    package init?(jinja: String, endOfText: String?) {
        guard let template = JinjaTemplate(jinja) else { return nil }
        func render(_ roles: [String], generation: Bool = false) -> String {
            let messages = roles.map { (role: $0, content: ChatTemplate.content) }
            let text = template.render(messages, generation: generation, endOfText: ChatTemplate.end)
            guard let endOfText else { return text }
            return text.split(separator: endOfText, omittingEmptySubsequences: false).joined(
                separator: ChatTemplate.end)
        }
        func frame(_ text: String) -> Frame? {
            let parts = text.split(separator: Character(ChatTemplate.content), omittingEmptySubsequences: false)
            return parts.count == 2 ? Frame(String(parts[0]), String(parts[1])) : nil
        }
        guard let system = frame(render(["system"])), let user = frame(render(["user"])),
            let answer = frame(render(["assistant"])), answer.after.hasPrefix(ChatTemplate.end)
        else { return nil }
        let asked = render(["user"], generation: true)
        guard asked.hasPrefix(render(["user"])) else { return nil }
        let opening = String(asked.dropFirst(render(["user"]).count))
        guard answer.before.hasPrefix(opening) else { return nil }
        // Without a text for where generation goes on, that is all that stands before an answer.
        let before = opening.isEmpty ? answer.before : opening
        let lead = String(answer.before.dropFirst(before.count))
        self.init(
            name: "folder", system: system, user: user,
            assistant: Frame(before, String(answer.after.dropFirst())), answerLead: lead, stop: [])
        // Together the turns must be what they are one by one, and nothing but answers may end with the token.
        let whole = render(["system", "user", "assistant", "user"])
        let joined = ["system", "user", "assistant", "user"].map { render([$0]) }.joined()
        let frames = [system.before, system.after, user.before, user.after, before, lead, assistant.after]
        guard whole == joined, lead.allSatisfy(\.isWhitespace),
            !frames.contains(where: { $0.contains(ChatTemplate.end) || $0.contains("<|") })
        else { return nil }
    }

    /// The template in Jinja, for other programs; `init(jinja:endOfText:)` reads it back. A model's own comes back as it
    /// was.
    package var jinja: String { jinja(addsBegin: false) }

    /// - Parameter addsBegin: whether the tokenizer puts `bos_token` in front of every text. A model's own template says
    ///   that itself.
    package func jinja(addsBegin: Bool) -> String {
        if let model { return model.source }
        func literal(_ text: String) -> String {
            let escaped = text.map { ["\\": "\\\\", "'": "\\'", "\n": "\\n", "\t": "\\t"][$0] ?? String($0) }
            return "'" + escaped.joined() + "'"
        }
        func turn(_ role: String, _ parts: [String]) -> String {
            "if message['role'] == '\(role)' %}{{ " + parts.filter { $0 != "''" }.joined(separator: " + ") + " }}"
        }
        let content = "message['content']"
        return (addsBegin ? "{{ bos_token }}" : "") + "{% for message in messages %}{% "
            + turn("system", [literal(system.before), content, literal(system.after)])
            + "{% el" + turn("user", [literal(user.before), content, literal(user.after)]) + "{% el"
            + turn(
                "assistant",
                [literal(assistant.before), literal(answerLead), content, "eos_token", literal(assistant.after)])
            + "{% endif %}{% endfor %}{% if add_generation_prompt %}{{ \(literal(assistant.before)) }}{% endif %}"
    }
}

extension ChatTemplate {
    /// The template that a model comes with: in frames where they express it exactly, otherwise as it is.
    ///
    /// - Parameters:
    ///   - startToken: the text of the token that begins a text, which the template calls `bos_token`.
    ///   - endToken: the text of the token that ends a text, `eos_token`.
    ///   - ends: texts of further tokens at which the model stops. The one that the template writes after an answer is
    ///     found by itself.
    /// - Throws: what is wrong with the template or not supported, with its line; `noEnd` where answers would not end.
    package static func adopting(
        jinja: String, startToken: String?, endToken: String?, ends: [String] = [], _ tokenizer: Tokenizer
    ) throws(TemplateError) -> ChatTemplate {
        // In front of frames comes what the tokenizer puts in front of every text, which this template does not write.
        if !tokenizer.addsBegin, let framed = ChatTemplate(jinja: jinja, endOfText: endToken) { return framed }
        var ends = ends
        if let endToken, !ends.contains(endToken) { ends.insert(endToken, at: 0) }
        let specials = SpecialTokens(tokenizer)
        let probe = ModelTemplate(source: jinja, startToken: startToken, endToken: endToken, ends: ends)
        guard let end = try probe.endAfterAnswer(specials) else { throw .noEnd }
        if !ends.contains(end) { ends.append(end) }
        var template = ChatTemplate.raw
        template.name = "folder"
        template.model = ModelTemplate(source: jinja, startToken: startToken, endToken: endToken, ends: ends)
        return template
    }
}

// The template that a model came with: Jinja, and the special tokens that it uses.

import Jinja
import StrictJSON

/// A chat template in Jinja. Its text is kept as it is, for training, generation and export.
package struct ModelTemplate: Sendable {
    package let source: String
    /// The text of `bos_token`; nil where the tokenizer has none.
    package let startToken: String?
    /// The text of `eos_token`.
    package let endToken: String?
    /// The texts of the tokens that end an answer.
    package let ends: [String]
    /// Today, for `strftime_now`. Fixed, so that training and use agree.
    package let date: JinjaDate
    /// Further variables of the template, such as `enable_thinking`.
    package let variables: [JSONMember]
    /// The template as it was read, or why it cannot be used.
    private let program: Result<JinjaProgram, JinjaError>

    /// Reads a template. What is wrong with its source is thrown by whatever uses it.
    ///
    /// - Parameter ends: nil for `endToken` alone.
    package init(
        source: String, startToken: String? = nil, endToken: String? = nil, ends: [String]? = nil,
        date: JinjaDate = .init(), variables: [JSONMember] = []
    ) {
        self.source = source
        self.startToken = startToken
        self.endToken = endToken
        self.ends = ends ?? endToken.map { [$0] } ?? []
        self.date = date
        self.variables = variables
        program = Result { () throws(JinjaError) in try JinjaProgram(source) }
    }

    /// Throws what is wrong with the source.
    package func check() throws(TemplateError) { _ = try parsed() }

    private func parsed() throws(TemplateError) -> JinjaProgram {
        do { return try program.get() } catch { throw TemplateError(error) }
    }

    /// Whether the template itself says with `{% generation %}` what is learned.
    func marksAnswers() throws(TemplateError) -> Bool { try parsed().hasGeneration }

    /// The text of a conversation. The characters of a message's content come from its place in the list, counted from
    /// 1; everything else counts as the template's own text, roles among it, of which there are only three.
    ///
    /// - Parameter asks: whether the text ends where an answer begins.
    func render(_ messages: [Message], asks: Bool) throws(TemplateError) -> JinjaText {
        let list = messages.enumerated().map { JinjaValue(members: ModelTemplate.members($1, source: $0 + 1)) }
        let tools = messages.first.flatMap { try? JSONText.parse($0.tools) }
        var values: [(name: String, value: JinjaValue)] = [
            ("messages", JinjaValue(list: list)), ("add_generation_prompt", .boolean(asks)),
            ("tools", tools.map { JinjaValue($0, source: messages.count + 1) } ?? .none), ("documents", .none),
        ]
        if let startToken { values.append(("bos_token", JinjaValue(startToken))) }
        if let endToken { values.append(("eos_token", JinjaValue(endToken))) }
        values += variables.map { ($0.key, JinjaValue($0.value, source: 0)) }
        let program = try parsed()
        let text: JinjaText
        do throws(JinjaError) { text = try program.render(values, date: date) } catch { throw TemplateError(error) }
        if let missing = ModelTemplate.missing(in: text, messages) {
            throw .cannotExpress(template: "of the model", missing)
        }
        return text
    }
}

extension ModelTemplate: Equatable {
    package static func == (left: ModelTemplate, right: ModelTemplate) -> Bool {
        left.members.serialized() == right.members.serialized()
    }
}

extension ModelTemplate {
    /// As members of a template's JSON; what is not set is left out.
    var members: JSONOutput {
        var members: [(key: String, value: JSONOutput)] = [("jinja", .string(source))]
        if let startToken { members.append(("startToken", .string(startToken))) }
        if let endToken { members.append(("endToken", .string(endToken))) }
        members.append(("ends", .array(ends.map { .string($0) })))
        members.append(("date", .string(date.text)))
        if !variables.isEmpty {
            members.append(("variables", .object(variables.map { ($0.key, JSONOutput($0.value)) })))
        }
        return .object(members)
    }

    /// Reads the members that `members` writes; all but `jinja` may be missing. Nil where one is something else.
    init?(_ object: JSONObject) {
        guard let source = object["jinja"]?.string else { return nil }
        var (startToken, endToken): (String?, String?)
        var ends: [String]?
        var date = JinjaDate()
        var variables: [JSONMember] = []
        for member in object.members {
            switch member.key {
            case "name", "jinja": break
            case "startToken":
                guard let text = member.value.string else { return nil }
                startToken = text
            case "endToken":
                guard let text = member.value.string else { return nil }
                endToken = text
            case "ends":
                guard let list = member.value.array else { return nil }
                let texts = list.compactMap(\.string)
                guard texts.count == list.count else { return nil }
                ends = texts
            case "date":
                guard let day = member.value.string.flatMap({ JinjaDate($0) }) else { return nil }
                date = day
            case "variables":
                guard let object = member.value.object else { return nil }
                variables = object.members
            default: return nil
            }
        }
        self.init(
            source: source, startToken: startToken, endToken: endToken, ends: ends, date: date, variables: variables)
    }
}

// What Jinja2 made of templates and conversations, as Tests/Fixtures/make_templates.py wrote it down.

import Foundation
import Jinja
import StrictJSON
import TestSupport
import Testing

struct TemplateFixture: Sendable {
    /// One rendering: the text, or nil where Jinja2 gave an error.
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let template: String
        let variables: [JSONMember]
        let expected: String?
        /// Whether it is Jinja that is not evaluated here.
        let isRefused: Bool
        /// What `{% generation %}` marks, in characters.
        let spans: [Range<Int>]

        var testDescription: String { name }

        /// - Parameter source: the origin of the variables' characters.
        func render(source: Int = 1) throws(JinjaError) -> JinjaText {
            var values: [(name: String, value: JinjaValue)] = []
            for member in variables { values.append((member.key, JinjaValue(member.value, source: source))) }
            return try JinjaProgram(template).render(values)
        }
    }

    let templates: [Case]
    let snippets: [Case]

    static let shared = Result { try TemplateFixture() }

    static func template(_ name: String) throws -> String {
        try String(contentsOfFile: TestData.fixture("templates/\(name).jinja"), encoding: .utf8)
    }

    private init() throws {
        let bytes = try Data(contentsOf: URL(fileURLWithPath: TestData.fixture("templates.json")))
        let top = try #require(JSONText.parse(Array(bytes)).object)
        // As Transformers passes them where a caller does not.
        let standard = try #require(
            JSONText.parse(#"{"tools": null, "documents": null, "add_generation_prompt": false}"#).object)
        var templates: [Case] = []
        for member in try #require(top["templates"]?.object).members {
            let source = try TemplateFixture.template(member.key)
            let specials = try #require(member.value.object?["specials"]?.object)
            let outputs = try #require(member.value.object?["outputs"]?.array)
            for (conversation, output) in zip(try #require(top["conversations"]?.array), outputs) {
                let variables = try #require(conversation.object?["variables"]?.object)
                let given = variables.members + specials.members
                let all = given + standard.members.filter { one in !given.contains { $0.key == one.key } }
                templates.append(
                    try Case(member.key + ": " + (conversation.object?["name"]?.string ?? ""), source, all, output))
            }
        }
        let variables = try #require(top["variables"]?.object)
        self.templates = templates
        snippets = try #require(top["snippets"]?.array).map { snippet in
            let source = try #require(snippet.object?["template"]?.string)
            return try Case(source, source, variables.members, snippet)
        }
    }
}

extension TemplateFixture.Case {
    fileprivate init(_ name: String, _ template: String, _ variables: [JSONMember], _ output: JSONNode) throws {
        self.init(
            name: name, template: template, variables: variables, expected: output.object?["expected"]?.string,
            isRefused: output.object?["refused"]?.bool ?? false,
            spans: try (output.object?["spans"]?.array ?? []).map { span in
                let places = try #require(span.array).compactMap(\.integer)
                return places[0]..<places[1]
            })
    }
}

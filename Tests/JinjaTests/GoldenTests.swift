// Templates in the shape of published models' and single snippets, against Jinja2 itself.

import Jinja
import Testing

@Suite struct GoldenTests {
    @Test func thereAreCases() throws {
        let fixture = try TemplateFixture.shared.get()
        #expect(fixture.templates.count >= 8 * 30 && fixture.snippets.count >= 250)
        #expect(fixture.snippets.count { $0.expected == nil } >= 90)
    }

    @Test(arguments: try TemplateFixture.shared.get().templates)
    func templatesGiveTheSameText(example: TemplateFixture.Case) { check(example) }

    @Test(arguments: try TemplateFixture.shared.get().snippets)
    func snippetsGiveTheSameText(example: TemplateFixture.Case) { check(example) }

    private func check(_ example: TemplateFixture.Case) {
        do {
            let text = try example.render().string
            #expect(!example.isRefused)
            // By scalars: Swift takes different spellings of a character for equal.
            let isSame = example.expected.map { Array($0.unicodeScalars) == Array(text.unicodeScalars) } ?? false
            #expect(isSame, "\(text.debugDescription) is not \(example.expected?.debugDescription ?? "an error")")
        } catch {
            #expect(example.expected == nil || example.isRefused, "\(error)")
        }
    }

    /// Transformers says where the output of `{% generation %}` is; so do the origins of the characters.
    @Test func generationIsMarked() throws {
        let examples = try TemplateFixture.shared.get().templates.filter { !$0.spans.isEmpty }
        #expect(examples.count >= 20)
        for example in examples {
            let text = try example.render()
            var marked: [Int] = []
            for (range, origin) in text.spans where origin.isGenerated { marked += range }
            #expect(marked == example.spans.flatMap { Array($0) }, "\(example.name)")
        }
    }
}

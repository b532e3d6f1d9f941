// A base's own chat template in a run: it is the default, it can be asked for, and another one overrides it.

import Conversations
import Foundation
import Inference
import Interchange
import Model
import Models
import StrictJSON
import TestSupport
import Testing
import Tokenizer
import Training

@Suite struct BaseTemplateTests {
    static let jinja = "{% for m in messages %}\n{{ m.role }}: {{ m.content | trim }}{{ eos_token }}\n{% endfor %}é\n"
    static let rows = #"{"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]}"#

    /// A Hugging Face folder with a tokenizer of bytes.
    private static func writeBase(_ folder: TemporaryFolder, template: String?) throws -> String {
        let path = folder.path + "/base"
        let model = TinyModel.make(
            ModelShape(vocabularySize: 257, contextLength: 64, blockCount: 1, headCount: 2, modelWidth: 8), seed: 2)
        try HuggingFaceFolder.write(model, endOfText: 256, to: path)
        try Tokenizer.bytes.write(to: path)
        if let template { _ = try folder.write(template, as: "base/chat_template.jinja") }
        return path
    }

    /// The template that a run's config holds after one step.
    private static func template(
        _ folder: TemporaryFolder, _ own: String?, data: String = rows, _ assignments: [String] = []
    ) throws -> String? {
        let base = try writeBase(folder, template: own)
        let text = Array(repeating: data + "\n", count: 8).joined()
        let file = try folder.write(text, as: "rows.jsonl")
        let config = """
            {"model": {"base": "\(base)"}, "data": {"train": "\(file)", "validationFraction": 0.25},
             "training": {"steps": 1, "batchSize": 2, "threads": 1}, "evaluation": {"every": 1, "batchSize": 2}}
            """
        let runs = try TinyRuns(folder, config: config)
        let name = "run\(try folder.names().count)"
        try runs.go(name, assignments)
        let written = try JSONText.parse(runs.read("config.json", of: name))
        let node = written.object?["data"]?.object?["template"]
        return node?.object?["jinja"]?.string ?? node?.object?["name"]?.string ?? node?.string
    }

    /// What came with a model is what a checkpoint of it holds and what an export writes, to the byte.
    @Test func aModelsTemplateIsKept() throws {
        let folder = try TemporaryFolder()
        let source = try ModelSource(path: try Self.writeBase(folder, template: Self.jinja))
        let template = try #require(source.template)
        #expect(template.jinja == Self.jinja && source.notes.isEmpty && source.templateDefect == nil)
        try source.load().withRunConfig().write(to: folder.path + "/kept.h5")
        let kept = try ModelSource(path: folder.path + "/kept.h5")
        #expect(kept.template == template)
        let saved = try kept.load()
        let responder = Responder(saved)
        #expect(responder.settings(seed: 1).endIDs == [256])
        let prompt = try responder.prompt([Message(.user, " q ")])
        #expect(prompt == Array("user: q".utf8).map { Int32($0) } + [256] + Array("\né".utf8).map { Int32($0) })
        for (format, name) in [(ExportFormat.huggingface, "/out"), (.gguf, "/out.gguf")] {
            _ = try ModelExport(kept, loaded: saved).write(format, type: .f32, to: folder.path + name)
            let again = try ModelSource(path: folder.path + name)
            #expect(again.template?.jinja == Self.jinja, "\(format)")
        }
    }

    @Test func theBasesTemplateIsTheDefault() throws {
        let folder = try TemporaryFolder()
        #expect(try Self.template(folder, Self.jinja) == Self.jinja)
        #expect(try Self.template(folder, Self.jinja, ["data.template=base"]) == Self.jinja)
        #expect(try Self.template(folder, Self.jinja, ["data.template=chat"]) == "chat")
    }

    @Test func withoutATemplateThereIsNoneToAskFor() throws {
        let folder = try TemporaryFolder()
        #expect(try Self.template(folder, nil) == "chat")
        let error = try #require(throws: TrainingError.self) {
            try Self.template(folder, nil, ["data.template=base"])
        }
        #expect(error == .noBaseTemplate)
    }

    /// It is named with its line where it would be used, and does not matter where it would not be.
    @Test(arguments: [[], ["data.template=base"]])
    func aTemplateThatCannotBeEvaluatedIsRefused(assignments: [String]) throws {
        let folder = try TemporaryFolder()
        let error = try #require(throws: TemplateError.self) {
            try Self.template(folder, "\n{{ messages | xmlattr }}", assignments)
        }
        #expect("\(error)" == "the chat template, line 2, column 15: the filter xmlattr is not supported")
        #expect(error.hint == "data.template sets another template")
        #expect(try Self.template(folder, "\n{{ messages | xmlattr }}", ["data.template=chat"]) == "chat")
        let text = #"{"text": "some text that is long enough"}"#
        if assignments.isEmpty {
            #expect(try Self.template(folder, "\n{{ messages | xmlattr }}", data: text) == nil)
        }
    }
}

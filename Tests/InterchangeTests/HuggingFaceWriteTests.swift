// What is written for Transformers comes back as it was.

import Foundation
import Interchange
import Kernels
import Model
import TestSupport
import Testing

@Suite("Hugging Face export")
struct HuggingFaceWriteTests {
    @Test(arguments: Fixture.all)
    func comesBackAsItWas(name: String) throws {
        let model = try GoldenModel(name).model
        let (layout, arena) = (model.layout, model.weights)
        let folder = try TemporaryFolder()
        let path = folder.path + "/" + name
        for _ in 0..<2 {  // The second time over the files of the first.
            try HuggingFaceFolder.write(model, endOfText: 7, to: path)
        }
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: path).sorted() == ["config.json", "model.safetensors"])
        let text = try String(contentsOfFile: path + "/config.json", encoding: .utf8)
        #expect(text.contains("\"layer_norm_epsilon\": 1e-05,") && text.contains("\"eos_token_id\": 7,"))

        let opened = try HuggingFaceFolder(path: path)
        var expected = try #require(ModelShape(gpt2: model.architecture))
        let hasBiases = expected.biases
        expected.biases = true
        #expect(opened.architecture == Architecture(gpt2: expected) && opened.endIDs == [7])
        #expect(opened.family.modelType == (name == "neo" ? "gpt_neo" : "gpt2"))
        let readLayout = ParameterLayout(opened.architecture)
        let read = FloatArena(count: readLayout.arenaCount)
        try opened.loadWeights(layout: readLayout, into: read)
        for parameter in readLayout.parameters {
            let found = Array(read.buffer[parameter.range])
            if let original = layout[parameter.name] {
                #expect(found == Array(arena.buffer[original.range]), "\(parameter.name)")
            } else {
                #expect(!hasBiases && parameter.name.hasSuffix(".bias") && found.allSatisfy { $0 == 0 })
            }
        }
    }

    @Test func aFolderThatCannotBeMadeIsNamed() throws {
        let model = try GoldenModel("single").model
        let folder = try TemporaryFolder()
        let path = folder.path + "/absent/deeper"
        let error = #expect(throws: InterchangeError.self) {
            try HuggingFaceFolder.write(model, endOfText: nil, to: path)
        }
        #expect(error?.description == "cannot create the folder \(path): No such file or directory")
    }
}

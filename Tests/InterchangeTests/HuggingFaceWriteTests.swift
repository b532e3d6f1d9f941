// What is written for Transformers comes back as it was.

import Foundation
import Interchange
import Kernels
import Model
import TestSupport
import Testing

@Suite("Hugging Face export")
struct HuggingFaceWriteTests {
    /// The config and the weights of a fixture.
    private static func model(_ fixture: Fixture) throws -> (ModelConfig, ParameterLayout, FloatArena) {
        let config = ModelConfig(
            vocabularySize: try fixture.integer("vocab_size"), contextLength: try fixture.integer("n_positions"),
            blockCount: try fixture.integer("n_layer"), headCount: try fixture.integer("n_head"),
            modelWidth: try fixture.integer("n_embd"), feedForwardWidth: try fixture.integer("n_inner"),
            activation: try fixture.text("activation_function") == "gelu" ? .geluExact : .geluTanh,
            biases: try fixture.flag("biases"), tiedHead: try fixture.flag("tie_word_embeddings"))
        let layout = ParameterLayout(config)
        let arena = FloatArena(count: layout.arenaCount)
        for parameter in layout.parameters {
            let values = try fixture.floats("parameter/" + parameter.name)
            #expect(try fixture.shape("parameter/" + parameter.name) == parameter.shape)
            _ = UnsafeMutableBufferPointer(rebasing: arena.buffer[parameter.range]).update(from: values)
        }
        return (config, layout, arena)
    }

    @Test(arguments: Fixture.all)
    func comesBackAsItWas(name: String) throws {
        let (config, layout, arena) = try Self.model(Fixture(named: name))
        let folder = try TemporaryFolder()
        let path = folder.path + "/" + name
        for _ in 0..<2 {  // The second time over the files of the first.
            try HuggingFaceFolder.write(config, layout: layout, weights: arena, endOfText: 7, to: path)
        }
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: path).sorted() == ["config.json", "model.safetensors"])
        let text = try String(contentsOfFile: path + "/config.json", encoding: .utf8)
        #expect(text.contains("\"layer_norm_epsilon\": 1e-05,") && text.contains("\"eos_token_id\": 7,"))

        let opened = try HuggingFaceFolder(path: path)
        var expected = config
        expected.biases = true
        #expect(opened.config == expected)
        let readLayout = ParameterLayout(opened.config)
        let read = FloatArena(count: readLayout.arenaCount)
        try opened.loadWeights(layout: readLayout, into: read)
        for parameter in readLayout.parameters {
            let found = Array(read.buffer[parameter.range])
            if let original = layout[parameter.name] {
                #expect(found == Array(arena.buffer[original.range]), "\(parameter.name)")
            } else {
                #expect(!config.biases && parameter.name.hasSuffix(".bias") && found.allSatisfy { $0 == 0 })
            }
        }
    }

    @Test func aFolderThatCannotBeMadeIsNamed() throws {
        let (config, layout, arena) = try Self.model(Fixture(named: "single"))
        let folder = try TemporaryFolder()
        let path = folder.path + "/absent/deeper"
        let error = #expect(throws: InterchangeError.self) {
            try HuggingFaceFolder.write(config, layout: layout, weights: arena, endOfText: nil, to: path)
        }
        #expect(error?.description == "\(path): cannot create the folder: No such file or directory")
    }
}

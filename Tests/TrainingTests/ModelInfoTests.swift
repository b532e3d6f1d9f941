// What is read of a checkpoint's `/config`: the same as the run meant, with the same defaults, and nothing of training.

import Conversations
import Model
import Models
import TestSupport
import Testing
import Training

@Suite struct ModelInfoTests {
    private static func read(_ text: String) throws -> ModelInfo {
        try ModelInfo(config: Array(text.utf8), path: "a.h5/config", vocabularySize: 300)
    }

    private static func info(_ config: RunConfig) throws -> ModelInfo {
        config.modelInfo(try config.architecture(vocabularySize: 300))
    }

    private static let sizes =
        "\"model\": {\"contextLength\": 256, \"blockCount\": 4, \"headCount\": 4, \"modelWidth\": 128}"

    @Test func whatARunMeantIsRead() throws {
        var config = RunConfig()
        #expect(try Self.read(config.serialized()) == Self.info(config))
        (config.model.blockCount, config.model.headCount, config.model.modelWidth) = (3, 6, 48)
        (config.model.feedForwardWidth, config.model.contextLength) = (100, 77)
        (config.model.activation, config.model.biases, config.model.tiedHead) = (.geluExact, false, false)
        (config.model.layerNormEpsilon, config.model.attentionWindows) = (1e-6, [0, 8, 0])
        (config.model.scalesAttention, config.model.scalesAttentionByBlock) = (false, true)
        config.model.attentionInputBias = false
        (config.method.type, config.method.rank, config.method.alpha) = ("lora", 3, 7.5)
        (config.method.dropout, config.method.targets) = (0.25, ["c_fc", "attn.c_proj"])
        (config.generation.maximumTokens, config.generation.temperature, config.generation.topK) = (5, 0.3, 9)
        (config.generation.topP, config.generation.repetitionPenalty) = (0.5, 1.5)
        config.generation.stop = ["one", "two"]
        (config.data.template, config.data.startToken, config.data.promptLossWeight) = (.instruction, true, 0.125)
        #expect(try Self.read(config.serialized()) == Self.info(config))
    }

    /// What is known of it, and defaults for a training.
    @Test func aModelOfOtherOriginGetsTheConfigOfARun() throws {
        let model = TinyModel.make()
        var info = ModelInfo(model.architecture)
        info.template = .instruction
        let saved = try SavedModel(model: model, tokenizer: .bytes, info: info, configText: nil).withRunConfig()
        var config = RunConfig()
        config.training.precision = "f32"
        config.adopt(model.architecture)
        config.data.template = .instruction
        #expect(saved.configText == Array(config.serialized().utf8) && saved.info == info)
        // A checkpoint keeps its own.
        config.training.batchSize = 77
        let own = SavedModel(model: model, tokenizer: .bytes, config: config)
        #expect(try own.withRunConfig().configText == own.configText)
    }

    /// A checkpoint of an earlier version lacks the keys that came later.
    @Test func whatIsMissingHasTheDefaultOfTraining() throws {
        #expect(try Self.read("{\(Self.sizes)}") == Self.info(RunConfig()))
        let lora = try Self.read("{\(Self.sizes), \"method\": {\"type\": \"lora\"}}")
        #expect(lora.adapter == AdapterConfig())
    }

    @Test(arguments: ConfigKey.all.filter { ["tokenizer", "training", "evaluation"].contains($0.section) }.map(\.path))
    func nothingOfTheTrainingIsRead(key: String) throws {
        let (section, name) = (key.prefix { $0 != "." }, key.split(separator: ".")[1])
        #expect(
            try Self.read("{\(Self.sizes), \"\(section)\": {\"\(name)\": {\"no\": \"value\"}}}")
                == Self.info(RunConfig()))
    }

    @Test(arguments: [
        ("{\"modell\": {}}", "a.h5/config has no model.contextLength"),
        ("[]", "a.h5/config, line 1, column 1: the config is an array, not an object"),
        (
            "{\"model\": 3}",
            "a.h5/config, line 1, column 11: model is a group of keys and takes an object, not a number"
        ),
        (
            "{\(sizes), \"generation\": {\"topk\": 3}}",
            "a.h5/config, line 1, column 102: unknown key generation.topk; did you mean generation.topK?"
        ),
        (
            "{\(sizes), \"generation\": {\"temperature\": -1}}",
            "a.h5/config, line 1, column 117: generation.temperature is -1; it takes number from 0.0 to 100.0"
        ),
        (
            "{\"model\": {\"contextLength\": 0}}",
            "a.h5/config, line 1, column 29: model.contextLength is 0; it takes integer from 1 to 1048576"
        ),
    ]) func whatCannotBeRead(text: String, message: String) {
        let error = #expect(throws: ModelError.self) { try Self.read(text) }
        #expect(error?.description == message)
    }
}

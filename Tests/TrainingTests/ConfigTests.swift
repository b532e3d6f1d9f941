// The config: defaults as documented, every value read back.

import StrictJSON
import TestSupport
import Testing
import Training

@Suite struct ConfigTests {
    /// The documented defaults; null if they depend on other values.
    static let defaults: [(path: String, value: String)] = [
        ("model.base", "null"), ("model.blockCount", "4"), ("model.headCount", "4"), ("model.modelWidth", "128"),
        ("model.feedForwardWidth", "null"), ("model.contextLength", "256"), ("model.activation", "\"gelu-tanh\""),
        ("model.biases", "true"), ("model.tiedHead", "true"), ("model.layerNormEpsilon", "1e-05"),
        ("model.attentionWindows", "[]"), ("model.scalesAttention", "true"), ("model.scalesAttentionByBlock", "false"),
        ("model.attentionInputBias", "true"),
        ("model.embeddingDropout", "null"), ("model.attentionDropout", "null"), ("model.residualDropout", "null"),
        ("tokenizer.path", "null"), ("tokenizer.vocabularySize", "4096"), ("tokenizer.split", "\"gpt2\""),
        ("data.train", "[]"), ("data.validation", "[]"), ("data.test", "[]"), ("data.format", "\"auto\""),
        ("data.ignoreKeys", "[]"), ("data.template", "null"), ("data.promptLossWeight", "0.0"),
        ("data.overlong", "\"error\""),
        ("data.rowsWithoutLoss", "\"error\""),
        ("data.validationFraction", "0.1"), ("data.testFraction", "0.0"), ("data.splitSeed", "1"),
        ("data.shuffle", "true"), ("data.startToken", "false"), ("data.safetyMix", "0.0"),
        ("method.type", "\"full\""), ("method.rank", "8"), ("method.alpha", "16.0"), ("method.dropout", "0.0"),
        ("method.targets", "[\"attention\"]"), ("method.baseWeights", "\"f32\""),
        ("method.objective", "\"likelihood\""), ("method.beta", "0.1"),
        ("training.epochs", "3"), ("training.steps", "null"), ("training.batchSize", "8"),
        ("training.accumulation", "1"), ("training.learningRate", "null"), ("training.minimumLearningRate", "null"),
        ("training.schedule", "\"cosine\""), ("training.cooldownFraction", "0.2"), ("training.earlierPlans", "[]"),
        ("training.warmupSteps", "null"), ("training.weightDecay", "0.01"),
        ("training.beta1", "0.9"), ("training.beta2", "0.999"), ("training.epsilon", "1e-08"),
        ("training.gradientClip", "1.0"), ("training.lossSpikes", "\"warn\""), ("training.spikeDeviations", "10.0"),
        ("training.seed", "1"), ("training.precision", "\"auto\""),
        ("training.recomputeActivations", "false"), ("training.shardOptimizer", "false"), ("training.threads", "0"),
        ("training.saveEvery", "null"),
        ("training.keepLast", "2"),
        ("training.logEvery", "10"), ("training.logAccuracy", "false"), ("training.keepEpochs", "false"),
        ("training.earlyStoppingPatience", "null"),
        ("evaluation.every", "null"), ("evaluation.batchSize", "8"), ("evaluation.maximumTokens", "null"),
        ("evaluation.window", "null"), ("evaluation.stride", "null"), ("evaluation.samples", "[]"),
        ("evaluation.asksSamples", "false"), ("evaluation.batchEvery", "null"),
        ("generation.maximumTokens", "64"), ("generation.temperature", "0.8"), ("generation.topK", "0"),
        ("generation.topP", "1.0"), ("generation.repetitionPenalty", "1.0"), ("generation.stop", "[]"),
    ]

    @Test func defaultsAreTheDocumentedOnes() throws {
        #expect(ConfigKey.all.map(\.path) == Self.defaults.map(\.path))
        let root = try #require(try JSONText.parse(RunConfig().serialized()).object)
        for (path, value) in Self.defaults {
            let parts = path.split(separator: ".").map(String.init)
            let key = try #require(ConfigKey.all.first { $0.path == path })
            guard !key.omitsDefault else {
                #expect(root[parts[0]]?.object?[parts[1]] == nil && key.defaultText == value.filter { $0 != "\"" })
                continue
            }
            let node = try #require(root[parts[0]]?.object?[parts[1]])
            #expect(JSONOutput(node).serialized() == value, "\(path)")
        }
        #expect(ConfigKey.all.allSatisfy { !$0.meaning.isEmpty && !$0.values.isEmpty && !$0.defaultText.isEmpty })
    }

    /// Dropout and the learning rate depend on the base; the widths depend on each other.
    @Test func defaultsThatDependOnOthers() {
        var fromScratch = RunConfig()
        fromScratch.resolve(totalSteps: 1_000)
        #expect(fromScratch.training.learningRate == 1e-3 && fromScratch.training.minimumLearningRate == 1e-4)
        #expect(fromScratch.model.embeddingDropout == 0 && fromScratch.model.attentionDropout == 0)
        #expect(fromScratch.model.residualDropout == 0 && fromScratch.model.feedForwardWidth == 512)
        #expect(fromScratch.evaluation.window == 256 && fromScratch.evaluation.stride == 256)

        var fromBase = RunConfig()
        fromBase.model.base = "somewhere"
        fromBase.evaluation.window = 64
        fromBase.resolve(totalSteps: 1_000)
        #expect(fromBase.training.learningRate == 5e-5 && fromBase.training.minimumLearningRate == 5e-6)
        #expect(fromBase.model.embeddingDropout == 0.1 && fromBase.model.attentionDropout == 0.1)
        #expect(fromBase.model.residualDropout == 0.1 && fromBase.evaluation.stride == 64)

        var given = RunConfig()
        given.training.learningRate = 0.5
        given.training.minimumLearningRate = 0
        given.training.warmupSteps = 7
        given.model.residualDropout = 0.25
        let before = given
        given.resolve(totalSteps: 1_000)
        #expect(given.training.learningRate == before.training.learningRate)
        #expect(given.training.minimumLearningRate == 0 && given.training.warmupSteps == 7)
        #expect(given.model.residualDropout == 0.25 && given.model.attentionDropout == 0)
    }

    /// A config in which no key has its default.
    static let everything = """
        { // every key
            "model": {
                "base": "bäse", "blockCount": 2, "headCount": 3, "modelWidth": 48, "feedForwardWidth": 100,
                "contextLength": 17, "activation": "gelu-exact", "biases": false, "tiedHead": false,
                "attentionWindows": [0, 7],                "scalesAttention": false, "scalesAttentionByBlock": true, "attentionInputBias": false,
                "layerNormEpsilon": 1e-6, "embeddingDropout": 0.125, "attentionDropout": 0.25, "residualDropout": 0.5
            },
            "tokenizer": { "path": "t", "vocabularySize": 300, "split": "none" },
            "data": {
                "train": ["a", "b"], "validation": "c", "test": ["d"], "format": "lines", "validationFraction": 0.2,
                "testFraction": 0.3, "splitSeed": 9, "shuffle": false, "startToken": true, "safetyMix": 0.25, "template": "chat",
                "promptLossWeight": 0.5, "overlong": "drop", "rowsWithoutLoss": "drop", "ignoreKeys": ["note"]
            },
            "method": { "type": "lora", "rank": 4, "alpha": 8, "dropout": 0.1, "targets": ["all"], "baseWeights": "q4",
                "objective": "dpo", "beta": 0.25 },
            "training": {
                "epochs": 5, "steps": 77, "batchSize": 3, "accumulation": 2, "learningRate": 3e-4,
                "minimumLearningRate": 0, "schedule": "linear", "cooldownFraction": 0.5,
                "earlierPlans": [
                    { "schedule": "wsd", "steps": 20, "cooldownFraction": 0.2, "until": 20 },
                    { "schedule": "cosine", "steps": 40, "cooldownFraction": 0.5, "until": 30 }
                ], "warmupSteps": 0, "weightDecay": 0, "beta1": 0.5,
                "beta2": 0.75, "epsilon": 1e-6, "gradientClip": 0, "lossSpikes": "skip", "spikeDeviations": 7.5, "seed": 42, "precision": "bf16", "threads": 2,
                "recomputeActivations": true, "shardOptimizer": true, "saveEvery": 11, "keepLast": 1, "logEvery": 1, "logAccuracy": true, "keepEpochs": true,
                "earlyStoppingPatience": 4
            },
            "evaluation": {
                "every": 6, "batchSize": 1, "maximumTokens": 1000, "window": 16, "stride": 4, "samples": ["x\\ny"],
                "asksSamples": true, "batchEvery": 9
            },
            "generation": {
                "maximumTokens": 1, "temperature": 0, "topK": 40, "topP": 0.9, "repetitionPenalty": 1.5,
                "stop": ["\\n", "é"] // the end
            }
        }
        """

    @Test func everyKeyIsReadAndReadsBack() throws {
        var reader = ConfigReader()
        try reader.read(Array(Self.everything.utf8), path: "c.json")
        let unchanged = ConfigKey.all.map(\.path).filter { path in
            !reader.config.differences(from: RunConfig()).contains { $0.path == path }
        }
        #expect(unchanged.isEmpty)
        #expect(Set(reader.origins.keys) == Set(ConfigKey.all.map(\.path)))
        #expect(reader.origins["model.base"] == "c.json, line 3, column 9")
        #expect(reader.config.data.validation == ["c"])

        for config in [reader.config, RunConfig()] {
            var again = ConfigReader()
            try again.read(Array(config.serialized().utf8), path: "again")
            #expect(again.config == config)
            #expect(again.config.serialized() == config.serialized())
        }
    }

    @Test func theLaterValueWins() throws {
        var reader = ConfigReader()
        try reader.read(Array("{\"training\": {\"seed\": 2, \"epochs\": 9}}".utf8), path: "a.json")
        try reader.set(assignment: "training.seed=3")
        try reader.set("training.batchSize", toText: "16", source: "--batch-size 16", origin: "--batch-size")
        #expect(reader.config.training.seed == 3 && reader.config.training.epochs == 9)
        #expect(reader.config.training.batchSize == 16)
        #expect(
            reader.origins == [
                "training.seed": "--set", "training.epochs": "a.json, line 1, column 26",
                "training.batchSize": "--batch-size",
            ])
    }

    /// A run's config is kept; given values may change only the keys that are allowed to change.
    @Test func mergingIntoAnEarlierConfig() throws {
        var earlier = ConfigReader()
        try earlier.read(Array(Self.everything.utf8), path: "run/config.json")
        var now = ConfigReader()
        try now.set(assignment: "training.steps=99")
        try now.set(assignment: "training.seed=42")
        let differences = try now.merge(into: earlier, changeable: ["training.steps"])
        #expect(differences.map(\.path) == ["training.steps"])
        #expect(differences.map(\.here) == ["99"] && differences.map(\.there) == ["77"])
        var expected = earlier.config
        expected.training.steps = 99
        #expect(now.config == expected)

        var other = ConfigReader()
        try other.set(assignment: "training.seed=43")
        #expect(throws: TrainingError.configChanged(key: "training.seed", run: "42", now: "43")) {
            try other.merge(into: earlier, changeable: ["training.steps"])
        }
    }
}

// The defaults that `luthier train --help` prints are the ones that a run uses.

import StrictJSON
import Testing
import Training

@Suite struct ConfigDefaultTests {
    /// Keys whose default depends on other values: the printed text, and the resolved values of four runs of 1,000 steps:
    /// trained from scratch, from scratch with other sizes, from a base, and from a base with LoRA.
    static let dependent: [(path: String, text: String, resolved: [String])] = [
        ("model.feedForwardWidth", "4 × modelWidth", ["512", "256", "512", "512"]),
        ("model.embeddingDropout", "0.1 from a base, otherwise 0", ["0.0", "0.0", "0.1", "0.1"]),
        ("model.attentionDropout", "0.1 from a base, otherwise 0", ["0.0", "0.0", "0.1", "0.1"]),
        ("model.residualDropout", "0.1 from a base, otherwise 0", ["0.0", "0.0", "0.1", "0.1"]),
        (
            "training.learningRate",
            "1e-3 from scratch, 2e-4 with LoRA, 5e-5 from a base, a tenth of it for preferences",
            ["0.001", "0.001", "5e-05", "0.0002"]
        ),
        ("training.minimumLearningRate", "a tenth of learningRate", ["0.0001", "0.0001", "5e-06", "2e-05"]),
        ("training.warmupSteps", "6 % of the steps, at most 100", ["60", "60", "60", "60"]),
        ("evaluation.window", "contextLength", ["256", "32", "256", "256"]),
        ("evaluation.stride", "window", ["256", "16", "256", "256"]),
    ]

    /// Keys that stay null in a run, or are set elsewhere, with the printed text.
    static let unresolved: [(path: String, text: String)] = [
        ("model.base", "null"), ("tokenizer.path", "the base's, otherwise one is trained"),
        (
            "data.template",
            "base if it has one, otherwise for conversations tokens if the tokenizer is trained here, else chat for chat "
                + "rows and instruction for instruction rows, else raw"
        ),
        ("training.steps", "null"), ("training.saveEvery", "at each evaluation"),
        ("training.earlyStoppingPatience", "null"), ("evaluation.every", "each epoch"),
        ("evaluation.maximumTokens", "all"),
    ]

    private static var runs: [RunConfig] {
        var runs = [RunConfig](repeating: RunConfig(), count: 4)
        (runs[1].model.modelWidth, runs[1].model.contextLength, runs[1].evaluation.window) = (64, 64, 32)
        runs[1].evaluation.stride = 16
        runs[2].model.base = "base"
        runs[3].model.base = "base"
        runs[3].method.type = "lora"
        for index in runs.indices { runs[index].resolve(totalSteps: 1000) }
        return runs
    }

    /// The value of a key as it is written to a config.
    private static func value(_ path: String, _ config: RunConfig) throws -> String {
        let parts = path.split(separator: ".").map(String.init)
        let root = try #require(try JSONText.parse(config.serialized()).object)
        return JSONOutput(try #require(root[parts[0]]?.object?[parts[1]])).serialized()
    }

    @Test func constantDefaultsArePrintedAsTheyAre() throws {
        let others = Set(Self.dependent.map(\.path) + Self.unresolved.map(\.path))
        for key in ConfigKey.all where !others.contains(key.path) && !key.omitsDefault {
            let value = try Self.value(key.path, RunConfig())
            #expect(value != "null", "\(key.path) needs an entry in this test")
            #expect(value == key.defaultText || value == "\"\(key.defaultText)\"", "\(key.path)")
        }
    }

    @Test func dependentDefaultsAreResolvedAsPrinted() throws {
        let keys = Dictionary(uniqueKeysWithValues: ConfigKey.all.map { ($0.path, $0) })
        for (path, text) in Self.unresolved {
            #expect(keys[path]?.defaultText == text, "\(path)")
            #expect(try Self.value(path, RunConfig()) == "null", "\(path)")
        }
        let runs = Self.runs
        for (path, text, resolved) in Self.dependent {
            #expect(keys[path]?.defaultText == text, "\(path)")
            #expect(try runs.map { try Self.value(path, $0) } == resolved, "\(path)")
        }
        var long = RunConfig()
        long.resolve(totalSteps: 100_000)
        #expect(long.training.warmupSteps == 100)
    }

    /// Each number in the learning rate's text is the one that a run with this condition uses.
    @Test(arguments: [("from scratch", 0), ("with LoRA", 3), ("from a base", 2)])
    func theLearningRateIsThePrintedOne(_ condition: String, _ run: Int) throws {
        let text = try #require(ConfigKey.all.first { $0.path == "training.learningRate" }?.defaultText)
        let part = try #require(text.split(separator: ", ").first { $0.hasSuffix(condition) })
        let printed = try #require(part.split(separator: " ").first.flatMap { Double($0) })
        #expect(Self.runs[run].training.learningRate == printed)
    }

    @Test func preferencesAreLearnedInSmallerSteps() {
        for objective in Objective.allCases {
            var config = RunConfig()
            (config.model.base, config.method.type, config.method.objective) = ("base", "lora", objective)
            config.resolve(totalSteps: 100)
            #expect(config.training.learningRate == (objective == .likelihood ? 2e-4 : 2e-5))
        }
    }

    @Test func everyMeaningIsASentence() {
        for key in ConfigKey.all {
            #expect(key.meaning.first?.isUppercase == true && key.meaning.hasSuffix("."), "\(key.path)")
        }
    }
}

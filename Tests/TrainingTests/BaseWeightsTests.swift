// Runs whose frozen base is held in few bytes: training, resuming, evaluating, exporting, and what is refused.

import Checkpoint
import Evaluation
import Kernels
import Model
import Models
import TestSupport
import Testing
import Tokenizer
import Training

@Suite struct BaseWeightsTests {
    private static func settings(_ place: TemporaryFolder, _ format: WeightFormat) -> [String] {
        [
            "model.base=\(place.path)/base", "method.type=lora", "method.rank=3", "method.targets=all",
            "method.dropout=0.1", "method.baseWeights=\(format)", "training.recomputeActivations=true",
        ]
    }

    /// Stopped twice, a run ends with the bytes of one left alone; its checkpoint says how its base was held.
    @Test(arguments: [WeightFormat.bf16, .int8, .q4]) func aRunAndItsResumption(format: WeightFormat) throws {
        try withTemporaryFolder { place in
            let runs = try TinyRuns(place)
            try runs.go("base")
            let settings = Self.settings(place, format)
            let (_, report) = try runs.go("full", settings)
            #expect(report.summaries[0].memory.baseWeights == format)
            for (index, step) in [5, 16].enumerated() {
                try runs.go("stopped", resume: index > 0, settings) { $0.steps.last?.step ?? 0 >= step }
            }
            try runs.go("stopped", resume: true, settings)
            try ResumeTests.expectEqualRuns(runs, "full", "stopped")
            #expect(try runs.read("config.json", of: "full").contains("\"baseWeights\": \"\(format)\""))

            // The same losses as recorded, on the base as it was rounded; merged into float they are others.
            let last = try #require(report.evaluations.last)
            let source = try ModelSource(path: runs.run("full").checkpoint(step: 30))
            #expect(
                source.notes == [
                    "its adapters were trained on a base rounded to \(format): eval measures them on that base; everything "
                        + "else merges them into the base's own weights"
                ])
            let prepared = try PreparedRun.prepare(runs.request("again", settings)) { _ in }
            let text = try #require(prepared.data.splits[.validation])
            let evaluator = Evaluator(window: 8, stride: 8, batchSize: 2)
            func loss(_ saved: SavedModel) throws -> Double? {
                try evaluator.evaluate(saved.model, text, tokenizer: saved.tokenizer, split: "validation")?.loss
            }
            #expect(try loss(source.loadAsTrained()) == last.result.loss)
            let merged = try source.load()
            #expect(merged.model.adapters == nil && merged.model.frozenBase == nil)
            let other = try #require(try loss(merged))
            #expect(abs(other - last.result.loss) > 1e-7 && abs(other - last.result.loss) < 0.2 * last.result.loss)

            // PEFT gets the adapters, for the base in float.
            let exported = try ModelExport(source, loaded: merged).write(
                .peft, type: .f32, to: place.path + "/adapter")
            #expect(exported.largestDifference < 1e-5)
        }
    }

    /// A base that was merged in float: another run's adapters.
    @Test func aRunWithAdaptersIsABase() throws {
        try withTemporaryFolder { place in
            let runs = try TinyRuns(place)
            try runs.go("base")
            try runs.go("first", Self.settings(place, .int8))
            var settings = Self.settings(place, .q4)
            settings[0] = "model.base=\(place.path)/first"
            let (result, _) = try runs.go("second", settings)
            #expect(result.stopped == .finished)
            let source = try ModelSource(path: place.path + "/second")
            #expect(try source.loadAsTrained().model.frozenBase?.format == .q4)
        }
    }

    /// What is rounded is what `load` gives, and its hash is that of the weights in float.
    @Test func theHashIsTheFloats() throws {
        try withTemporaryFolder { place in
            let runs = try TinyRuns(place)
            try runs.go("base")
            let source = try ModelSource(path: place.path + "/base")
            let (model, float) = (try source.loadFrozen(.int8), try source.load().model)
            #expect(model.hash == SavedModel.hash(of: float))
            let decoded = try #require(model.model.frozenBase).decoded()
            withExtendedLifetime((decoded, float)) {
                #expect(relativeError(Array(decoded.buffer), float.weights.buffer.map(Double.init)) < 1e-2)
            }
        }
    }

    @Test func whatIsRefused() throws {
        try withTemporaryFolder { place in
            let runs = try TinyRuns(place)
            try runs.go("base")
            let full = #expect(throws: ConfigError.self) {
                try runs.go("full", ["model.base=\(place.path)/base", "method.baseWeights=int8"])
            }
            #expect(full?.description.contains("method.baseWeights is int8, but method.type full") == true)
            let rounded = #expect(throws: ConfigError.self) {
                try runs.go("bf16", Self.settings(place, .q4) + ["training.precision=bf16"])
            }
            #expect(rounded?.description.contains("products with method.baseWeights q4 are in float") == true)
        }
    }
}

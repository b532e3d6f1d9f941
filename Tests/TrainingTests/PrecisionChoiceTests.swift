// `training.precision: "auto"`: the faster precision by an injected measurement, kept by the run's folder.

import Foundation
import Kernels
import Model
import Models
import StrictJSON
import TestSupport
import Testing
import Training

@Suite struct PrecisionChoiceTests {
    private static func load(width: Int = 1024, isFrozen: Bool = false) -> ProductLoad {
        let shape = ModelShape(
            vocabularySize: 5_000, contextLength: 64, blockCount: 3, headCount: 2, modelWidth: width)
        return ProductLoad(
            architecture: Architecture(gpt2: shape), rows: 32, microBatches: 2, isFrozen: isFrozen)
    }

    private static func choose(_ given: String, f32: Double, bf16: Double?, width: Int = 1024) -> PrecisionChoice {
        PrecisionChoice.make(
            given, load(width: width), PrecisionMeter { _ in ProductRates(f32: f32 * 1e9, bf16: bf16.map { $0 * 1e9 }) }
        )
    }

    @Test func theFasterOneIsTaken() {
        let fast = Self.choose("auto", f32: 100, bf16: 111)
        #expect(fast.precision == .bf16)
        #expect(
            fast.notice
                == "training.precision auto: bf16, whose products run at 111 GFLOP/s, against 100 GFLOP/s in f32")
        for rate in [110.0, 99, 40] {
            let close = Self.choose("auto", f32: 100, bf16: rate)
            #expect(close.precision == .f32)
            #expect(
                close.notice
                    == "training.precision auto: f32, whose products run at 100 GFLOP/s; bf16's run at \(Int(rate)) GFLOP/s, "
                    + "and 10 % more are asked for")
        }
        let none = Self.choose("auto", f32: 100, bf16: nil)
        #expect(
            none.precision == .f32
                && none.notice?.hasSuffix("f32 at 100 GFLOP/s; this processor multiplies no bfloat16") == true)
        let small = Self.choose("auto", f32: 1, bf16: 100, width: 16)
        #expect(small.precision == .f32 && small.notice?.contains("too small") == true)
    }

    /// What is given explicitly is taken; bf16 is measured, since it may be slower.
    @Test func anExplicitValueIsKept() {
        let slow = Self.choose("bf16", f32: 200, bf16: 150)
        #expect(slow.precision == .bf16)
        #expect(
            slow.notice == "training.precision bf16 is slower here: 150 GFLOP/s, against 200 GFLOP/s in f32")
        #expect(Self.choose("bf16", f32: 200, bf16: 201) == PrecisionChoice(precision: .bf16, notice: nil))
        let unmeasured = PrecisionMeter { _ in
            Issue.record("measured")
            return ProductRates(f32: 1, bf16: 9)
        }
        #expect(PrecisionChoice.make("f32", Self.load(), unmeasured) == PrecisionChoice(precision: .f32, notice: nil))
    }

    /// 12 C² weights in each of three blocks and V · C in the head, on 32 rows twice.
    @Test func theLoadOfAStep() {
        let (load, C) = (Self.load(), 1024.0)
        #expect(load.flops == 6 * (3 * 12 * C * C + 5_000 * C) * 64)
        #expect(Self.load(isFrozen: true).flops == load.flops * 4 / 6)
        #expect(load.shapes.map(\.count) == [3, 3, 3, 1, 3])
    }

    /// A real measurement ends, and gives plausible numbers for parts of matrices as for complete ones.
    @Test(arguments: [false, true]) func theMachineIsMeasured(isFrozen: Bool) {
        var load = Self.load(isFrozen: isFrozen)
        (load.architecture.vocabularySize, load.rows) = (6_000, 64)
        let rates = PrecisionMeter.machine.rates(load)
        #expect(rates.f32 > 1e8 && rates.f32 < 1e14)
        #expect((rates.bf16 != nil) == RoundedWeight.isSupported && rates.bf16 ?? 1e9 > 1e8)
    }

    /// A run writes what it took; what resumes it measures nothing and keeps it.
    @Test(arguments: RoundedWeight.isSupported ? [Precision.f32, .bf16] : [.f32])
    func aRunKeepsWhatWasMeasured(precision: Precision) throws {
        try withTemporaryFolder { place in
            var runs = try TinyRuns(place)
            runs.config = runs.config.replacingOccurrences(of: "\"modelWidth\": 16", with: "\"modelWidth\": 1024")
                .replacingOccurrences(of: "\"steps\": 30", with: "\"steps\": 2")
                .replacingOccurrences(of: "\"precision\": \"f32\", ", with: "")
                .replacingOccurrences(of: "\"batchSize\": 2, \"accumulation\": 2", with: "\"batchSize\": 4")
            func prepare(resume: Bool, _ assignments: [String], _ rates: ProductRates?) throws -> (
                PreparedRun, [String]
            ) {
                var request = try runs.request("a", resume: resume, assignments)
                request.meter = PrecisionMeter { _ in
                    if rates == nil { Issue.record("measured again") }
                    return rates ?? ProductRates(f32: 1, bf16: 1)
                }
                var notices: [String] = []
                return (try PreparedRun.prepare(request) { notices.append($0) }, notices)
            }
            let rates = ProductRates(f32: 1e11, bf16: precision == .bf16 ? 2e11 : 5e10)
            let (prepared, notices) = try prepare(resume: false, [], rates)
            #expect(prepared.config.training.precision == precision.rawValue)
            #expect(prepared.trainer.precision == precision)
            #expect(notices.contains { $0.hasPrefix("training.precision auto: \(precision.rawValue), ") })
            #expect(prepared.origins.serialized().contains("\"training.precision\":\"measured\""))

            // As the run leaves it.
            try FileManager.default.createDirectory(atPath: runs.run("a").path, withIntermediateDirectories: true)
            try place.write(prepared.config.serialized(), as: "a/config.json")
            try place.write(prepared.origins.serialized(), as: "a/origins.json")
            try prepared.saved.write(
                to: runs.run("a").checkpoint(step: 0), optimizer: prepared.trainer.optimizer,
                state: prepared.trainer.state)
            for given in [[], ["training.precision=auto"]] {
                let (resumed, silent) = try prepare(resume: true, given, nil)
                #expect(resumed.config == prepared.config && silent == [])
                #expect(resumed.origins.serialized().contains("\"training.precision\":\"measured\""))
            }
            let other = precision == .f32 ? "bf16" : "f32"
            #expect(throws: TrainingError.self) { try prepare(resume: true, ["training.precision=\(other)"], nil) }
        }
    }

    /// A model that was not trained here has float in its config, as ever.
    @Test func importedModelsSayF32() {
        let info = ModelInfo(Architecture(gpt2: TinyModel.config()))
        #expect(RunConfig(info).training.precision == "f32" && RunConfig().training.precision == "auto")
    }
}

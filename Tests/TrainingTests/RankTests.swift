// Several processes that train one model: the same samples, the same sums, and what each of them owns.

import Communication
import Datasets
import Evaluation
import Kernels
import Model
import Models
import TestSupport
import Testing
import Training

@Suite struct MicroBatchTests {
    static func windows(_ counts: [Int]) -> ArraySlice<Window> {
        var start = 0
        return counts.map { count in
            defer { start += count + 1 }
            return Window(start: start, count: count, source: 0)
        }[...]
    }

    @Test func everyWindowOnceInOrder() {
        var generator = SplitMix64(seed: 5)
        for _ in 0..<200 {
            let windows = Self.windows((0..<(1 + generator.below(40))).map { _ in 1 + generator.below(50) })
            let (accumulation, ranks) = (1 + generator.below(6), 1 + generator.below(5))
            let parts = TrainingSet.microBatches(windows, accumulation: accumulation, ranks: ranks)
            #expect(parts.count % ranks == 0 && parts.count >= accumulation && parts.count < accumulation + ranks)
            #expect(parts.flatMap { $0 } == Array(windows))
            #expect(windows.count < parts.count || parts.allSatisfy { !$0.isEmpty })
        }
    }

    @Test func theWorkIsDividedEvenly() {
        // Cut by number, the first half would have 100 tokens and the second 8.
        let windows = Self.windows([50, 20, 20, 10, 2, 2, 2, 2])
        let parts = TrainingSet.microBatches(windows, accumulation: 2)
        #expect(parts.map { $0.reduce(0) { $0 + $1.count } } == [50, 58])
        let equal = TrainingSet.microBatches(Self.windows(Array(repeating: 8, count: 12)), accumulation: 4)
        #expect(equal.map(\.count) == [3, 3, 3, 3])
    }

    @Test func ranksThatDivideTheMicroBatchesHaveThoseOfOne() {
        let windows = Self.windows([9, 3, 8, 1, 4, 4, 7, 2, 6, 6, 5, 1])
        let one = TrainingSet.microBatches(windows, accumulation: 4)
        for ranks in [2, 4] { #expect(TrainingSet.microBatches(windows, accumulation: 4, ranks: ranks) == one) }
    }
}

@Suite struct GradientBucketTests {
    static func layouts() -> [(ParameterLayout, Architecture)] {
        [true, false].flatMap { tied -> [(ParameterLayout, Architecture)] in
            let shape = ModelShape(
                vocabularySize: 300, contextLength: 40, blockCount: 5, headCount: 4, modelWidth: 256, tiedHead: tied)
            let architecture = Architecture(gpt2: shape)
            return [
                (ParameterLayout(architecture), architecture),
                (ParameterLayout(adapters: AdapterConfig(rank: 4), of: architecture), architecture),
            ]
        }
    }

    @Test(arguments: [1, 2, 3, 8])
    func everyFloatHasOneOwner(ranks: Int) {
        for (layout, architecture) in Self.layouts() {
            let buckets = GradientBuckets(layout, architecture, ranks: ranks)
            #expect(buckets.all.allSatisfy { $0.segments.count == ranks })
            let all = buckets.all.flatMap(\.segments).filter { !$0.isEmpty }.sorted { $0.lowerBound < $1.lowerBound }
            var end = 0
            for segment in all {
                #expect(segment.lowerBound == end)
                end = segment.upperBound
            }
            #expect(end == layout.arenaCount)
            let owned = (0..<ranks).flatMap { buckets.owned(by: $0) }
            #expect(owned.sorted { $0.lowerBound < $1.lowerBound } == all)
        }
    }

    /// No bucket is summed before everything in it is complete, and all are in the order of the backward pass.
    @Test func noBucketIsBegunTooEarly() {
        for (layout, architecture) in Self.layouts() {
            let buckets = GradientBuckets(layout, architecture, ranks: 2)
            #expect(buckets.all.map(\.stage) == buckets.all.map(\.stage).sorted())
            for bucket in buckets.all {
                let range = bucket.segments[0].lowerBound..<bucket.segments[1].upperBound
                for parameter in layout.parameters where parameter.range.overlaps(range) {
                    let stage: BackwardStage =
                        switch (parameter.key.block, parameter.key.role) {
                        case (let block?, _): .block(block)
                        case (nil, .positionEmbedding): .embeddings
                        default: .head
                        }
                    #expect(stage <= bucket.stage, "\(parameter.name) in a bucket of \(bucket.stage)")
                }
            }
        }
    }

    @Test func rowsOfTheTableAreNotCut() throws {
        let shape = ModelShape(
            vocabularySize: 301, contextLength: 8, blockCount: 1, headCount: 1, modelWidth: 20)
        let architecture = Architecture(gpt2: shape)
        let layout = ParameterLayout(architecture)
        let table = try #require(layout["wte.weight"])
        for bucket in GradientBuckets(layout, architecture, ranks: 3).all {
            for segment in bucket.segments where !segment.isEmpty && table.range.contains(segment.lowerBound) {
                #expect((segment.lowerBound - table.offset) % 20 == 0)
            }
        }
    }
}

@Suite struct RankIdentityTests {
    @Test func theFirstDifferenceIsNamed() throws {
        let first = RankIdentity(values: [("program", "a"), ("data", "b"), ("config: training.seed", "1")])
        #expect(first == RankIdentity(lines: first.lines) && first.firstDifference(from: first) == nil)
        let other = RankIdentity(values: [("program", "x"), ("data", "b"), ("config: training.seed", "2")])
        let difference = try #require(other.firstDifference(from: first))
        #expect(difference.name == "program" && difference.here == "x" && difference.there == "a")
        let seed = RankIdentity(values: [("program", "a"), ("data", "b"), ("config: training.seed", "2")])
        #expect(seed.firstDifference(from: first)?.name == "config: training.seed")
        // A key that only one of them writes.
        let fewer = RankIdentity(values: [("program", "a"), ("data", "b")])
        #expect(fewer.firstDifference(from: first)?.name == "config")
        let another = RankIdentity(values: [("program", "a"), ("data", "b"), ("config: data.format", "1")])
        #expect(another.firstDifference(from: first)?.name == "config")
    }
}

@Suite struct RankTests {
    struct Outcome: Sendable {
        var losses: [Double]
        var norms: [Double]
        var weights: Bits
        var values: [Double]
        var moments: [Bits]
        var state: TrainingState
        var ranks: [RankTimes?]
    }

    static func model(_ config: RunConfig) -> Transformer {
        let base = TinyTraining.model(config)
        guard let adapter = config.adapter else { return base }
        return base.adapted(adapter, seed: 7)
    }

    /// Steps of a trainer on each of some ranks; of one alone without a group for 0.
    static func train(
        _ text: TokenizedText, _ config: RunConfig, ranks: Int, steps: Int = 5
    ) throws -> [Outcome] {
        @Sendable func train(_ group: RankGroup?) throws -> Outcome {
            let set = TrainingSet(text, contextLength: 8, shuffles: true, seed: 1)
            var state = TrainingState()
            (state.seed, state.totalSteps) = (1, 100)
            let trainer = Trainer(
                model: model(config), data: set, tokenizer: TinyTraining.tokenizer, config: config, state: state,
                ranks: group)
            trainer.measuresGradients = true
            let reports = try (0..<steps).map { _ in try trainer.step() }
            let moments = try trainer.collectMoments()
            return Outcome(
                losses: reports.map(\.loss),
                norms: reports.map(\.gradientNorm) + reports.flatMap { $0.gradientNorms.map(\.norm) },
                weights: trainer.model.trained.weights.bits,
                values: trainer.model.trained.weights.buffer.map(Double.init),
                moments: moments.map { [$0.first.bits, $0.second.bits] } ?? [], state: trainer.state,
                ranks: reports.map(\.ranks))
        }
        return ranks == 0 ? [try train(nil)] : try withRanks(ranks) { try train($0) }
    }

    static func config(_ change: (inout RunConfig) -> Void = { _ in }) -> RunConfig {
        TinyTraining.config {
            ($0.training.batchSize, $0.training.accumulation, $0.training.epsilon) = (3, 4, 1e-6)
            ($0.model.embeddingDropout, $0.model.attentionDropout) = (0.1, 0.1)
            change(&$0)
        }
    }

    static func lora(_ config: inout RunConfig) {
        (config.method.type, config.method.rank, config.method.dropout) = ("lora", 2, 0.1)
    }

    /// Adapters' sums are a fixed tree over micro-batches: no bit of anything depends on how many ranks share them. The last
    /// step of an epoch, which has fewer windows, included.
    @Test func adaptersHaveTheSameBitsOnAnyNumberOfRanks() throws {
        let text = try TinyTraining.text(TinyText.lines(14))
        let config = Self.config(Self.lora)
        let alone = try Self.train(text, config, ranks: 0)[0]
        #expect(alone.state.epoch > 0)
        for ranks in [1, 2, 4] {
            for outcome in try Self.train(text, config, ranks: ranks) {
                #expect(outcome.losses == alone.losses && outcome.norms == alone.norms)
                #expect(outcome.weights == alone.weights && outcome.moments == alone.moments)
                #expect(outcome.state == alone.state)
            }
        }
    }

    @Test(arguments: [true, false], [true, false])
    func fullGradientsAgreeToRounding(tied: Bool, shards: Bool) throws {
        let text = try TinyTraining.text(TinyText.lines(14))
        let config = Self.config { ($0.model.tiedHead, $0.training.shardOptimizer) = (tied, shards) }
        let alone = try Self.train(text, config, ranks: 0)[0]
        for ranks in 2...4 {
            let outcomes = try Self.train(text, config, ranks: ranks)
            for outcome in outcomes {
                #expect(zip(outcome.losses, alone.losses).allSatisfy { abs($0 - $1) < 1e-6 * $1 })
                #expect(relativeError(outcome.norms, alone.norms) < 1e-5)
                #expect(relativeError(outcome.values, alone.values) < 1e-5)
                #expect(outcome.weights == outcomes[0].weights && outcome.losses == outcomes[0].losses)
            }
            // The same number of ranks gives the same bits.
            let again = try Self.train(text, config, ranks: ranks)
            #expect(again[0].weights == outcomes[0].weights && again[0].moments == outcomes[0].moments)
            #expect(outcomes.dropFirst().allSatisfy { shards ? $0.moments.isEmpty : $0.moments == outcomes[0].moments })
        }
    }

    /// Who updates a weight does not matter.
    @Test func aDividedOptimizerDoesTheSame() throws {
        let text = try TinyTraining.text(TinyText.lines(14))
        let full = try Self.train(text, Self.config(), ranks: 3)[0]
        let divided = try Self.train(text, Self.config { $0.training.shardOptimizer = true }, ranks: 3)[0]
        #expect(relativeError(divided.norms, full.norms) < 1e-6)
        #expect(relativeError(divided.values, full.values) < 1e-7)
        #expect(divided.moments.count == 2)
    }

    @Test func fewerWindowsThanRanks() throws {
        let text = try TinyTraining.text("abc\nde\n")
        let config = TinyTraining.config { $0.training.batchSize = 4 }
        let alone = try Self.train(text, config, ranks: 0)[0]
        for outcome in try Self.train(text, config, ranks: 4) {
            #expect(zip(outcome.losses, alone.losses).allSatisfy { abs($0 - $1) < 1e-6 * $1 })
            #expect(outcome.ranks.allSatisfy { $0?.waited.count == 4 })
        }
    }

    @Test(arguments: [2, 3])
    func anEvaluationIsTheSameToTheLastBit(count: Int) throws {
        let text = try TinyTraining.text(TinyText.lines(23))
        let config = TinyTraining.config()
        let evaluator = Evaluator(window: 8, stride: 8, batchSize: 2)
        let model = TinyTraining.model(config)
        let alone = try evaluator.evaluate(model, text, tokenizer: TinyTraining.tokenizer, split: "train")
        let shared = try withRanks(count) { group in
            try evaluator.evaluate(
                TinyTraining.model(config), text, tokenizer: TinyTraining.tokenizer, split: "train",
                sharing: RankedEvaluation(group) { nil })
        }
        #expect(alone != nil && shared.allSatisfy { $0 == alone })
        // A signal on any rank ends it on all of them, and each knows why.
        let stopped = try withRanks(count) { group in
            var reason: StopReason?
            let result = try evaluator.evaluate(
                TinyTraining.model(config), text, tokenizer: TinyTraining.tokenizer, split: "train",
                sharing: RankedEvaluation(group, { group.rank == 1 ? .terminate : nil }, onStop: { reason = $0 }))
            return result == nil ? reason : nil
        }
        #expect(stopped.allSatisfy { $0 == .terminate })
    }

    @Test func orders() throws {
        for order in [
            RankOrder.step(measuresGradients: true), .step(measuresGradients: false), .evaluate, .collectMoments, .end,
        ] {
            #expect(RankOrder(bytes: order.bytes) == order)
        }
        #expect(RankOrder(bytes: []) == nil && RankOrder(bytes: [9]) == nil)
        let replies = try withRanks(3) { group -> StopReason? in
            if group.rank == 0 { return try group.order(.evaluate) }
            #expect(try group.nextOrder(group.rank == 2 ? .hangUp : nil) == .evaluate)
            return nil
        }
        #expect(replies[0] == .hangUp)
    }
}

// How a run is made to fit the machine's memory: smaller micro-batches first, then computing again, then a smaller base.

import Kernels
import Model
import Models

/// The first way of training, in the order of what it costs, that needs no more than a share of the memory.
struct TuningFit: Equatable {
    /// Sequences of a micro-batch, and micro-batches of a step: their product stays.
    var batchSize: Int
    var accumulation: Int
    var recomputes = false
    var baseWeights = WeightFormat.f32
    var contextLength: Int
    /// What it needs, and whether that is there.
    var bytes = 0
    var fits = true

    /// - Parameters:
    ///   - batchSize: sequences of a step.
    ///   - rank: of the adapters; nil where all weights are trained, whose base stays in f32 unless nothing else fits.
    static func find(_ facts: TuningFacts, batchSize: Int, rank: Int?) -> TuningFit {
        let context = facts.architecture.contextLength
        var candidates: [TuningFit] = []
        // Divisors, so that the micro-batches of a step are equal: of a power of two its halves.
        for size in stride(from: batchSize, through: 1, by: -1) where batchSize % size == 0 {
            candidates.append(TuningFit(batchSize: size, accumulation: batchSize / size, contextLength: context))
        }
        let smallest = TuningFit(batchSize: 1, accumulation: batchSize, contextLength: context)
        for format in [WeightFormat.f32, .int8, .q4] {
            var next = smallest
            (next.recomputes, next.baseWeights) = (true, format)
            candidates.append(next)
        }
        var shorter = candidates[candidates.count - 1]
        while shorter.contextLength > 256 {
            shorter.contextLength /= 2
            candidates.append(shorter)
        }
        var last = smallest
        for var candidate in candidates {
            candidate.bytes = candidate.bytesNeeded(facts, rank: rank)
            let limit = facts.availableBytes.map { Tuning.memoryShare * Double($0) }
            candidate.fits = limit.map { Double(candidate.bytes) <= $0 } ?? true
            if candidate.fits { return candidate }
            last = candidate
        }
        return last
    }

    private func bytesNeeded(_ facts: TuningFacts, rank: Int?) -> Int {
        let row = min(facts.longestRow, contextLength)
        var memory = TrainingMemory(facts.architecture, rowsPerBatch: max(1, batchSize * row))
        // An upper bound: the order of the rows, by which `RunPlan` counts, is not known yet.
        memory.evaluationRows = min(evaluationBatch * contextLength, facts.heldOutTokens)
        memory.adapter =
            rank.map { AdapterConfig(rank: $0, targets: ["all"]) }
            ?? (baseWeights == .f32 ? nil : AdapterConfig(rank: Tuning.ranks[0], targets: ["all"]))
        (memory.baseWeights, memory.recomputesActivations) = (baseWeights, recomputes)
        memory.accumulation = accumulation
        return memory.bytes
    }

    /// Rows evaluated together: as many as trained together where memory is short.
    private var evaluationBatch: Int { recomputes ? 1 : 8 }

    func choices(_ facts: TuningFacts) -> [TuningChoice] {
        var choices: [TuningChoice] = []
        let free = facts.availableBytes.map { "\($0 >> 20) MiB of memory are free" } ?? "memory is short"
        if accumulation > 1 {
            choices.append(.init("training.batchSize", "\(batchSize)", free))
            choices.append(
                .init(
                    "training.accumulation", "\(accumulation)",
                    "\(accumulation) such batches make a step, with the results of one"))
        }
        if recomputes {
            choices.append(
                .init(
                    "training.recomputeActivations", "true",
                    "\(free): takes less of it and more time, for the same results"))
            choices.append(.init("evaluation.batchSize", "1", free))
        }
        if baseWeights != .f32 {
            choices.append(
                .init(
                    "method.baseWeights", "\"\(baseWeights.rawValue)\"",
                    "\(free): the base is held rounded, the adapters are not"))
        }
        if contextLength < facts.architecture.contextLength {
            choices.append(
                .init(
                    "model.contextLength", "\(contextLength)",
                    "\(free); the base could read \(facts.architecture.contextLength) tokens"))
        }
        let tooLong = facts.longestRow > contextLength + 1
        if tooLong {
            choices.append(
                .init(
                    "data.overlong", "\"truncate-prompt\"",
                    "the longest row has \(facts.longestRow) tokens: long rows lose their start, never their first answer"
                ))
        }
        return choices
    }
}

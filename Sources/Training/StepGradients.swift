// The gradients of a step: summed over its micro-batches, and over the processes that train together.

import Communication
import Datasets
import Evaluation
import Kernels
import Model
import Models

/// The arena of gradients and how it is filled. Between steps it is zero.
final class StepGradients {
    let pass: TrainingPass
    private let data: TrainingSet
    private let config: RunConfig
    private let arena: FloatArena
    private let views: ModelParameters
    /// Sums over micro-batches that wait for their other half: one for each level of the tree. Empty where gradients are
    /// added to one another as they come.
    private let tree: [(arena: FloatArena, views: ModelParameters)]
    /// nil for one process.
    private let exchange: GradientExchange?
    /// What the first model thinks of the answers; nil where the likelihood of answers is learned.
    private let reference: ReferenceScores?

    init(
        _ model: Transformer, _ data: TrainingSet, _ config: RunConfig, ranks: RankGroup?, reference: ReferenceScores?
    ) {
        (self.data, self.config, self.reference) = (data, config, reference)
        let pass = TrainingPass(
            model, precision: Precision(rawValue: config.training.precision) ?? .f32,
            recomputesActivations: config.training.recomputeActivations)
        let arena = FloatArena(count: model.trained.layout.arenaCount)
        let views = pass.gradientViews(in: arena)
        (self.pass, self.arena, self.views) = (pass, arena, views)
        exchange = ranks.map {
            GradientExchange($0, model, gradients: arena, views: views, shards: config.training.shardOptimizer)
        }
        let levels = model.adapters == nil ? 0 : TrainingMemory.treeLevels(accumulation: config.training.accumulation)
        tree = (0..<levels).map { _ in
            let arena = FloatArena(count: arena.count)
            return (arena, pass.gradientViews(in: arena))
        }
    }

    /// What of the arena this process's optimizer updates; nil for all of it.
    var owned: [Range<Int>]? {
        exchange.flatMap { $0.shards ? $0.buckets.owned(by: $0.group.rank) : nil }
    }

    /// Sets all to zero, where a step is not taken.
    func clear() { arena.zero() }

    /// Adds the gradients of the mean loss over `chosen`: of this rank's micro-batches, then of all ranks.
    ///
    /// - Returns: Σ weight · loss and Σ weight, of all ranks, and how these got on. For a preference objective each example
    ///   has the weight 1.
    func accumulate(
        _ chosen: ArraySlice<Window>, dropout: TrainingDropout?, _ counts: inout StepCounts
    ) throws(TrainingError) -> (Double, Double, RankTimes?) {
        let (rank, count) = (exchange?.group.rank ?? 0, exchange?.group.count ?? 1)
        let parts = TrainingSet.microBatches(
            chosen, accumulation: config.training.accumulation, ranks: count, windowsPerExample: data.windowsPerExample)
        let own = (parts.count / count * rank)..<(parts.count / count * (rank + 1))
        let preference = reference.map { reference in
            PreferenceStep(
                config.method.objective, beta: config.method.beta, group: config.training.batchSize, data.text,
                reference,
                chosen)
        }
        let sum = MicroBatchSum(
            parts: parts, first: chosen.startIndex,
            weightSum: preference.map { Double($0.examples) }
                ?? chosen.reduce(0.0) { $0 + data.text.weightSum($1) }, dropout: dropout, preference: preference)
        var losses: [Double] = []
        if tree.isEmpty {
            for index in own {
                let watch = index == own.last ? exchange?.watch : nil
                losses.append(add(index, of: sum, into: views, &counts, watch))
            }
        } else {
            addTree(own, of: sum, level: 0, &losses, &counts)
        }
        guard let exchange else { return (losses.reduce(0, +), sum.weightSum, nil) }
        let (all, times) = try TrainingError.communicating { () throws(CommunicationError) in
            let times = try exchange.finish()
            return (try exchange.group.gather(numbers: [times.waited] + losses + counts.numbers), times)
        }
        counts.set(all.map { Array($0.dropFirst(1 + losses.count)) })
        let loss = all.reduce(0) { $1[1...losses.count].reduce($0, +) }
        let hidden = times.transferred > 0 ? max(0, 1 - times.waited / times.transferred) : 1
        return (
            loss, sum.weightSum,
            RankTimes(waited: all.map { $0[0] }, transferred: times.transferred, hiddenShare: hidden)
        )
    }

    /// A step's micro-batches, and what their gradients have in common.
    private struct MicroBatchSum {
        let parts: [ArraySlice<Window>]
        /// The index of the step's first window.
        let first: Int
        let weightSum: Double
        let dropout: TrainingDropout?
        let preference: PreferenceStep?
    }

    /// Adds one micro-batch's gradients.
    ///
    /// - Returns: Σ weight · loss.
    private func add(
        _ index: Int, of sum: MicroBatchSum, into views: ModelParameters, _ counts: inout StepCounts,
        _ watch: BackwardWatch? = nil
    ) -> Double {
        let part = sum.parts[index]
        guard !part.isEmpty else {
            if sum.preference != nil { counts.preference.append(PreferenceMeasure()) }
            return 0
        }
        let batch = PartClock.measure(.data) { data.batch(part, first: part.startIndex - sum.first) }
        guard let preference = sum.preference else {
            let result = pass.accumulateGradients(
                batch, into: views, weightSum: sum.weightSum, dropout: sum.dropout, watch: watch)
            counts.accuracy.add(result, batch)
            return result.weightedLoss
        }
        let divergence = preference.divergence(of: part, under: pass.model)
        var measure = PreferenceMeasure()
        let factors = RowFactors.objective { rows in
            preference.factors(of: part, batch, rows, divergence: divergence, &measure)
        }
        _ = pass.accumulateGradients(batch, into: views, factors, dropout: sum.dropout, watch: watch)
        counts.preference.append(measure)
        return measure.lossSum
    }

    /// Adds the gradients of `range` as the sum of two halves, each likewise: into the gradients at level 0, else into the
    /// tree's arena of the level, which is zero before.
    private func addTree(
        _ range: Range<Int>, of sum: MicroBatchSum, level: Int, _ losses: inout [Double], _ counts: inout StepCounts
    ) {
        guard range.count > 1 else {
            let views = level == 0 ? self.views : tree[level - 1].views
            for index in range { losses.append(add(index, of: sum, into: views, &counts)) }
            return
        }
        let middle = range.lowerBound + (range.count + 1) / 2
        addTree(range.lowerBound..<middle, of: sum, level: level, &losses, &counts)
        addTree(middle..<range.upperBound, of: sum, level: level + 1, &losses, &counts)
        let target = level == 0 ? arena : tree[level - 1].arena
        Elementwise.drain(
            into: Vector(target, count: target.count), Vector(tree[level].arena, count: target.count))
    }

    /// The norm of the full gradient and, if `ofEach`, that of each parameter's.
    func norms(
        _ optimizer: Optimizer, ofEach: Bool
    ) throws(TrainingError) -> (full: Double, each: [(name: String, norm: Double)]) {
        var squares = [optimizer.squaredNorm(arena)]
        if ofEach { squares += optimizer.squaredNorms(arena) }
        if let exchange, exchange.shards {
            let all = try TrainingError.communicating { () throws(CommunicationError) in
                try exchange.group.gather(numbers: squares)
            }
            for index in squares.indices { squares[index] = all.reduce(0) { $0 + $1[index] } }
        }
        let norms = zip(optimizer.parameterNames, squares.dropFirst()).map { ($0, $1.squareRoot()) }
        return (squares[0].squareRoot(), norms)
    }

    /// Moves the weights by one step and clears the gradients. Where the optimizer's state is divided, every rank gets from
    /// the others what they have updated.
    func update(
        _ optimizer: Optimizer, norm: Double, learningRate: Double, number: Int
    ) throws(TrainingError) {
        var failure: TrainingError?
        pass.updateWeights { weights in
            optimizer.update(
                weights, gradients: arena, norm: norm, learningRate: learningRate, number: number)
            guard let exchange, exchange.shards else { return }
            exchange.clearOthers()
            do throws(TrainingError) {
                try TrainingError.communicating { () throws(CommunicationError) in try exchange.spread(weights) }
            } catch { failure = error }
        }
        if let failure { throw failure }
    }

    /// The moments as arenas of the model's layout, on the first rank: those of the optimizer, or, where these are divided
    /// over the ranks, a copy of all of them. Every rank calls it then; nil on the others.
    func moments(of optimizer: Optimizer) throws(TrainingError) -> (first: FloatArena, second: FloatArena)? {
        guard let exchange, exchange.shards else { return (optimizer.firstMoment, optimizer.secondMoment) }
        let isFirst = exchange.group.rank == 0
        func collect(_ own: FloatArena) throws(TrainingError) -> FloatArena? {
            let full = isFirst ? FloatArena(count: arena.count) : nil
            for bucket in exchange.buckets.all {
                let piece = optimizer.owned.pieces(of: bucket.segments[exchange.group.rank]).first
                let part = UnsafeMutableBufferPointer(
                    start: own.base + (piece?.offset ?? 0), count: piece?.range.count ?? 0)
                try TrainingError.communicating { () throws(CommunicationError) in
                    try exchange.group.collect(part, into: full?.base, bucket.segments)
                }
            }
            return full
        }
        // Both, also on the ranks that get nothing.
        let (first, second) = (try collect(optimizer.firstMoment), try collect(optimizer.secondMoment))
        guard let first, let second else { return nil }
        return (first, second)
    }
}

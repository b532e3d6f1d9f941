// The same global batch cut into micro-batches in different ways gives the same loss and gradients.

import Kernels
import Model
import TestSupport
import Testing

@Suite struct CuttingTests {
    /// Eight sequences of different lengths, the shortest of one token.
    private static let lengths = [16, 5, 1, 11, 16, 3, 8, 13]

    private static let config = ModelShape(
        vocabularySize: 61, contextLength: 16, blockCount: 2, headCount: 3, modelWidth: 24)

    /// What one global batch gives.
    private struct Outcome {
        var loss = 0.0
        var rows: [Double] = []
        var gradients: [Float] = []
    }

    /// Weights of size 0.2, so that attention and GELU are far from linear.
    private static func makeModel() -> Transformer {
        let model = Transformer(config)
        var generator = SplitMix64(seed: 3)
        for index in 0..<model.layout.arenaCount { model.weights.base[index] = Float(generator.normalPair().0 * 0.2) }
        return model
    }

    /// The sequences with the given numbers, whose place in the global batch keys their dropout masks.
    private static func batch(_ numbers: some Sequence<Int>) -> SequenceBatch {
        var batch = SequenceBatch()
        for number in numbers {
            var generator = SplitMix64(seed: 5, stream: UInt64(number))
            let tokens = (0...lengths[number]).map { _ in Int32(generator.below(config.vocabularySize)) }
            // Some rows carry no loss, as a prompt's, and some count half.
            let weights = (0..<lengths[number]).map { Float(($0 + number) % 3) / 2 }
            batch.append(
                tokens: tokens.dropLast(), targets: tokens.dropFirst(), weights: number == 2 ? [1] : weights,
                example: number)
        }
        return batch
    }

    /// Loss and gradients of all eight, `size` at a time.
    private static func run(_ model: Transformer, size: Int, dropout: TrainingDropout?) -> Outcome {
        let weightSum = batch(0..<8).weightSum
        let gradients = FloatArena(count: model.layout.arenaCount)
        let views = ModelParameters(model.layout, in: gradients, model.architecture)
        var outcome = Outcome()
        for start in stride(from: 0, to: 8, by: size) {
            let result = TrainingPass(model).accumulateGradients(
                batch(start..<(start + size)), into: views, weightSum: weightSum, dropout: dropout)
            outcome.loss += result.weightedLoss / weightSum
            outcome.rows += result.rows.map(\.loss)
        }
        outcome.gradients = Array(gradients.buffer)
        return outcome
    }

    /// Single precision, sums in another order: below 2e-6 of each tensor's norm; a mask, a factor or a sequence too
    /// many would show at 1e-2.
    @Test(arguments: [0, 0.1] as [Float]) func microBatches(rate: Float) {
        let model = Self.makeModel()
        let dropout = TrainingDropout(embedding: rate, attention: rate, residual: rate, seed: 7, step: 11)
        let full = Self.run(model, size: 8, dropout: dropout)
        for size in [4, 2, 1] {
            let cut = Self.run(model, size: size, dropout: dropout)
            #expect(abs(cut.loss - full.loss) < 1e-5 * full.loss, "micro-batches of \(size)")
            #expect(relativeError(cut.rows, full.rows) < 1e-5, "micro-batches of \(size)")
            for parameter in model.layout.parameters {
                let actual = Array(cut.gradients[parameter.range])
                let theirs = full.gradients[parameter.range].map(Double.init)
                #expect(relativeError(actual, theirs) < 1e-5, "\(parameter.name), micro-batches of \(size)")
            }
        }
    }

    /// The last block skips rows without loss. A weight too small to count keeps them all in: nothing else changes.
    @Test(arguments: [0, 0.1] as [Float]) func rowsWithoutLossMayBeSkipped(rate: Float) {
        let model = Self.makeModel()
        let dropout = TrainingDropout(embedding: rate, attention: rate, residual: rate, seed: 7, step: 11)
        func outcome(_ batch: SequenceBatch) -> Outcome {
            let gradients = FloatArena(count: model.layout.arenaCount)
            let views = ModelParameters(model.layout, in: gradients, model.architecture)
            let result = TrainingPass(model).accumulateGradients(
                batch, into: views, weightSum: Self.batch(0..<8).weightSum, dropout: dropout)
            return Outcome(loss: result.weightedLoss, gradients: Array(gradients.buffer))
        }
        let masked = Self.batch(0..<8)
        var full = SequenceBatch()
        for (number, rows) in masked.sequences.enumerated() {
            full.append(
                tokens: masked.tokens[rows], targets: masked.targets[rows],
                weights: masked.weights[rows].map { $0 == 0 ? 1e-30 : $0 }, example: number)
        }
        let (some, all) = (outcome(masked), outcome(full))
        #expect(abs(some.loss - all.loss) < 1e-5 * all.loss)
        #expect(abs(model.evaluate(masked).weightedLoss - model.evaluate(full).weightedLoss) < 1e-5 * all.loss)
        for parameter in model.layout.parameters {
            let (actual, theirs) = (
                Array(some.gradients[parameter.range]), all.gradients[parameter.range].map(Double.init)
            )
            #expect(relativeError(actual, theirs) < 1e-5, "\(parameter.name)")
        }
    }

    /// A batch without any loss adds nothing.
    @Test func noLossAtAll() {
        let model = Self.makeModel()
        var batch = SequenceBatch()
        batch.append(tokens: [1, 2, 3] as [Int32], targets: [2, 3, 4] as [Int32], weights: [0, 0, 0], example: 0)
        let gradients = FloatArena(count: model.layout.arenaCount)
        let result = TrainingPass(model).accumulateGradients(
            batch, into: ModelParameters(model.layout, in: gradients, model.architecture), weightSum: 1)
        #expect(result.weightedLoss == 0 && model.evaluate(batch).weightSum == 0)
        #expect(gradients.buffer.allSatisfy { $0 == 0 })
    }

    /// Sequences in another order within the batch: their numbers go with them, so the sums stay.
    @Test func theOrderDoesNotMatter() {
        let model = Self.makeModel()
        let dropout = TrainingDropout(embedding: 0.5, attention: 0.1, residual: 0.1, seed: 7, step: 11)
        func gradients(_ numbers: [Int]) -> (loss: Double, values: [Float]) {
            let arena = FloatArena(count: model.layout.arenaCount)
            let views = ModelParameters(model.layout, in: arena, model.architecture)
            let batch = Self.batch(numbers)
            let result = TrainingPass(model).accumulateGradients(
                batch, into: views, weightSum: batch.weightSum, dropout: dropout)
            return (result.weightedLoss / result.weightSum, Array(arena.buffer))
        }
        let (forward, other) = (gradients(Array(0..<8)), gradients([5, 2, 7, 0, 6, 1, 4, 3]))
        #expect(abs(forward.loss - other.loss) < 1e-5 * forward.loss)
        #expect(relativeError(other.values, forward.values.map(Double.init)) < 1e-5)
    }

    /// Each of the three rates changes the gradients, another step changes them again, and the same step does not.
    @Test func everyRateAndTheStepMatter() {
        let model = Self.makeModel()
        func values(_ embedding: Float, _ attention: Float, _ residual: Float, step: UInt64 = 1) -> [Double] {
            let dropout = TrainingDropout(
                embedding: embedding, attention: attention, residual: residual, seed: 7, step: step)
            return Self.run(model, size: 8, dropout: dropout).gradients.map(Double.init)
        }
        let without = values(0, 0, 0)
        let each = [values(0.1, 0, 0), values(0, 0.1, 0), values(0, 0, 0.1)]
        for (index, some) in each.enumerated() {
            #expect(relativeError(some, without) > 1e-2)
            #expect(relativeError(some, each[(index + 1) % 3]) > 1e-2)
        }
        #expect(relativeError(values(0.1, 0.1, 0.1, step: 1), values(0.1, 0.1, 0.1, step: 2)) > 1e-2)
        #expect(values(0.1, 0.1, 0.1) == values(0.1, 0.1, 0.1))
    }

    /// With every dropout site on, the gradient is the slope of the loss: along the gradient's own direction the loss
    /// changes by its norm. Float losses of size 4 are right to 1e-6, the step moves them by 1e-2 and bends by 1e-4.
    @Test func gradientWithDropoutIsTheSlope() {
        let model = Self.makeModel()
        let dropout = TrainingDropout(embedding: 0.5, attention: 0.1, residual: 0.1, seed: 7, step: 11)
        let gradient = Self.run(model, size: 8, dropout: dropout).gradients.map(Double.init)
        let norm = gradient.reduce(0) { $0 + $1 * $1 }.squareRoot()
        let start = Array(model.weights.buffer)
        func loss(at distance: Double) -> Double {
            for index in start.indices {
                model.weights.base[index] = Float(Double(start[index]) + distance * gradient[index] / norm)
            }
            return Self.run(model, size: 8, dropout: dropout).loss
        }
        let step = 1e-2
        let slope = (loss(at: step) - loss(at: -step)) / (2 * step)
        #expect(abs(slope - norm) < 1e-3 * norm)
    }
}

// Whether this build computes on this machine what it computed where it was made.

import Kernels
import Model

/// Ten steps of a small model with known losses: kernels, the pool of threads, OpenBLAS and oneDNN in one go.
package enum SelfTest {
    /// The losses of every second step, in nats, of the computation below in float.
    private static let expected = [4.581_867, 4.088_245, 3.792_719, 3.595_760, 3.438_888]

    /// What a loss may differ by: rounding, and in bf16 the rounding of the operands.
    private static func tolerance(_ precision: Precision) -> Double { precision == .f32 ? 1e-5 : 1e-3 }

    /// How one precision did.
    package struct Outcome: Sendable {
        package let precision: Precision
        package let losses: [Double]
        /// The largest relative difference from the stored losses.
        package let difference: Double
        package let isGood: Bool
    }

    package static func run(_ precision: Precision) -> Outcome {
        let shape = ModelShape(
            vocabularySize: 97, contextLength: 32, blockCount: 2, headCount: 4, modelWidth: 64, tiedHead: false)
        let model = Transformer(Architecture(gpt2: shape))
        model.layout.initialize(model.weights, seed: 11)
        let pass = TrainingPass(model, precision: precision)
        let optimizer = Optimizer(
            model.layout, .init(beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01, gradientClip: 1))
        let gradients = FloatArena(count: model.layout.arenaCount)
        let views = pass.gradientViews(in: gradients)
        var batch = SequenceBatch()
        for example in 0..<4 {
            let tokens = (0...(20 + 3 * example)).map { Int32(($0 * $0 + 7 * $0 + 5 * example) % 97) }
            batch.append(tokens: tokens.dropLast(), targets: tokens.dropFirst(), example: example)
        }
        let losses = (1...10).map { step in
            let result = pass.accumulateGradients(batch, into: views, weightSum: batch.weightSum)
            let norm = optimizer.gradientNorm(gradients)
            pass.updateWeights {
                optimizer.update($0, gradients: gradients, norm: norm, learningRate: 1e-3, number: step)
            }
            return result.weightedLoss / result.weightSum
        }
        let seen = stride(from: 0, to: 10, by: 2).map { losses[$0] }
        let difference = zip(seen, expected).map { abs($0 - $1) / $1 }.max() ?? .infinity
        return Outcome(
            precision: precision, losses: seen, difference: difference,
            isGood: difference.isFinite && difference < tolerance(precision))
    }
}

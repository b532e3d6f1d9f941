// AdamW over a full model: the moments, clipping by the global norm, and the walk over the parameter list.

import Kernels
import Model

/// The optimizer's memory and its step.
package final class Optimizer {
    /// The numbers that stay the same from step to step.
    package struct Settings: Sendable, Equatable {
        package var beta1: Double
        package var beta2: Double
        package var epsilon: Double
        /// Acts on matrices only.
        package var weightDecay: Double
        /// The largest norm of the full gradient; 0 for no clipping.
        package var gradientClip: Double

        package init(beta1: Double, beta2: Double, epsilon: Double, weightDecay: Double, gradientClip: Double) {
            self.beta1 = beta1
            self.beta2 = beta2
            self.epsilon = epsilon
            self.weightDecay = weightDecay
            self.gradientClip = gradientClip
        }
    }

    package let settings: Settings
    /// Arenas of the model's layout.
    package let firstMoment: FloatArena
    package let secondMoment: FloatArena
    private let layout: ParameterLayout

    package init(_ layout: ParameterLayout, _ settings: Settings) {
        self.layout = layout
        self.settings = settings
        firstMoment = FloatArena(count: layout.arenaCount)
        secondMoment = FloatArena(count: layout.arenaCount)
    }

    /// The norm of the full gradient; infinite or NaN where an element is.
    package func gradientNorm(_ gradients: FloatArena) -> Double {
        AdamW.squaredNorm(Vector(gradients, count: layout.arenaCount)).squareRoot()
    }

    /// The norm of each parameter's gradient, in the order of the list.
    package func gradientNorms(_ gradients: FloatArena) -> [(name: String, norm: Double)] {
        layout.parameters.map { parameter in
            let view = Vector(gradients, offset: parameter.offset, count: parameter.count)
            return (parameter.name, AdamW.squaredNorm(view).squareRoot())
        }
    }

    /// Moves the weights by one step, clips on the way, and clears the gradients.
    ///
    /// - Parameters:
    ///   - norm: of `gradients`, from `gradientNorm`; finite.
    ///   - number: how many updates the moments will have seen: AdamW's t.
    package func update(
        _ weights: FloatArena, gradients: FloatArena, norm: Double, learningRate: Double, number: Int
    ) {
        precondition(norm.isFinite, "an update with a gradient norm of \(norm)")
        let clip = settings.gradientClip
        let step = AdamW.Step(
            learningRate: learningRate, beta1: settings.beta1, beta2: settings.beta2, epsilon: settings.epsilon,
            weightDecay: settings.weightDecay, number: number,
            gradientScale: clip > 0 && norm > clip ? clip / norm : 1)
        for parameter in layout.parameters {
            func view(_ arena: FloatArena) -> Vector {
                Vector(arena, offset: parameter.offset, count: parameter.count)
            }
            AdamW.update(
                .init(
                    weights: view(weights), gradients: view(gradients), firstMoment: view(firstMoment),
                    secondMoment: view(secondMoment)),
                step, decays: parameter.decays)
        }
    }
}

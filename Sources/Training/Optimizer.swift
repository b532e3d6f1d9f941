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
    /// What of the model's arenas it updates: all of it, or this process's part.
    package let owned: ArenaParts
    /// The elements of `owned`, one part after the other: arenas of the model's layout where it owns all.
    package let firstMoment: FloatArena
    package let secondMoment: FloatArena
    private let layout: ParameterLayout

    /// - Parameter owned: ranges of the layout's arena; nil for all of it.
    package init(_ layout: ParameterLayout, _ settings: Settings, owned: [Range<Int>]? = nil) {
        self.layout = layout
        self.settings = settings
        self.owned = ArenaParts(owned ?? [0..<layout.arenaCount])
        firstMoment = FloatArena(count: self.owned.count)
        secondMoment = FloatArena(count: self.owned.count)
    }

    /// The square of the norm of the gradient that it owns; infinite or NaN where an element is.
    package func squaredNorm(_ gradients: FloatArena) -> Double {
        owned.ranges.reduce(0) { $0 + AdamW.squaredNorm(Vector(gradients, offset: $1.lowerBound, count: $1.count)) }
    }

    /// The norm of the gradient that it owns.
    package func gradientNorm(_ gradients: FloatArena) -> Double { squaredNorm(gradients).squareRoot() }

    /// The square of the norm of each parameter's gradient, of the part that it owns, in the order of the list.
    package func squaredNorms(_ gradients: FloatArena) -> [Double] {
        layout.parameters.map { parameter in
            owned.pieces(of: parameter.range).reduce(0) { sum, piece in
                sum + AdamW.squaredNorm(Vector(gradients, offset: piece.range.lowerBound, count: piece.range.count))
            }
        }
    }

    /// The list's names.
    package var parameterNames: [String] { layout.parameters.map(\.name) }

    /// Moves the weights by one step, clips on the way, and clears the gradients.
    ///
    /// - Parameters:
    ///   - norm: of the full gradient; finite.
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
            for piece in owned.pieces(of: parameter.range) {
                func view(_ arena: FloatArena) -> Vector {
                    Vector(arena, offset: piece.range.lowerBound, count: piece.range.count)
                }
                func moment(_ arena: FloatArena) -> Vector {
                    Vector(arena, offset: piece.offset, count: piece.range.count)
                }
                AdamW.update(
                    .init(
                        weights: view(weights), gradients: view(gradients), firstMoment: moment(firstMoment),
                        secondMoment: moment(secondMoment)),
                    step, decays: parameter.decays)
            }
        }
    }
}

/// Some ranges of an arena, which another arena holds next to one another.
package struct ArenaParts: Sendable, Equatable {
    /// Ascending, without overlap.
    package let ranges: [Range<Int>]
    /// Where each range starts in the other arena.
    private let offsets: [Int]
    /// Floats of the other arena.
    package let count: Int

    package init(_ ranges: [Range<Int>]) {
        self.ranges = ranges
        var (offsets, next) = ([Int](), 0)
        for range in ranges {
            offsets.append(next)
            next += range.count
        }
        (self.offsets, count) = (offsets, next)
    }

    /// What of `range` belongs to the parts, and where each piece is in the other arena.
    package func pieces(of range: Range<Int>) -> [(range: Range<Int>, offset: Int)] {
        zip(ranges, offsets).compactMap { part, offset in
            let piece = part.clamped(to: range)
            return piece.isEmpty ? nil : (piece, offset + piece.lowerBound - part.lowerBound)
        }
    }
}

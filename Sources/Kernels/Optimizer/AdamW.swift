// The optimizer's loop: Adam with bias correction and decoupled weight decay (Loshchilov & Hutter 2019, algorithm 2).

package enum AdamW {
    /// The numbers of one update.
    package struct Step: Sendable {
        /// η, this step's learning rate.
        package var learningRate: Double
        package var beta1: Double
        package var beta2: Double
        package var epsilon: Double
        package var weightDecay: Double
        /// t, counted from one: how many updates the moments will have seen.
        package var number: Int
        /// Multiplies every gradient first: clipping.
        package var gradientScale: Double

        package init(
            learningRate: Double, beta1: Double, beta2: Double, epsilon: Double, weightDecay: Double, number: Int,
            gradientScale: Double = 1
        ) {
            self.learningRate = learningRate
            self.beta1 = beta1
            self.beta2 = beta2
            self.epsilon = epsilon
            self.weightDecay = weightDecay
            self.number = number
            self.gradientScale = gradientScale
        }
    }

    /// The arrays of one update: views of the same elements in four arenas of one layout.
    package struct Arrays: Sendable {
        package let weights: Vector
        package let gradients: Vector
        package let firstMoment: Vector
        package let secondMoment: Vector

        package init(weights: Vector, gradients: Vector, firstMoment: Vector, secondMoment: Vector) {
            self.weights = weights
            self.gradients = gradients
            self.firstMoment = firstMoment
            self.secondMoment = secondMoment
        }
    }

    /// m = β₁m + (1-β₁)g; v = β₂v + (1-β₂)g²; w = w - ηλw - η m̂ / (√v̂ + ε), with m̂ = m/(1-β₁ᵗ), v̂ = v/(1-β₂ᵗ).
    ///
    /// Weights and moments are overwritten, gradients set to zero: one pass over the memory does all of it.
    ///
    /// - Parameter decays: whether λ acts on these weights.
    package static func update(_ arrays: Arrays, _ step: Step, decays: Bool) {
        let correction1 = 1 - power(step.beta1, step.number)
        let correction2 = 1 - power(step.beta2, step.number)
        let (b1, b2) = (Float(step.beta1), Float(step.beta2))
        let (c1, c2) = (Float(1 - step.beta1), Float(1 - step.beta2))
        let scale = Float(step.gradientScale)
        let decay = Float(decays ? step.learningRate * step.weightDecay : 0)
        let stepSize = Float(step.learningRate / correction1)
        let rootCorrection = Float(1 / correction2.squareRoot())
        let epsilon = Float(step.epsilon)
        ParallelFor.ranges(arrays.weights.count, grain: 1024, for: .optimizer) { range in
            let (w, g) = (arrays.weights.base, arrays.gradients.base)
            let (m, v) = (arrays.firstMoment.base, arrays.secondMoment.base)
            // Elements do not depend on one another: the compiler makes sixteen lanes of this.
            for index in range {
                let gradient = g[index] * scale
                let first = b1 * m[index] + c1 * gradient
                let second = b2 * v[index] + c2 * gradient * gradient
                m[index] = first
                v[index] = second
                // Decay is subtracted with the step: 1 - ηλ would lose most of a small λ's digits.
                let change = stepSize * first / (second.squareRoot() * rootCorrection + epsilon)
                w[index] -= change + decay * w[index]
                g[index] = 0
            }
        }
    }

    /// Σ x² over the array in double precision; infinite or NaN where an element is.
    ///
    /// Blocks of fixed size are added up in order, so that the result does not depend on the number of threads.
    package static func squaredNorm(_ values: Vector) -> Double {
        let block = 1 << 16
        let blocks = (values.count + block - 1) / block
        guard blocks > 0 else { return 0 }
        return withUnsafeTemporaryAllocation(of: Double.self, capacity: blocks) { sums in
            ParallelFor.tasks(blocks, for: .optimizer) { index in
                sums[index] = blockNorm(values.base + index * block, count: min(block, values.count - index * block))
            }
            return sums.reduce(0, +)
        }
    }

    /// Sums of 1,024 squares in single precision, added up in double.
    private static func blockNorm(_ values: UnsafeMutablePointer<Float>, count: Int) -> Double {
        var total = 0.0
        var index = 0
        while index < count {
            let part = min(1024, count - index)
            total += Double(dotProduct(values + index, values + index, count: part))
            index += part
        }
        return total
    }

    /// baseⁿ for n ≥ 1 by repeated squaring: the same on every platform, unlike the system's `pow`.
    private static func power(_ base: Double, _ exponent: Int) -> Double {
        var (result, factor, rest) = (1.0, base, exponent)
        while rest > 0 {
            if rest & 1 == 1 { result *= factor }
            factor *= factor
            rest >>= 1
        }
        return result
    }
}

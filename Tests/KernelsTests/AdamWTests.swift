// The optimizer's loop against the textbook in double precision, and the norm that clipping needs.

import Foundation
import Kernels
import TestSupport
import Testing

/// One combination of what the update can be asked for.
struct AdamWCase: Sendable, CustomTestStringConvertible {
    let count: Int
    let weightDecay: Double
    let decays: Bool
    let gradientScale: Double
    var testDescription: String { "\(count) weights, λ \(weightDecay) \(decays), scale \(gradientScale)" }

    static let all = [1, 7, 33, 1_000].flatMap { count in
        [(0.0, true, 1.0), (0.1, true, 1), (0.1, false, 1), (0.1, true, 0.37)].map {
            AdamWCase(count: count, weightDecay: $0.0, decays: $0.1, gradientScale: $0.2)
        }
    }
}

@Suite struct AdamWTests {
    /// Algorithm 2 of Loshchilov & Hutter 2019, line by line.
    private struct Textbook {
        var weights: [Double]
        var first: [Double]
        var second: [Double]
        var number = 0

        init(_ weights: [Double]) {
            self.weights = weights
            (first, second) = (weights.map { _ in 0 }, weights.map { _ in 0 })
        }

        mutating func update(_ gradients: [Double], _ step: AdamW.Step, decays: Bool) {
            number += 1
            for index in weights.indices {
                let gradient = gradients[index] * step.gradientScale
                first[index] = step.beta1 * first[index] + (1 - step.beta1) * gradient
                second[index] = step.beta2 * second[index] + (1 - step.beta2) * gradient * gradient
                let mean = first[index] / (1 - pow(step.beta1, Double(number)))
                let square = second[index] / (1 - pow(step.beta2, Double(number)))
                let decay = decays ? step.weightDecay * weights[index] : 0
                weights[index] -= step.learningRate * (mean / (square.squareRoot() + step.epsilon) + decay)
            }
        }
    }

    /// Twenty updates with gradients of very different sizes and a rate that changes.
    @Test(arguments: AdamWCase.all) func twentyUpdates(of test: AdamWCase) {
        let weights = Grid.random(1, test.count, seed: 1, deviation: 0.1)
        let (first, second) = (Grid(1, test.count, filledWith: 0), Grid(1, test.count, filledWith: 0))
        let gradients = Grid(1, test.count, filledWith: 0)
        let start = weights.doubles
        var textbook = Textbook(start)
        let arrays = AdamW.Arrays(
            weights: weights.vector, gradients: gradients.vector, firstMoment: first.vector,
            secondMoment: second.vector)
        for number in 1...20 {
            let fresh = Grid.random(1, test.count, seed: UInt64(100 + number)).values
            for index in 0..<test.count { gradients.vector[index] = fresh[index] * Float(exp2(Double(-index % 20))) }
            let step = AdamW.Step(
                learningRate: 1e-2 / Double(number), beta1: 0.9, beta2: 0.95, epsilon: 1e-8,
                weightDecay: test.weightDecay, number: number, gradientScale: test.gradientScale)
            textbook.update(gradients.doubles, step, decays: test.decays)
            AdamW.update(arrays, step, decays: test.decays)
            // The gradients are used up: the next batch adds to zeros.
            #expect(gradients.values.allSatisfy { $0 == 0 })
            #expect(relativeError(weights.values, textbook.weights) < tolerance)
        }
        #expect(relativeError(first.values, textbook.first) < tolerance)
        #expect(relativeError(second.values, textbook.second) < tolerance)
        // What the updates did, without what was there. Twenty roundings of weights of size 0.1 against a way of
        // about 0.03 leave 1e-6.
        let moved = zip(weights.doubles, start).map { $0 - $1 }
        #expect(relativeError(moved, zip(textbook.weights, start).map { $0 - $1 }) < tolerance)
        #expect(weights.isIntact && gradients.isIntact && first.isIntact && second.isIntact)
    }

    /// With bias correction the first update has the size of the learning rate, whatever the gradient.
    @Test func theFirstUpdateIsTheLearningRate() {
        let weights = Grid(1, 5, filledWith: 0)
        let gradients = Grid(1, 5) { [1e-2, -1e-2, 1, -50, 3][$0] }
        AdamW.update(
            .init(
                weights: weights.vector, gradients: gradients.vector, firstMoment: Grid(1, 5, filledWith: 0).vector,
                secondMoment: Grid(1, 5, filledWith: 0).vector),
            .init(learningRate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, number: 1),
            decays: false)
        #expect(relativeError(weights.values, [-0.01, 0.01, -0.01, 0.01, -0.01]) < tolerance)
    }

    /// Around the blocks of 65,536 in which the squares are added up.
    @Test(arguments: [0, 1, 7, 1_023, 1_024, 1_025, 65_535, 65_536, 65_537, 200_003]) func squaredNorm(count: Int) {
        let values = Grid.random(1, count, seed: 2)
        let expected = values.doubles.reduce(0) { $0 + $1 * $1 }
        #expect(relativeError([AdamW.squaredNorm(values.vector)], [expected]) < 1e-6)
    }

    /// One broken element anywhere must be seen: the step is then skipped.
    @Test(arguments: [Float.nan, .infinity, -.infinity], [0, 1_500, 65_536, 99_999])
    func squaredNormOfBrokenValues(value: Float, place: Int) {
        let values = Grid(1, 100_000) { $0 == place ? value : 1e-3 }
        #expect(!AdamW.squaredNorm(values.vector).isFinite)
    }
}

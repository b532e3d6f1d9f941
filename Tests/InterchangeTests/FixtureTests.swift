// The golden files hold together: what is read from them reproduces the loss stored with it.

import Foundation
import TestSupport
import Testing

@Suite("Fixtures")
struct FixtureTests {
    /// The stored loss must follow from the stored logits, targets and weights; every step of it is plain float64
    /// arithmetic on some hundreds of terms, hence 1e-13.
    @Test(arguments: Fixture.all)
    func lossFollowsFromLogits(name: String) throws {
        let fixture = try Fixture(named: name)
        let vocabulary = try fixture.integer("vocab_size")
        let logits = try fixture.doubles("logits")
        let targets = try fixture.integers("targets")
        let weights = try fixture.floats("weights").map(Double.init)
        #expect(try fixture.integers("lengths").reduce(0, +) == targets.count)
        #expect(logits.count == targets.count * vocabulary)
        var total = 0.0
        for (position, target) in targets.enumerated() {
            let row = logits[(position * vocabulary)..<((position + 1) * vocabulary)]
            let logSum = log(row.reduce(0) { $0 + exp($1) })
            total += weights[position] * (logSum - row[row.startIndex + Int(target)])
        }
        let weightSum = weights.reduce(0, +)
        #expect(weights.contains(0) && weights.contains { $0 > 0 && $0 < 1 })
        #expect(abs(weightSum - (try fixture.double("lossWeightSum"))) < 1e-13 * weightSum)
        let loss = try fixture.double("loss")
        #expect(abs(total / weightSum - loss) < 1e-13 * loss)
    }

    @Test(arguments: Fixture.all)
    func everyParameterHasAGradientOfItsShape(name: String) throws {
        let fixture = try Fixture(named: name)
        let parameters = fixture.names(under: "parameter/")
        #expect(parameters == fixture.names(under: "gradient/"))
        for parameter in parameters {
            #expect(try fixture.shape("parameter/" + parameter) == fixture.shape("gradient/" + parameter))
            #expect(try fixture.doubles("gradient/" + parameter).contains { $0 != 0 }, "\(parameter)")
        }
    }

    @Test func theScheduleIsTheOneDescribed() throws {
        let fixture = try Fixture(named: "tied-tanh")
        let (peak, lowest) = (try fixture.number("learning_rate"), try fixture.number("minimum_learning_rate"))
        let (steps, warmup) = (try fixture.integer("steps"), try fixture.integer("warmup_steps"))
        let expected = (0..<steps).map { step in
            let angle = Double.pi * Double(step - warmup) / Double(steps - warmup)
            return step < warmup
                ? peak * Double(step + 1) / Double(warmup) : lowest + 0.5 * (peak - lowest) * (1 + cos(angle))
        }
        #expect(relativeError(try fixture.doubles("training/learningRate"), expected) < 1e-15)
    }

    @Test func missingAndMistypedArraysAreNamed() throws {
        let fixture = try Fixture(named: "single")
        #expect(throws: FixtureError.self) { try fixture.floats("gradient/wte.weight") }
        #expect(throws: FixtureError.self) { try fixture.doubles("gradient/nothing") }
        #expect(throws: (any Error).self) { try Fixture(named: "no such fixture") }
    }

    @Test func relativeErrorNeverPassesByAccident() {
        #expect(relativeError([3, 4] as [Float], [3, 4]) == 0)
        #expect(relativeError([3, 5] as [Float], [3, 4]) == 0.2)
        #expect(relativeError([1] as [Float], [1, 0]) == .infinity)
        #expect(relativeError([.nan] as [Float], [1]) == .infinity)
        #expect(relativeError([0.5] as [Float], [0]) == 0.5)
    }

    @Test func centralDifferencesFollowTheSlope() {
        let slope = centralDifference(of: { $0[0] * $0[0] * $0[1] + sin($0[1]) }, at: [1.5, -0.5])
        #expect(relativeError(slope, [-1.5, 2.25 + cos(0.5)]) < 1e-9)
    }
}

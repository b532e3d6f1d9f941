// The inverse frequencies of rotary positions, against what Transformers computes for published models.

import Kernels
import TestSupport
import Testing

@Suite struct RotaryFrequenciesTests {
    @Test func plain() throws {
        let found = try RotaryFrequencies(base: 10_000, width: 8).inverse
        #expect(relativeError(found, [1, 0.1, 0.01, 0.001]) < 1e-14)
        // The exponent counts in the rotary width, whatever the head's.
        #expect(try RotaryFrequencies(base: 10_000, width: 4).inverse.last.map { abs($0 - 0.01) < 1e-15 } == true)
    }

    @Test func linear() throws {
        let found = try RotaryFrequencies(base: 10_000, width: 8, scaling: .linear(factor: 4)).inverse
        #expect(relativeError(found, [0.25, 0.025, 0.0025, 0.00025]) < 1e-14)
    }

    @Test func factors() throws {
        let scaling = RotaryFrequencies.Scaling.factors([1, 2, 4, 8])
        let found = try RotaryFrequencies(base: 10_000, width: 8, scaling: scaling).inverse
        #expect(relativeError(found, [1, 0.05, 0.0025, 0.000125]) < 1e-14)
    }

    /// Llama 3.2's, as Transformers 5.23 computes them in single precision.
    @Test func llama3() throws {
        let published = [
            1.0, 0.663601279258728, 0.44036662578582764, 0.2922278344631195, 0.193922758102417, 0.12868738174438477,
            0.08539710193872452, 0.05666961893439293, 0.03760603070259094, 0.02495540864765644, 0.016560440883040428,
            0.010989529080688953, 0.00729266507551074, 0.00483942124992609, 0.0032114461064338684,
            0.0012905480107292533, 0.000429556705057621, 9.708286233944818e-05, 1.9461638657958247e-05,
            1.291476746700937e-05, 8.570255886297673e-06, 5.687232260243036e-06, 3.7740544485131977e-06,
            2.504467147446121e-06, 1.6619674170215148e-06, 1.1028836297555245e-06, 7.318749339901842e-07,
            4.856731266045244e-07, 3.2229328894572973e-07, 2.1387423032592778e-07, 1.4192720243499934e-07,
            9.418306490260875e-08,
        ]
        let found = try RotaryFrequencies(
            base: 500_000, width: 64, scaling: .llama3(factor: 32, low: 1, high: 4, originalContext: 8_192)
        ).inverse
        #expect(found.count == published.count)
        for (own, other) in zip(found, published) { #expect(abs(own / other - 1) < 1e-6) }
    }

    /// A factor of one changes nothing, in any of the forms.
    @Test func aFactorOfOne() throws {
        let plain = try RotaryFrequencies(base: 10_000, width: 32).inverse
        for scaling: RotaryFrequencies.Scaling in [
            .linear(factor: 1), .llama3(factor: 1, low: 1, high: 4, originalContext: 64),
            .factors([Double](repeating: 1, count: 16)),
        ] {
            #expect(
                relativeError(try RotaryFrequencies(base: 10_000, width: 32, scaling: scaling).inverse, plain) < 1e-14)
        }
    }

    @Test func whatHasNoMeaningIsRefused() {
        let cases: [(Double, Int, RotaryFrequencies.Scaling, RotaryFrequencies.Defect)] = [
            (10_000, 7, .none, .width(7)), (10_000, 0, .none, .width(0)), (0, 8, .none, .base(0)),
            (.infinity, 8, .none, .base(.infinity)), (10_000, 8, .linear(factor: 0), .factor(0)),
            (10_000, 8, .llama3(factor: -1, low: 1, high: 4, originalContext: 16), .factor(-1)),
            (10_000, 8, .llama3(factor: 4, low: 4, high: 4, originalContext: 16), .frequencyFactors(low: 4, high: 4)),
            (10_000, 8, .llama3(factor: 4, low: 0, high: 4, originalContext: 16), .frequencyFactors(low: 0, high: 4)),
            (10_000, 8, .llama3(factor: 4, low: 1, high: 4, originalContext: 0), .originalContext(0)),
            (10_000, 8, .factors([1, 2, 3]), .factorCount(3, expected: 4)),
            (10_000, 8, .factors([1, 2, 0, 1]), .factor(0)),
        ]
        for (base, width, scaling, defect) in cases {
            #expect(throws: defect) { try RotaryFrequencies(base: base, width: width, scaling: scaling) }
        }
        #expect(throws: RotaryFrequencies.Defect.self) {
            try RotaryFrequencies(base: .nan, width: 8, scaling: .none)
        }
    }
}

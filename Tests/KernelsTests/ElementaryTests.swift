// exp, sigmoid and erf over dense grids, against the system's in double precision.

import Foundation
import Kernels
import Testing

@Suite struct ElementaryTests {
    /// Applies a function of sixteen lanes to any number of values.
    private static func apply(_ function: (Lanes) -> Lanes, to values: [Float]) -> [Float] {
        stride(from: 0, to: values.count, by: 16).flatMap { start in
            let part = Array(values[start..<min(start + 16, values.count)])
            var lanes = Lanes(repeating: 0)
            for (lane, value) in part.enumerated() { lanes[lane] = value }
            let result = function(lanes)
            return part.indices.map { result[$0] }
        }
    }

    /// The largest relative error of `y` as values of `function` at `x`.
    private static func worstRelative(_ x: [Float], _ y: [Float], _ function: (Double) -> Double) -> Double {
        zip(x, y).map { x, y in abs(Double(y) / function(Double(x)) - 1) }.max() ?? .infinity
    }

    private static func grid(from lower: Double, to upper: Double, count: Int) -> [Float] {
        (0...count).map { Float(lower + (upper - lower) * Double($0) / Double(count)) }
    }

    /// Two units in the last place are 2.4e-7 of the value at most.
    @Test func exponential() {
        let x = Self.grid(from: -87.3, to: 88.3, count: 400_000) + Self.grid(from: -1e-3, to: 1e-3, count: 10_000)
        let y = Self.apply(Elementary.exp, to: x)
        #expect(Self.worstRelative(x, y) { exp($0) } < 2.4e-7)
    }

    @Test func exponentialAtTheEnds() {
        let x: [Float] = [0, -0.0, -87.4, -1e4, -.infinity, 89, 1e4, .infinity, .nan]
        let y = Self.apply(Elementary.exp, to: x)
        #expect(y[0] == 1 && y[1] == 1)
        #expect(y[2...4].allSatisfy { $0 == 0 })
        #expect(y[5...7].allSatisfy { $0.isFinite && $0 > 2e38 })
        #expect(y[8].isNaN)
    }

    /// The exponential's error and two more roundings; below -87 the value is too small for a normal float.
    @Test func sigmoid() {
        let x = Self.grid(from: -86, to: 100, count: 200_000)
        let y = Self.apply(Elementary.sigmoid, to: x)
        #expect(Self.worstRelative(x, y) { 1 / (1 + exp(-$0)) } < 5e-7)
        let ends = Self.apply(Elementary.sigmoid, to: [-1e4, -.infinity, 1e4, .infinity])
        #expect(ends[0] < 1e-37 && ends[1] < 1e-37 && ends[2] == 1 && ends[3] == 1)
    }

    /// The fit's own error is below 3e-7 of one; erf(4) differs from one by 1.5e-8.
    @Test func errorFunction() {
        let x = Self.grid(from: -6, to: 6, count: 200_000)
        let y = Self.apply(Elementary.erf, to: x)
        let worst = zip(x, y).map { x, y in abs(Double(y) - erf(Double(x))) }.max() ?? .infinity
        #expect(worst < 4e-7)
        // Near zero the relative error matters: 2/√π x.
        let small = Self.grid(from: 1e-6, to: 0.1, count: 10_000)
        let relative =
            zip(small, Self.apply(Elementary.erf, to: small))
            .map { abs(Double($1) / erf(Double($0)) - 1) }.max() ?? .infinity
        #expect(relative < 1e-6)
        let ends = Self.apply(Elementary.erf, to: [-1e4, -.infinity, 0, 1e4, .infinity])
        let wanted: [Float] = [-1, -1, 0, 1, 1]
        #expect(zip(ends, wanted).allSatisfy { abs($0 - $1) < 4e-7 })
    }
}

// The layers of the Llama family once more, in double precision, one element after the other.

import Foundation
import Kernels

extension Reference {
    /// x / √(mean(x²) + ε) · weight, or · (1 + weight), over each run of as many columns as there are weights.
    static func rmsNorm(_ x: [Double], weight: [Double], addsOne: Bool, epsilon: Double) -> [Double] {
        var y = x
        for start in stride(from: 0, to: x.count, by: weight.count) {
            let squares = x[start..<(start + weight.count)].reduce(0) { $0 + $1 * $1 }
            let root = (squares / Double(weight.count) + epsilon).squareRoot()
            for (index, factor) in weight.enumerated() {
                y[start + index] = x[start + index] / root * (addsOne ? 1 + factor : factor)
            }
        }
        return y
    }

    /// The pairs (i, i + r/2) of each head as complex numbers, multiplied by e^(i · position · frequency).
    static func rotary(
        _ x: [Double], columns: Int, headWidth: Int, positions: [Int32], frequencies: [Double]
    ) -> [Double] {
        var y = x
        let half = frequencies.count
        for (row, position) in positions.enumerated() {
            for head in stride(from: row * columns, to: (row + 1) * columns, by: headWidth) {
                for (index, frequency) in frequencies.enumerated() {
                    let (real, imaginary) = (x[head + index], x[head + index + half])
                    let angle = Double(position) * frequency
                    y[head + index] = real * cos(angle) - imaginary * sin(angle)
                    y[head + index + half] = real * sin(angle) + imaginary * cos(angle)
                }
            }
        }
        return y
    }

    /// x / (1 + e⁻ˣ), or GELU's tanh form.
    static func gate(_ x: Double, _ gate: GatedActivation.Gate) -> Double {
        switch gate {
        case .silu: x / (1 + exp(-x))
        case .geluTanh: gelu(x, exact: false)
        }
    }

    /// The derivative, by the product rule.
    static func gateDerivative(_ x: Double, _ gate: GatedActivation.Gate) -> Double {
        switch gate {
        case .silu: 1 / (1 + exp(-x)) + x * exp(-x) / ((1 + exp(-x)) * (1 + exp(-x)))
        case .geluTanh: geluDerivative(x, exact: false)
        }
    }

    /// The first half of each row, activated, times the second half.
    static func gated(_ hidden: [Double], columns F: Int, _ kind: GatedActivation.Gate) -> [Double] {
        (0..<(hidden.count / 2)).map { index in
            let start = index / F * 2 * F + index % F
            return gate(hidden[start], kind) * hidden[start + F]
        }
    }
}

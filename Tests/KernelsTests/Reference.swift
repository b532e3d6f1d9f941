// The layers once more, in double precision, one element after the other, as their definitions say.

import Foundation

/// Matrices are arrays in row-major order; the caller says the sizes. Nothing here is fast or shares code with Kernels.
enum Reference {
    /// op(A) op(B) · scale: (m, n) from (m, k) and (k, n), each stored the other way round where it is transposed.
    static func product(
        _ a: [Double], _ b: [Double], m: Int, k: Int, n: Int, transposingA: Bool = false, transposingB: Bool = false,
        scale: Double = 1
    ) -> [Double] {
        var result = [Double](repeating: 0, count: m * n)
        for i in 0..<m {
            for j in 0..<n {
                var sum = 0.0
                for t in 0..<k {
                    sum += (transposingA ? a[t * m + i] : a[i * k + t]) * (transposingB ? b[j * k + t] : b[t * n + j])
                }
                result[i * n + j] = scale * sum
            }
        }
        return result
    }

    /// x W + b.
    static func linear(
        _ x: [Double], weight: [Double], bias: [Double]?, rows: Int, input: Int, output: Int
    ) -> [Double] {
        var y = product(x, weight, m: rows, k: input, n: output)
        if let bias { for index in y.indices { y[index] += bias[index % output] } }
        return y
    }

    /// A row of each table, added.
    static func embedding(
        tokens: [Int32], positions: [Int32], tokenTable: [Double], positionTable: [Double], width: Int
    ) -> [Double] {
        zip(tokens, positions).flatMap { token, position in
            (0..<width).map { tokenTable[Int(token) * width + $0] + positionTable[Int(position) * width + $0] }
        }
    }

    /// (x - mean) / √(variance + ε) · weight + bias, row by row.
    static func layerNorm(
        _ x: [Double], weight: [Double], bias: [Double]?, rows: Int, columns: Int, epsilon: Double
    ) -> [Double] {
        var y = x
        for row in 0..<rows {
            let range = (row * columns)..<((row + 1) * columns)
            let mean = x[range].reduce(0, +) / Double(columns)
            let variance = x[range].reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(columns)
            for (column, index) in range.enumerated() {
                y[index] = (x[index] - mean) / (variance + epsilon).squareRoot() * weight[column]
                if let bias { y[index] += bias[column] }
            }
        }
        return y
    }

    /// ½ x (1 + tanh(√(2/π) (x + 0.044715 x³))), or x Φ(x).
    static func gelu(_ x: Double, exact: Bool) -> Double {
        if exact { return 0.5 * x * erfc(-x / 2.0.squareRoot()) }
        // 1 + tanh u = 2 / (1 + e⁻²ᵘ), which keeps its digits where tanh u is nearly -1.
        return x / (1 + exp(-2 * (2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
    }

    /// The derivative, by the product rule on the formulas above.
    static func geluDerivative(_ x: Double, exact: Bool) -> Double {
        if exact {
            return 0.5 * erfc(-x / 2.0.squareRoot()) + x * exp(-x * x / 2) / (2 * Double.pi).squareRoot()
        }
        let slope = (2 / Double.pi).squareRoot()
        let u = slope * (x + 0.044715 * x * x * x)
        let inner = slope * (1 + 3 * 0.044715 * x * x)
        return 0.5 * (1 + tanh(u)) + 0.5 * x * (1 - tanh(u) * tanh(u)) * inner
    }

    /// log Σ e^z.
    static func logSumExp(_ z: [Double]) -> Double {
        let maximum = z.max() ?? 0
        return maximum + log(z.reduce(0) { $0 + exp($1 - maximum) })
    }

    /// -log softmax(z)[target] of each row.
    static func crossEntropy(_ logits: [Double], targets: [Int32], columns: Int) -> [Double] {
        targets.enumerated().map { row, target in
            let z = Array(logits[(row * columns)..<((row + 1) * columns)])
            return logSumExp(z) - z[Int(target)]
        }
    }
}

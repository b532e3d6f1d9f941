// The Gaussian error linear unit, in GPT-2's tanh form and in its exact form (Hendrycks & Gimpel 2016).

package enum GELU {
    /// √(2/π), and the coefficient of the cube in the tanh form.
    private static let slope: Float = 0.797_884_560_8
    private static let cubic: Float = 0.044_715

    /// output = gelu(input), elementwise on (N, F). Backward needs the input again.
    ///
    /// The tanh form is computed as x σ(2u), u = √(2/π) (x + 0.044715 x³), since ½ (1 + tanh u) = σ(2u);
    /// the exact form as x Φ(x), Φ(x) = ½ (1 + erf(x/√2)).
    ///
    /// - Parameters:
    ///   - output: (N, F), overwritten.
    ///   - input: (N, F).
    package static func forward(into output: Matrix, of input: Matrix, exact: Bool) {
        activate(into: output, of: input, adding: nil, exact: exact)
    }

    /// input += bias in every row, then as `forward`. Fused, so that the bias of the linear layer before costs no separate pass;
    /// **modifies `input`**.
    ///
    /// - Parameters:
    ///   - input: (N, F), added to; backward needs the sum again.
    ///   - bias: (F).
    package static func forwardAddingBias(into output: Matrix, inPlace input: Matrix, adding bias: Vector, exact: Bool)
    {
        precondition(bias.count == input.columns, "a bias of \(bias.count) for \(input.shape)")
        activate(into: output, of: input, adding: bias, exact: exact)
    }

    private static func activate(into output: Matrix, of input: Matrix, adding bias: Vector?, exact: Bool) {
        precondition(
            output.rows == input.rows && output.columns == input.columns, "GELU of \(input.shape) into \(output.shape)")
        // Generation has one row: then the threads share its columns.
        let byColumns = input.rows < ParallelFor.threadCount
        ParallelFor.ranges(byColumns ? input.columns : input.rows, grain: byColumns ? laneCount : 1, for: .activation) {
            part in
            let (rows, columns) = byColumns ? (0..<input.rows, part) : (part, 0..<input.columns)
            let count = columns.count
            for row in rows {
                let (y, x) = (output.row(row) + columns.lowerBound, input.row(row) + columns.lowerBound)
                if let bias { mapLanes(into: x, x, bias.base + columns.lowerBound, count: count) { $0 + $1 } }
                if exact {
                    mapLanes(into: y, x, count: count) { $0 * normalDistribution($0) }
                } else {
                    mapLanes(into: y, x, count: count) { $0 * Elementary.sigmoid(doubledArgument($0)) }
                }
            }
        }
    }

    /// Turns dOutput into dInput in place: dInput = dOutput · gelu′(input). In place, because nothing else asks for
    /// the gradient of the activation's output, and it is the largest array of the block.
    ///
    /// tanh form: gelu′ = s + x s (1 - s) 2u′ with s = σ(2u), 2u′ = 2 √(2/π) (1 + 3 · 0.044715 x²).
    /// Exact form: gelu′ = Φ(x) + x φ(x).
    package static func backward(inPlace gradient: Matrix, input: Matrix, exact: Bool) {
        precondition(
            gradient.rows == input.rows && gradient.columns == input.columns,
            "GELU gradient \(gradient.shape) of \(input.shape)")
        ParallelFor.ranges(input.rows, for: .activation) { rows in
            for row in rows {
                let (dy, x) = (gradient.row(row), input.row(row))
                if exact {
                    mapLanes(into: dy, dy, x, count: input.columns) { $0 * exactDerivative($1) }
                } else {
                    mapLanes(into: dy, dy, x, count: input.columns) { $0 * tanhDerivative($1) }
                }
            }
        }
    }

    /// 2u.
    @inline(__always)
    private static func doubledArgument(_ x: Lanes) -> Lanes {
        let linear = Lanes(repeating: 2 * slope)
        return x * linear.addingProduct(x * x, Lanes(repeating: 2 * slope * cubic))
    }

    @inline(__always)
    private static func tanhDerivative(_ x: Lanes) -> Lanes {
        let s = Elementary.sigmoid(doubledArgument(x))
        let argumentSlope = Lanes(repeating: 2 * slope).addingProduct(x * x, Lanes(repeating: 6 * slope * cubic))
        return s.addingProduct(x * argumentSlope, s * (Lanes(repeating: 1) - s))
    }

    /// Φ(x).
    @inline(__always)
    private static func normalDistribution(_ x: Lanes) -> Lanes {
        let half = Lanes(repeating: 0.5)
        return half.addingProduct(half, Elementary.erf(x * Lanes(repeating: 0.707_106_781_2)))
    }

    /// Φ(x) + x φ(x), φ(x) = e^(-x²/2) / √(2π).
    @inline(__always)
    private static func exactDerivative(_ x: Lanes) -> Lanes {
        let density = Elementary.exp(x * x * Lanes(repeating: -0.5)) * Lanes(repeating: 0.398_942_280_4)
        return normalDistribution(x).addingProduct(x, density)
    }
}

// Gated activations: one half of a product, activated, scales the other half (Shazeer 2020).

package enum GatedActivation {
    /// What the gate goes through. Both are z σ(q) with q = z (a + b z²), whose slope is σ + z σ (1 - σ) (a + 3b z²).
    package enum Gate: Sendable {
        /// Swish-1 (Ramachandran et al. 2017): z σ(z).
        case silu
        /// GELU's tanh form (Hendrycks & Gimpel 2016): q = 2 √(2/π) (z + 0.044715 z³).
        case geluTanh

        fileprivate var coefficients: (a: Float, b: Float) {
            switch self {
            case .silu: (1, 0)
            case .geluTanh: (2 * 0.797_884_560_8, 2 * 0.797_884_560_8 * 0.044_715)
            }
        }
    }

    /// output = gate(z) ⊙ up.
    ///
    /// - Parameters:
    ///   - output: (N, F), overwritten.
    ///   - hidden: (N, 2F): z in the first F columns, up in the last. Backward needs it again.
    package static func forward(into output: Matrix, of hidden: Matrix, _ gate: Gate) {
        check(hidden, output)
        // Generation has one row, whose columns are shared out then.
        let byColumns = hidden.rows < ParallelFor.threadCount
        let count = byColumns ? output.columns : hidden.rows
        ParallelFor.ranges(count, grain: byColumns ? laneCount : 1, for: .activation) { part in
            if byColumns {
                activate(hidden, into: output, 0..<hidden.rows, part, LaneGate(gate))
            } else {
                activate(hidden, into: output, part, 0..<output.columns, LaneGate(gate))
            }
        }
    }

    // The loops are separate functions: the compiler copies the body of a parallel loop, and then inlines less of it.

    @inline(never)
    private static func activate(
        _ hidden: Matrix, into output: Matrix, _ rows: Range<Int>, _ columns: Range<Int>, _ gate: LaneGate
    ) {
        let F = output.columns
        for row in rows {
            let (z, y) = (hidden.row(row) + columns.lowerBound, output.row(row) + columns.lowerBound)
            @inline(__always) func activateGroup(_ index: Int, _ rest: Int) {
                let value = gate((z + index).group(of: rest)).value
                (y + index).setGroup(of: rest, value * (z + F + index).group(of: rest))
            }
            @inline(never) func activateRest(_ index: Int, _ rest: Int) { activateGroup(index, rest) }
            eachLaneGroup(columns.count, activateGroup, rest: activateRest)
        }
    }

    /// dz = dOutput ⊙ up ⊙ gate′(z), dUp = dOutput ⊙ gate(z), in place of what forward was given, which nothing else
    /// asks for and which is the largest array of a block.
    ///
    /// - Parameters:
    ///   - hidden: (N, 2F), as forward left it; becomes the gradients dz and dUp, side by side.
    ///   - dOutput: (N, F).
    ///   - output: (N, F) or nil; overwritten with forward's output, for the weight gradient of the layer that
    ///     follows. It may be `dOutput` itself.
    package static func backward(
        inPlace hidden: Matrix, dOutput: Matrix, restoring output: Matrix? = nil, _ gate: Gate
    ) {
        check(hidden, dOutput)
        if let output { check(hidden, output) }
        ParallelFor.ranges(hidden.rows, for: .activation) { rows in
            differentiate(hidden, dOutput, restoring: output, rows, LaneGate(gate))
        }
    }

    @inline(never)
    private static func differentiate(
        _ hidden: Matrix, _ dOutput: Matrix, restoring output: Matrix?, _ rows: Range<Int>, _ gate: LaneGate
    ) {
        let F = dOutput.columns
        for row in rows {
            let (z, up, dOut, y) = (hidden.row(row), hidden.row(row) + F, dOutput.row(row), output?.row(row))
            @inline(__always) func differentiateGroup(_ index: Int, _ rest: Int) {
                let (dy, factor) = ((dOut + index).group(of: rest), (up + index).group(of: rest))
                let (value, slope) = gate((z + index).group(of: rest))
                (z + index).setGroup(of: rest, dy * factor * slope)
                (up + index).setGroup(of: rest, dy * value)
                if let y { (y + index).setGroup(of: rest, value * factor) }
            }
            @inline(never) func differentiateRest(_ index: Int, _ rest: Int) { differentiateGroup(index, rest) }
            eachLaneGroup(F, differentiateGroup, rest: differentiateRest)
        }
    }

    private static func check(_ hidden: Matrix, _ output: Matrix) {
        precondition(
            hidden.rows == output.rows && hidden.columns == 2 * output.columns,
            "a gated activation of \(hidden.shape) into \(output.shape)")
    }
}

/// A gate for sixteen floats. Both gates run the same instructions with other numbers: a choice inside the loops, or a
/// function value, would keep the arithmetic from being inlined there.
private struct LaneGate {
    let a: Lanes, b: Lanes

    init(_ gate: GatedActivation.Gate) {
        (a, b) = (Lanes(repeating: gate.coefficients.a), Lanes(repeating: gate.coefficients.b))
    }

    /// z σ(q) and its slope. Beyond ±88 σ is zero or one in floats, so z stays within: otherwise the slope's second
    /// term would become zero times infinity there.
    @inline(__always)
    func callAsFunction(_ z: Lanes) -> (value: Lanes, slope: Lanes) {
        let limit = Lanes(repeating: 88)
        var near = z.replacing(with: limit, where: z .> limit)
        near = near.replacing(with: -limit, where: near .< -limit)
        let square = near * near
        let s = Elementary.sigmoid(near * a.addingProduct(square, b))
        let growth = near * a.addingProduct(square, b * Lanes(repeating: 3))
        return (z * s, s.addingProduct(growth, s * (Lanes(repeating: 1) - s)))
    }
}

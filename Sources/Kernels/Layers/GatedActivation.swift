// Gated activations: one half of a product, activated, scales the other half (Shazeer 2020).

package enum GatedActivation {
    /// What the gate goes through. Both are z σ(q(z)): q(z) = z, or q(z) = 2 √(2/π) (z + 0.044715 z³).
    package enum Gate: Sendable {
        /// Swish-1 (Ramachandran et al. 2017): z σ(z).
        case silu
        /// GELU's tanh form (Hendrycks & Gimpel 2016).
        case geluTanh
    }

    /// output = gate(z) ⊙ up.
    ///
    /// - Parameters:
    ///   - output: (N, F), overwritten.
    ///   - hidden: (N, 2F): z in the first F columns, up in the last. Backward needs it again.
    package static func forward(into output: Matrix, of hidden: Matrix, _ gate: Gate) {
        check(hidden, output)
        let F = output.columns
        // Generation has one row, whose columns are shared out then.
        let byColumns = hidden.rows < ParallelFor.threadCount
        ParallelFor.ranges(byColumns ? F : hidden.rows, grain: byColumns ? laneCount : 1, for: .activation) { part in
            let (rows, columns) = byColumns ? (0..<hidden.rows, part) : (part, 0..<F)
            for row in rows {
                let (z, y) = (hidden.row(row) + columns.lowerBound, output.row(row) + columns.lowerBound)
                switch gate {
                case .silu: activate(.silu, z, into: y, columns.count, up: F)
                case .geluTanh: activate(.geluTanh, z, into: y, columns.count, up: F)
                }
            }
        }
    }

    @inline(__always)
    private static func activate(
        _ gate: Gate, _ z: UnsafeMutablePointer<Float>, into y: UnsafeMutablePointer<Float>, _ count: Int,
        up F: Int
    ) {
        @inline(__always) func activateGroup(_ index: Int, _ rest: Int) {
            let value = apply(gate, (z + index).group(of: rest)).value
            (y + index).setGroup(of: rest, value * (z + F + index).group(of: rest))
        }
        eachLaneGroup(count, activateGroup)
    }

    /// dz = dOutput ⊙ up ⊙ gate′(z), dUp = dOutput ⊙ gate(z), in place of what forward was given, which nothing else asks
    /// for and which is the largest array of a block.
    ///
    /// - Parameters:
    ///   - hidden: (N, 2F), as forward left it; becomes the gradients dz and dUp, side by side.
    ///   - dOutput: (N, F).
    ///   - output: (N, F) or nil; overwritten with forward's output, if the next layer still needs it. It may
    ///     be `dOutput` itself.
    package static func backward(
        inPlace hidden: Matrix, dOutput: Matrix, restoring output: Matrix? = nil, _ gate: Gate
    ) {
        check(hidden, dOutput)
        if let output { check(hidden, output) }
        ParallelFor.ranges(hidden.rows, for: .activation) { rows in
            for row in rows {
                let (z, dy, y) = (hidden.row(row), dOutput.row(row), output?.row(row))
                switch gate {
                case .silu: replaceByGradients(.silu, z, dy, y, dOutput.columns)
                case .geluTanh: replaceByGradients(.geluTanh, z, dy, y, dOutput.columns)
                }
            }
        }
    }

    @inline(__always)
    private static func replaceByGradients(
        _ gate: Gate, _ hidden: UnsafeMutablePointer<Float>, _ dOutput: UnsafeMutablePointer<Float>,
        _ output: UnsafeMutablePointer<Float>?, _ F: Int
    ) {
        @inline(__always) func replaceGroup(_ index: Int, _ rest: Int) {
            let (z, up) = (hidden + index, hidden + F + index)
            let (dy, factor) = ((dOutput + index).group(of: rest), up.group(of: rest))
            let (value, slope) = apply(gate, z.group(of: rest))
            z.setGroup(of: rest, dy * factor * slope)
            up.setGroup(of: rest, dy * value)
            if let output { (output + index).setGroup(of: rest, value * factor) }
        }
        eachLaneGroup(F, replaceGroup)
    }

    private static func check(_ hidden: Matrix, _ output: Matrix) {
        precondition(
            hidden.rows == output.rows && hidden.columns == 2 * output.columns,
            "a gated activation of \(hidden.shape) into \(output.shape)")
    }

    /// A gate's value and slope, which share the sigmoid: z σ(q), and σ(q) + z σ(q) (1 - σ(q)) q′. The gate is a literal where
    /// this is called, so that the loops are compiled without the choice.
    @inline(__always)
    private static func apply(_ gate: Gate, _ z: Lanes) -> (value: Lanes, slope: Lanes) {
        let (one, near) = (Lanes(repeating: 1), bounded(z))
        switch gate {
        case .silu:
            let s = Elementary.sigmoid(z)
            return (z * s, s.addingProduct(near, s * (one - s)))
        case .geluTanh:
            let (linear, cubic): (Float, Float) = (2 * 0.797_884_560_8, 2 * 0.797_884_560_8 * 0.044_715)
            let s = Elementary.sigmoid(z * Lanes(repeating: linear).addingProduct(z * z, Lanes(repeating: cubic)))
            let growth = Lanes(repeating: linear).addingProduct(near * near, Lanes(repeating: 3 * cubic))
            return (z * s, s.addingProduct(near * growth, s * (one - s)))
        }
    }

    /// z within ±88: beyond that 1 - σ or σ is zero, and the slope's second term must be so too, not zero times infinity.
    @inline(__always)
    private static func bounded(_ z: Lanes) -> Lanes {
        let limit = Lanes(repeating: 88)
        let above = z.replacing(with: limit, where: z .> limit)
        return above.replacing(with: -limit, where: above .< -limit)
    }
}

// Layer normalization: each row to mean 0 and variance 1, then scaled and shifted (Ba, Kiros & Hinton 2016).

package enum LayerNorm {
    /// What forward keeps for backward, one number per row.
    package struct Saved: Sendable {
        /// (N), mean of each row.
        package let mean: Vector
        /// (N), 1 / √(variance + ε) of each row.
        package let reciprocalDeviation: Vector

        package init(mean: Vector, reciprocalDeviation: Vector) {
            self.mean = mean
            self.reciprocalDeviation = reciprocalDeviation
        }
    }

    /// output = (input - mean) · reciprocalDeviation · weight + bias, with the biased variance.
    ///
    /// - Parameters:
    ///   - output: (N, C), overwritten.
    ///   - saved: (N) each, overwritten.
    ///   - input: (N, C); backward needs it again.
    ///   - weight: (C). bias: (C), or nil for none.
    package static func forward(
        into output: Matrix, saving saved: Saved, of input: Matrix, weight: Vector, bias: Vector?, epsilon: Float
    ) {
        normalize(into: output, saving: saved, of: input, adding: nil, weight: weight, bias: bias, epsilon: epsilon)
    }

    /// input += residual, then as `forward`. Fused, so that the sum costs no separate pass; **modifies `input`**.
    ///
    /// - Parameters:
    ///   - input: (N, C), added to; backward needs the sum again.
    ///   - residual: (N, C).
    package static func forwardAddingResidual(
        into output: Matrix, saving saved: Saved, inPlace input: Matrix, adding residual: Matrix, weight: Vector,
        bias: Vector?, epsilon: Float
    ) {
        precondition(residual.rows == input.rows && residual.columns == input.columns, "a residual of another shape")
        normalize(
            into: output, saving: saved, of: input, adding: residual, weight: weight, bias: bias, epsilon: epsilon)
    }

    private static func normalize(
        into output: Matrix, saving saved: Saved, of input: Matrix, adding residual: Matrix?, weight: Vector,
        bias: Vector?, epsilon: Float
    ) {
        let C = input.columns
        precondition(
            output.rows == input.rows && output.columns == C && weight.count == C && (bias?.count ?? C) == C,
            "LayerNorm of \(input.shape) with \(weight.count) weights into \(output.shape)")
        ParallelFor.ranges(input.rows, for: .normalization) { rows in
            for row in rows {
                let (x, y) = (input.row(row), output.row(row))
                if let residual { mapLanes(into: x, x, residual.row(row), count: C) { $0 + $1 } }
                // 1. The two moments; the second pass reads the row from the first-level cache.
                let mean = sumLanes(x, count: C) { $0 } / Float(C)
                let center = Lanes(repeating: mean)
                let squares = sumLanes(x, count: C, filler: mean) { ($0 - center) * ($0 - center) }
                let reciprocal = 1 / (squares / Float(C) + epsilon).squareRoot()
                // 2. Normalize, scale, shift.
                let scale = Lanes(repeating: reciprocal)
                mapLanes(into: y, x, weight.base, count: C) { ($0 - center) * scale * $1 }
                if let bias { mapLanes(into: y, y, bias.base, count: C) { $0 + $1 } }
                saved.mean[row] = mean
                saved.reciprocalDeviation[row] = reciprocal
            }
        }
    }

    /// With x̂ = (input - mean) · r and g = dOutput · weight:
    /// dInput += r (g - mean(g) - x̂ mean(g x̂)), dWeight += Σ dOutput x̂, dBias += Σ dOutput.
    ///
    /// - Parameters:
    ///   - dInput: (N, C), added to.
    ///   - dWeight: (C), added to. dBias: (C), added to, or nil.
    ///   - dOutput, input: (N, C).
    package static func backward(
        dInput: Matrix, dWeight: Vector?, dBias: Vector?, dOutput: Matrix, input: Matrix, weight: Vector, saved: Saved
    ) {
        let C = input.columns
        precondition(
            dInput.rows == input.rows && dOutput.rows == input.rows && dInput.columns == C && dOutput.columns == C,
            "LayerNorm gradients \(dOutput.shape) and \(dInput.shape) of \(input.shape)")
        // 1. The input's gradient, row by row.
        ParallelFor.ranges(input.rows, for: .normalization) { rows in
            for row in rows {
                addInputGradient(
                    to: dInput.row(row), dOutput.row(row), input.row(row), weight.base, count: C,
                    mean: saved.mean[row], reciprocal: saved.reciprocalDeviation[row])
            }
        }
        // 2. Weight and bias: threads take columns, so that every sum runs over the rows in order.
        if let dWeight { addWeightGradient(to: dWeight, dOutput, input, saved) }
        if let dBias { Linear.addColumnSums(of: dOutput, to: dBias) }
    }

    private static func addWeightGradient(to dWeight: Vector, _ dOutput: Matrix, _ input: Matrix, _ saved: Saved) {
        ParallelFor.ranges(input.columns, grain: laneCount, for: .normalization) { columns in
            let (first, count) = (columns.lowerBound, columns.count)
            for row in 0..<input.rows {
                let center = Lanes(repeating: saved.mean[row])
                let scale = Lanes(repeating: saved.reciprocalDeviation[row])
                let (x, dy) = (input.row(row) + first, dOutput.row(row) + first)
                let dw = dWeight.base + first
                addProducts(to: dw, dy, x, center: center, scale: scale, count: count)
            }
        }
    }

    @inline(__always)
    private static func addInputGradient(
        to dx: UnsafeMutablePointer<Float>, _ dy: UnsafeMutablePointer<Float>, _ x: UnsafeMutablePointer<Float>,
        _ weight: UnsafeMutablePointer<Float>, count C: Int, mean: Float, reciprocal: Float
    ) {
        let (center, scale) = (Lanes(repeating: mean), Lanes(repeating: reciprocal))
        var (sum, sumNormalized) = (Lanes.zero, Lanes.zero)
        eachGroup(C) { index, rest in
            let g = load(dy + index, rest, 0) * load(weight + index, rest, 0)
            let normalized = (load(x + index, rest, mean) - center) * scale
            sum += g
            sumNormalized = sumNormalized.addingProduct(g, normalized)
        }
        let meanGradient = Lanes(repeating: sum.sum() / Float(C))
        let meanProduct = Lanes(repeating: sumNormalized.sum() / Float(C))
        eachGroup(C) { index, rest in
            let g = load(dy + index, rest, 0) * load(weight + index, rest, 0)
            let normalized = (load(x + index, rest, mean) - center) * scale
            let gradient = (g - meanGradient - normalized * meanProduct) * scale
            let value = load(dx + index, rest, 0) + gradient
            if rest == laneCount { (dx + index).setLanes(value) } else { (dx + index).setLanes(value, first: rest) }
        }
    }

    @inline(__always)
    private static func addProducts(
        to dw: UnsafeMutablePointer<Float>, _ dy: UnsafeMutablePointer<Float>, _ x: UnsafeMutablePointer<Float>,
        center: Lanes, scale: Lanes, count: Int
    ) {
        eachGroup(count) { index, rest in
            let normalized = (load(x + index, rest, 0) - center) * scale
            let value = load(dw + index, rest, 0).addingProduct(load(dy + index, rest, 0), normalized)
            if rest == laneCount { (dw + index).setLanes(value) } else { (dw + index).setLanes(value, first: rest) }
        }
    }

    /// Calls `body` with the start and the number of valid lanes of each group of sixteen.
    @inline(__always)
    private static func eachGroup(_ count: Int, _ body: (Int, Int) -> Void) {
        var index = 0
        while index + laneCount <= count {
            body(index, laneCount)
            index += laneCount
        }
        if index < count { body(index, count - index) }
    }

    @inline(__always)
    private static func load(_ pointer: UnsafeMutablePointer<Float>, _ count: Int, _ filler: Float) -> Lanes {
        count == laneCount ? pointer.lanes() : pointer.lanes(first: count, filler: filler)
    }
}

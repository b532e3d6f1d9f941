// The linear layer: y = x W + b, with the weight stored (in, out) as GPT-2's Conv1D stores it.

package enum Linear {
    /// output = input · weight + bias.
    ///
    /// - Parameters:
    ///   - output: (N, out), overwritten.
    ///   - input: (N, in); backward needs it again.
    ///   - weight: (in, out).
    ///   - bias: (out), or nil for none.
    package static func forward(into output: Matrix, of input: Matrix, weight: Matrix, bias: Vector?) {
        if input.rows <= VectorMatrix.mostRows {
            VectorMatrix.multiply(into: output, input, weight, bias: bias)
            return
        }
        if let bias {
            // The product adds to what is there, so the bias costs no separate pass.
            fillRows(of: output, with: bias)
            MatrixMultiply.run(into: output, input, weight, adding: true)
        } else {
            MatrixMultiply.run(into: output, input, weight)
        }
    }

    /// The gradients of the three operands. Those of parameters are added to, since batches add up; the input's is
    /// overwritten, since only this layer computes it.
    ///
    /// - Parameters:
    ///   - dInput: (N, in), overwritten: dOutput · weightᵀ; nil where nobody asks for it.
    ///   - dWeight: (in, out), added to: inputᵀ · dOutput; nil for a frozen weight.
    ///   - dBias: (out), added to: the sum of dOutput's rows; nil without a bias.
    ///   - dOutput: (N, out).
    ///   - input, weight: as in `forward`.
    package static func backward(
        dInput: Matrix?, dWeight: Matrix?, dBias: Vector?, dOutput: Matrix, input: Matrix, weight: Matrix
    ) {
        if let dInput { MatrixMultiply.run(into: dInput, dOutput, weight, transposingB: true) }
        if let dWeight { MatrixMultiply.run(into: dWeight, input, dOutput, transposingA: true, adding: true) }
        if let dBias { addColumnSums(of: dOutput, to: dBias) }
    }

    /// Overwrites every row with `values`.
    static func fillRows(of matrix: Matrix, with values: Vector) {
        precondition(matrix.columns == values.count, "a bias of \(values.count) for rows of \(matrix.columns)")
        ParallelFor.ranges(matrix.rows) { rows in
            for row in rows { matrix.row(row).update(from: values.base, count: values.count) }
        }
    }

    /// Adds each column's sum to `sums`. Threads take columns, so every sum runs over the rows in order.
    static func addColumnSums(of matrix: Matrix, to sums: Vector) {
        precondition(matrix.columns == sums.count, "column sums of \(matrix.shape) into \(sums.count)")
        ParallelFor.ranges(matrix.columns, grain: laneCount) { columns in
            let (destination, count) = (sums.base + columns.lowerBound, columns.count)
            for row in 0..<matrix.rows {
                let source = matrix.row(row) + columns.lowerBound
                mapLanes(into: destination, destination, source, count: count) { $0 + $1 }
            }
        }
    }
}

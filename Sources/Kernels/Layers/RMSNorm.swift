// Root-mean-square normalization: rows, or heads of rows, to mean square 1, then scaled (Zhang & Sennrich 2019).

/// y = x s ⊙ w with s = 1 / √(mean(x²) + ε), or y = x s ⊙ (1 + w) with `addsOne`.
///
/// The mean runs over D columns, as many as there are weights. A matrix may have G D columns: then each row is G
/// groups, each normalized by itself with the same weights, as the heads of queries and keys are.
package enum RMSNorm {
    /// output = input · s ⊙ weight.
    ///
    /// - Parameters:
    ///   - output: (N, G D), overwritten.
    ///   - scales: (N G), overwritten: s of each row's groups in order.
    ///   - input: (N, G D).
    ///   - weight: (D).
    ///   - addsOne: whether the factor is 1 + weight.
    package static func forward(
        into output: Matrix, saving scales: Vector, of input: Matrix, weight: Vector, addsOne: Bool = false,
        epsilon: Float
    ) {
        normalize(into: output, saving: scales, input, adding: nil, weight, addsOne: addsOne, epsilon)
    }

    /// The same where the result replaces the input.
    package static func forward(
        inPlace matrix: Matrix, saving scales: Vector, weight: Vector, addsOne: Bool = false, epsilon: Float
    ) {
        normalize(into: matrix, saving: scales, matrix, adding: nil, weight, addsOne: addsOne, epsilon)
    }

    /// input += residual; output = input · s ⊙ weight. Fused, so that the sum costs no separate pass.
    ///
    /// - Parameters:
    ///   - output: (N, G D), overwritten.
    ///   - scales: (N G), overwritten.
    ///   - input: (N, G D), added to; backward needs the sum.
    ///   - residual: (N, G D).
    package static func forwardAddingResidual(
        into output: Matrix, saving scales: Vector, inPlace input: Matrix, adding residual: Matrix, weight: Vector,
        addsOne: Bool = false, epsilon: Float
    ) {
        normalize(into: output, saving: scales, input, adding: residual, weight, addsOne: addsOne, epsilon)
    }

    private static func normalize(
        into output: Matrix, saving scales: Vector, _ input: Matrix, adding residual: Matrix?, _ weight: Vector,
        addsOne: Bool, _ epsilon: Float
    ) {
        let groups = groupCount(of: input, weight, scales)
        precondition(
            output.hasShape(of: input) && residual?.hasShape(of: input) ?? true,
            "RMSNorm of \(input.shape) and \(residual?.shape ?? "nothing") into \(output.shape)")
        let (D, w) = (weight.count, weight.base)
        let one = Lanes(repeating: addsOne ? 1 : 0)
        ParallelFor.ranges(input.rows, for: .normalization) { rows in
            for row in rows {
                if let residual {
                    let (x, addend) = (input.row(row), residual.row(row))
                    @inline(__always) func addResidual(_ index: Int, _ rest: Int) {
                        (x + index).setGroup(of: rest, (x + index).group(of: rest) + (addend + index).group(of: rest))
                    }
                    eachLaneGroup(input.columns, addResidual)
                }
                for group in 0..<groups {
                    let (x, y) = (input.row(row) + group * D, output.row(row) + group * D)
                    // The second pass reads the group from the first-level cache.
                    let squares = productLanes(x, x, count: D).total
                    let scale = 1 / (squares / Float(D) + epsilon).squareRoot()
                    let factor = Lanes(repeating: scale)
                    @inline(__always) func scaleGroup(_ index: Int, _ rest: Int) {
                        let gain = one + (w + index).group(of: rest)
                        (y + index).setGroup(of: rest, (x + index).group(of: rest) * factor * gain)
                    }
                    eachLaneGroup(D, scaleGroup)
                    scales[row * groups + group] = scale
                }
            }
        }
    }

    /// With x̂ = input · s and g = dOutput ⊙ weight: dInput += s (g - x̂ mean(g x̂)), dWeight += Σ dOutput x̂ over all
    /// rows and groups.
    ///
    /// - Parameters:
    ///   - dInput: (N, G D), added to.
    ///   - dWeight: (D), added to, or nil for a frozen weight.
    ///   - dOutput, input: (N, G D).
    ///   - weight, addsOne: as in `forward`.
    ///   - scales: (N G), as forward left them.
    package static func backward(
        dInput: Matrix, dWeight: Vector?, dOutput: Matrix, input: Matrix, weight: Vector, addsOne: Bool = false,
        saved scales: Vector
    ) {
        RMSNormBackward(
            dInput: dInput, adds: true, dOutput: dOutput, known: input, isOutput: false, weight: weight,
            addsOne: addsOne, scales: scales
        ).run(dWeight)
    }

    /// The same where dInput replaces dOutput.
    package static func backward(
        inPlace gradient: Matrix, dWeight: Vector?, input: Matrix, weight: Vector, addsOne: Bool = false,
        saved scales: Vector
    ) {
        RMSNormBackward(
            dInput: gradient, adds: false, dOutput: gradient, known: input, isOutput: false, weight: weight,
            addsOne: addsOne, scales: scales
        ).run(dWeight)
    }

    /// The same after a forward in place, which leaves the output only: x̂ = output ⊘ weight. Where the factor is
    /// exactly zero nothing tells x̂, which then counts as zero: that element's weight gets no gradient.
    package static func backward(
        inPlace gradient: Matrix, dWeight: Vector?, output: Matrix, weight: Vector, addsOne: Bool = false,
        saved scales: Vector
    ) {
        RMSNormBackward(
            dInput: gradient, adds: false, dOutput: gradient, known: output, isOutput: true, weight: weight,
            addsOne: addsOne, scales: scales
        ).run(dWeight)
    }

    /// How many groups of `weight.count` columns a row has.
    fileprivate static func groupCount(of matrix: Matrix, _ weight: Vector, _ scales: Vector) -> Int {
        precondition(
            weight.count > 0 && matrix.columns % weight.count == 0
                && scales.count == matrix.rows * (matrix.columns / weight.count),
            "RMSNorm of \(matrix.shape) with \(weight.count) weights and \(scales.count) scales")
        return matrix.columns / weight.count
    }
}

/// One backward pass: what its rows read and write.
private struct RMSNormBackward {
    let dInput: Matrix
    /// Whether dInput is added to; it is overwritten otherwise.
    let adds: Bool
    let dOutput: Matrix
    /// The input or, with `isOutput`, the output.
    let known: Matrix
    let isOutput: Bool
    let weight: Vector
    let addsOne: Bool
    let scales: Vector

    /// The weight's gradient is summed in blocks of rows, whose number depends on the number of rows alone, and then
    /// over the blocks in order: so every array is read once, and the bits do not depend on the threads.
    private static let mostBlocks = 64

    /// Where the rows' threads put what is neither input nor output.
    private struct Scratch {
        /// (D), 1 / weight, or zero where there is none.
        let reciprocals: UnsafeMutablePointer<Float>
        /// (blocks, D), sums over the rows of each block, or nil for a frozen weight.
        let sums: UnsafeMutablePointer<Float>?
        let blockRows: Int
    }

    func run(_ dWeight: Vector?) {
        let (D, N) = (weight.count, known.rows)
        precondition(
            dInput.hasShape(of: known) && dOutput.hasShape(of: known) && dWeight?.count ?? D == D,
            "RMSNorm gradients \(dOutput.shape) and \(dInput.shape) of \(known.shape)")
        let groups = RMSNorm.groupCount(of: known, weight, scales)
        let blockRows = max(8, (N + RMSNormBackward.mostBlocks - 1) / RMSNormBackward.mostBlocks)
        let blocks = (N + blockRows - 1) / blockRows
        withScratch(D + (dWeight == nil ? 0 : blocks * D)) { memory in
            let scratch = Scratch(
                reciprocals: memory, sums: dWeight == nil ? nil : memory + D, blockRows: blockRows)
            if isOutput { fillReciprocals(memory) }
            ParallelFor.ranges(N, grain: dWeight == nil ? 1 : blockRows, for: .normalization) { rows in
                if isOutput {
                    replaceFromOutput(rows, groups, scratch)
                } else if adds {
                    addFromInput(rows, groups, scratch)
                } else {
                    replaceFromInput(rows, groups, scratch)
                }
            }
            if let dWeight { Linear.addColumnSums(of: Matrix(memory + D, rows: blocks, columns: D), to: dWeight) }
        }
    }

    private func fillReciprocals(_ reciprocals: UnsafeMutablePointer<Float>) {
        for index in 0..<weight.count {
            let factor = weight[index] + (addsOne ? 1 : 0)
            reciprocals[index] = factor == 0 ? 0 : 1 / factor
        }
    }

    // Separate functions with literal flags, so that each loop is compiled once, and without the choices.

    @inline(never)
    private func addFromInput(_ rows: Range<Int>, _ groups: Int, _ scratch: Scratch) {
        differentiate(rows, groups, scratch, isOutput: false, adds: true)
    }

    @inline(never)
    private func replaceFromInput(_ rows: Range<Int>, _ groups: Int, _ scratch: Scratch) {
        differentiate(rows, groups, scratch, isOutput: false, adds: false)
    }

    @inline(never)
    private func replaceFromOutput(_ rows: Range<Int>, _ groups: Int, _ scratch: Scratch) {
        differentiate(rows, groups, scratch, isOutput: true, adds: false)
    }

    @inline(__always)
    private func differentiate(_ rows: Range<Int>, _ groups: Int, _ scratch: Scratch, isOutput: Bool, adds: Bool) {
        let D = weight.count
        for row in rows {
            let sums = scratch.sums.map { $0 + row / scratch.blockRows * D }
            if row % scratch.blockRows == 0 { sums?.update(repeating: 0, count: D) }
            for group in 0..<groups {
                differentiate(
                    row, group * D, scales[row * groups + group], scratch.reciprocals, sums, isOutput: isOutput,
                    adds: adds)
            }
        }
    }

    /// The group of a row that begins at a column.
    @inline(__always)
    private func differentiate(
        _ row: Int, _ column: Int, _ scale: Float, _ reciprocals: UnsafeMutablePointer<Float>,
        _ sums: UnsafeMutablePointer<Float>?, isOutput: Bool, adds: Bool
    ) {
        let (dx, dy, x) = (dInput.row(row) + column, dOutput.row(row) + column, known.row(row) + column)
        let (w, D, factor) = (weight.base, weight.count, Lanes(repeating: scale))
        let one = Lanes(repeating: addsOne ? 1 : 0)
        @inline(__always) func normalized(_ index: Int, _ rest: Int) -> Lanes {
            (x + index).group(of: rest) * (isOutput ? (reciprocals + index).group(of: rest) : factor)
        }
        var products = Lanes.zero
        @inline(__always) func addProducts(_ index: Int, _ rest: Int) {
            let g = (dy + index).group(of: rest) * (one + (w + index).group(of: rest))
            products = products.addingProduct(g, normalized(index, rest))
        }
        eachLaneGroup(D, addProducts)
        let mean = Lanes(repeating: products.total / Float(D))
        @inline(__always) func writeGradients(_ index: Int, _ rest: Int) {
            let (gradient, xHat) = ((dy + index).group(of: rest), normalized(index, rest))
            let value = (gradient * (one + (w + index).group(of: rest)) - xHat * mean) * factor
            (dx + index).setGroup(of: rest, adds ? (dx + index).group(of: rest) + value : value)
            if let sums {
                (sums + index).setGroup(of: rest, (sums + index).group(of: rest).addingProduct(gradient, xHat))
            }
        }
        eachLaneGroup(D, writeGradients)
    }
}

extension Matrix {
    fileprivate func hasShape(of other: Matrix) -> Bool { rows == other.rows && columns == other.columns }
}

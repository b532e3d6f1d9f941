// One row times a matrix: what generation does for every token, bound by how fast the weights can be read.

/// BLAS treats a product with one row as a matrix product and loses most of the memory's speed; these loops read each
/// weight once, in order, and split the output over the threads.
public enum VectorMatrix {
    /// output = input · weight + bias with one row: (1, out) = (1, in) · (in, out) + (out).
    public static func multiply(into output: Matrix, _ input: Matrix, _ weight: Matrix, bias: Vector?) {
        precondition(
            input.rows == 1 && output.rows == 1 && input.columns == weight.rows && output.columns == weight.columns,
            "row product of shapes \(input.shape) \(weight.shape) into \(output.shape)")
        let x = input.row(0)
        ParallelFor.ranges(weight.columns, grain: 4 * laneCount) { columns in
            let y = output.row(0) + columns.lowerBound
            let count = columns.count
            if let bias {
                y.update(from: bias.base + columns.lowerBound, count: count)
            } else {
                y.update(repeating: 0, count: count)
            }
            let weights = weight.columns(columns)
            var row = 0
            while row + 4 <= weight.rows {
                addFourRows(to: y, x + row, weights, row, count: count)
                row += 4
            }
            while row < weight.rows {
                let factor = Lanes(repeating: x[row])
                mapLanes(into: y, y, weights.row(row), count: count) { $0.addingProduct(factor, $1) }
                row += 1
            }
        }
    }

    /// y += x[0]·w[row] + … + x[3]·w[row + 3]: y is read and written once for four rows.
    @inline(__always)
    private static func addFourRows(
        to y: UnsafeMutablePointer<Float>, _ x: UnsafeMutablePointer<Float>, _ weights: Matrix, _ row: Int, count: Int
    ) {
        let (w0, w1) = (weights.row(row), weights.row(row + 1))
        let (w2, w3) = (weights.row(row + 2), weights.row(row + 3))
        let (x0, x1) = (Lanes(repeating: x[0]), Lanes(repeating: x[1]))
        let (x2, x3) = (Lanes(repeating: x[2]), Lanes(repeating: x[3]))
        var index = 0
        while index + laneCount <= count {
            var sum = (y + index).lanes().addingProduct(x0, (w0 + index).lanes())
            sum = sum.addingProduct(x1, (w1 + index).lanes())
            sum = sum.addingProduct(x2, (w2 + index).lanes())
            sum = sum.addingProduct(x3, (w3 + index).lanes())
            (y + index).setLanes(sum)
            index += laneCount
        }
        while index < count {
            y[index] += x[0] * w0[index] + x[1] * w1[index] + x[2] * w2[index] + x[3] * w3[index]
            index += 1
        }
    }

    /// output = input · weightᵀ with one row: (1, rows) = (1, C) · (rows, C)ᵀ, a dot product per weight row.
    public static func multiplyTransposed(into output: Matrix, _ input: Matrix, _ weight: Matrix) {
        precondition(
            input.rows == 1 && output.rows == 1 && input.columns == weight.columns && output.columns == weight.rows,
            "row product of shapes \(input.shape) \(weight.shape)ᵀ into \(output.shape)")
        let x = input.row(0)
        let y = output.row(0)
        ParallelFor.ranges(weight.rows, grain: laneCount) { rows in
            for row in rows { y[row] = dotProduct(x, weight.row(row), count: weight.columns) }
        }
    }
}

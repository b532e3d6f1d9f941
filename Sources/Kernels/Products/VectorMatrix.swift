// A few rows times a matrix: what generation does for every token, bound by how fast the weights can be read.

/// BLAS treats a product with one row as a matrix product and loses most of the memory's speed; these loops read each
/// weight once, in order, and split the output over the threads. A row's result does not depend on how many others are
/// worked on with it, to the last bit.
package enum VectorMatrix {
    /// From this many rows on a matrix product is faster.
    package static let mostRows = 8

    /// Columns worked on together when there are several rows: their results stay in the first-level cache.
    private static let tile = 16 * laneCount

    /// output = input · weight + bias: (n, out) = (n, in) · (in, out) + (out), for n up to `mostRows`.
    package static func multiply(into output: Matrix, _ input: Matrix, _ weight: Matrix, bias: Vector?) {
        precondition(
            input.rows == output.rows && input.columns == weight.rows && output.columns == weight.columns,
            "row product of shapes \(input.shape) \(weight.shape) into \(output.shape)")
        ParallelFor.ranges(weight.columns, grain: 4 * laneCount) { columns in
            for row in 0..<output.rows {
                let y = output.row(row) + columns.lowerBound
                if let bias {
                    y.update(from: bias.base + columns.lowerBound, count: columns.count)
                } else {
                    y.update(repeating: 0, count: columns.count)
                }
            }
            let width = output.rows == 1 ? columns.count : tile
            for first in stride(from: columns.lowerBound, to: columns.upperBound, by: width) {
                let part = first..<min(first + width, columns.upperBound)
                add(to: output.columns(part), input, weight.columns(part))
            }
        }
    }

    /// output += input · weight: (n, out) += (n, in) · (in, out), on this thread: for the narrow matrices of an adapter,
    /// which are too small to share.
    package static func addOnThisThread(to output: Matrix, _ input: Matrix, _ weight: Matrix) {
        precondition(
            input.rows == output.rows && input.columns == weight.rows && output.columns == weight.columns,
            "row product of shapes \(input.shape) \(weight.shape) added to \(output.shape)")
        add(to: output, input, weight)
    }

    /// output += input · weight, on this thread.
    private static func add(to output: Matrix, _ input: Matrix, _ weight: Matrix) {
        let count = output.columns
        var position = 0
        while position + 4 <= weight.rows {
            for row in 0..<output.rows {
                addFourRows(to: output.row(row), input.row(row) + position, weight, position, count: count)
            }
            position += 4
        }
        while position < weight.rows {
            for row in 0..<output.rows {
                let (y, factor) = (output.row(row), Lanes(repeating: input.row(row)[position]))
                mapLanes(into: y, y, weight.row(position), count: count) { $0.addingProduct(factor, $1) }
            }
            position += 1
        }
    }

    /// y += x[0]·w[row] + … + x[3]·w[row + 3]: y is read and written once for four rows of the weight.
    @inline(__always)
    private static func addFourRows(
        to y: UnsafeMutablePointer<Float>, _ x: UnsafeMutablePointer<Float>, _ weights: Matrix, _ row: Int, count: Int
    ) {
        let (w0, w1) = (weights.row(row), weights.row(row + 1))
        let (w2, w3) = (weights.row(row + 2), weights.row(row + 3))
        let (x0, x1) = (Lanes(repeating: x[0]), Lanes(repeating: x[1]))
        let (x2, x3) = (Lanes(repeating: x[2]), Lanes(repeating: x[3]))
        // The next four rows: each is a new stream, which the processor would notice too late.
        let ahead = 4 * weights.stride
        var index = 0
        while index + laneCount <= count {
            UnsafeRawPointer(w0 + index + ahead).prefetch(lines: 1)
            UnsafeRawPointer(w1 + index + ahead).prefetch(lines: 1)
            UnsafeRawPointer(w2 + index + ahead).prefetch(lines: 1)
            UnsafeRawPointer(w3 + index + ahead).prefetch(lines: 1)
            var sum = (y + index).lanes().addingProduct(x0, (w0 + index).lanes())
            sum = sum.addingProduct(x1, (w1 + index).lanes())
            sum = sum.addingProduct(x2, (w2 + index).lanes())
            sum = sum.addingProduct(x3, (w3 + index).lanes())
            (y + index).setLanes(sum)
            index += laneCount
        }
        while index < count {
            y[index] = y[index].addingProduct(x[0], w0[index]).addingProduct(x[1], w1[index])
                .addingProduct(x[2], w2[index]).addingProduct(x[3], w3[index])
            index += 1
        }
    }

    /// output = input · weightᵀ: (n, rows) = (n, C) · (rows, C)ᵀ, n dot products for each row of the weight.
    package static func multiplyTransposed(into output: Matrix, _ input: Matrix, _ weight: Matrix) {
        precondition(
            input.rows == output.rows && input.columns == weight.columns && output.columns == weight.rows,
            "row product of shapes \(input.shape) \(weight.shape)ᵀ into \(output.shape)")
        ParallelFor.ranges(weight.rows, grain: laneCount) { range in
            for weightRow in range {
                for row in 0..<output.rows {
                    output.row(row)[weightRow] = dotProduct(
                        input.row(row), weight.row(weightRow), count: weight.columns)
                }
            }
        }
    }
}

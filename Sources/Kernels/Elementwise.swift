// Sums and copies of whole activations: the residual connection and the clearing of scratch memory.

public enum Elementwise {
    /// destination += source, both (N, C).
    public static func add(to destination: Matrix, _ source: Matrix) {
        precondition(
            destination.rows == source.rows && destination.columns == source.columns,
            "adding \(source.shape) to \(destination.shape)")
        ParallelFor.ranges(destination.rows, for: .residual) { rows in
            for row in rows {
                let target = destination.row(row)
                mapLanes(into: target, target, source.row(row), count: source.columns) { $0 + $1 }
            }
        }
    }

    /// destination[i] = source[rows[i]]: some rows of a matrix side by side.
    public static func gather(into destination: Matrix, rows: [Int], of source: Matrix) {
        check(destination, rows, source)
        ParallelFor.ranges(rows.count) { range in
            for index in range { destination.row(index).update(from: source.row(rows[index]), count: source.columns) }
        }
    }

    /// destination[rows[i]] += source[i], no row twice: back to where `gather` took them from.
    public static func scatterAdd(to destination: Matrix, rows: [Int], _ source: Matrix) {
        check(source, rows, destination)
        ParallelFor.ranges(rows.count) { range in
            for index in range {
                let target = destination.row(rows[index])
                mapLanes(into: target, target, source.row(index), count: source.columns) { $0 + $1 }
            }
        }
    }

    private static func check(_ part: Matrix, _ rows: [Int], _ whole: Matrix) {
        precondition(
            part.rows == rows.count && part.columns == whole.columns
                && rows.allSatisfy { $0 >= 0 && $0 < whole.rows },
            "\(rows.count) rows of \(whole.shape) as \(part.shape)")
    }

    /// Sets every element of a contiguous matrix to zero.
    public static func zero(_ matrix: Matrix) {
        precondition(matrix.isContiguous, "zeroing a matrix of \(matrix.shape) with gaps")
        ParallelFor.ranges(matrix.rows, for: .residual) { rows in
            matrix.row(rows.lowerBound).update(repeating: 0, count: rows.count * matrix.columns)
        }
    }
}

// Sums and copies of whole activations: the residual connection and the clearing of scratch memory.

public enum Elementwise {
    /// destination += source, both (N, C).
    public static func add(to destination: Matrix, _ source: Matrix) {
        precondition(
            destination.rows == source.rows && destination.columns == source.columns,
            "adding \(source.shape) to \(destination.shape)")
        ParallelFor.ranges(destination.rows) { rows in
            for row in rows {
                let target = destination.row(row)
                mapLanes(into: target, target, source.row(row), count: source.columns) { $0 + $1 }
            }
        }
    }

    /// Sets every element of a contiguous matrix to zero.
    public static func zero(_ matrix: Matrix) {
        precondition(matrix.isContiguous, "zeroing a matrix of \(matrix.shape) with gaps")
        ParallelFor.ranges(matrix.rows) { rows in
            matrix.row(rows.lowerBound).update(repeating: 0, count: rows.count * matrix.columns)
        }
    }
}

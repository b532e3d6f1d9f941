// What is done to elements and rows as they are: the residual connection, copies of rows, the largest of many.

package enum Elementwise {
    /// destination += source, both (N, C).
    package static func add(to destination: Matrix, _ source: Matrix) {
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

    /// destination += source, and source = 0: one pass over both.
    package static func drain(into destination: Vector, _ source: Vector) {
        precondition(destination.count == source.count, "\(source.count) floats added to \(destination.count)")
        ParallelFor.ranges(destination.count, grain: 1024, for: .optimizer) { range in
            for index in range {
                destination.base[index] += source.base[index]
                source.base[index] = 0
            }
        }
    }

    /// destination = source, both (N, C).
    package static func copy(into destination: Matrix, of source: Matrix) {
        precondition(
            destination.rows == source.rows && destination.columns == source.columns,
            "copying \(source.shape) into \(destination.shape)")
        ParallelFor.ranges(source.rows) { rows in
            for row in rows { destination.row(row).update(from: source.row(row), count: source.columns) }
        }
    }

    /// destination[i] = source[rows[i]]: some rows of a matrix side by side.
    package static func gather(into destination: Matrix, rows: [Int], of source: Matrix) {
        check(destination, rows, source)
        ParallelFor.ranges(rows.count) { range in
            for index in range { destination.row(index).update(from: source.row(rows[index]), count: source.columns) }
        }
    }

    /// The inverse of `gather` in place: row i becomes row rows[i], and the others become zero.
    ///
    /// - Parameters:
    ///   - matrix: (N, C), contiguous; its first rows.count rows are read, all are overwritten.
    ///   - rows: ascending, no row twice.
    package static func spread(_ matrix: Matrix, rows: [Int]) {
        precondition(matrix.isContiguous, "spreading a matrix of \(matrix.shape) with gaps")
        check(matrix.rows(0..<rows.count), rows, matrix)
        // From the end, since no row moves towards the beginning.
        var end = matrix.rows
        for (index, row) in rows.enumerated().reversed() {
            // After the last row there is none, whose start is not asked for.
            (matrix.base + (row + 1) * matrix.columns).update(repeating: 0, count: (end - row - 1) * matrix.columns)
            if row != index { matrix.row(row).update(from: matrix.row(index), count: matrix.columns) }
            end = row
        }
        matrix.base.update(repeating: 0, count: end * matrix.columns)
    }

    /// The first index of the largest element; NaN counts as the least number, and infinity as the largest finite one.
    package static func indexOfLargest(_ values: Vector) -> Int {
        precondition(values.count > 0, "the largest of no elements")
        let limit = Float.greatestFiniteMagnitude
        let chunk = 256 * laneCount
        let chunkCount = (values.count + chunk - 1) / chunk
        func starts(_ index: Int) -> StrideTo<Int> {
            stride(from: index * chunk, to: min((index + 1) * chunk, values.count), by: laneCount)
        }
        func group(_ start: Int) -> Lanes {
            let (rest, pointer, most) = (values.count - start, values.base + start, Lanes(repeating: limit))
            let value = rest >= laneCount ? pointer.lanes() : pointer.lanes(first: rest, filler: .nan)
            return value.replacing(with: most, where: value .> most)
        }
        return withScratch(chunkCount) { maxima in
            // 1. Of each chunk, by the threads in whose caches a vocabulary's logits are.
            ParallelFor.tasks(chunkCount) { index in
                var best = Lanes(repeating: -limit)
                for start in starts(index) {
                    let value = group(start)
                    best = best.replacing(with: value, where: value .> best)
                }
                maxima[index] = best.largest
            }
            // 2. Its place.
            let first = (0..<chunkCount).reduce(0) { maxima[$1] > maxima[$0] ? $1 : $0 }
            guard maxima[first] > -limit else { return 0 }
            for start in starts(first) {
                let hits = group(start) .== Lanes(repeating: maxima[first])
                if any(hits) { return start + (0..<laneCount).first { hits[$0] }! }
            }
            return 0
        }
    }

    private static func check(_ part: Matrix, _ rows: [Int], _ all: Matrix) {
        precondition(
            part.rows == rows.count && part.columns == all.columns
                && rows.allSatisfy { $0 >= 0 && $0 < all.rows },
            "\(rows.count) rows of \(all.shape) as \(part.shape)")
    }

    /// Sets every element of a contiguous matrix to zero.
    package static func zero(_ matrix: Matrix) {
        precondition(matrix.isContiguous, "zeroing a matrix of \(matrix.shape) with gaps")
        ParallelFor.ranges(matrix.rows, for: .residual) { rows in
            matrix.row(rows.lowerBound).update(repeating: 0, count: rows.count * matrix.columns)
        }
    }
}

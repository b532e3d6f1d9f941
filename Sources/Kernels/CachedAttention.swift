// Attention of new positions over the keys and values of all positions before them, for generation.

public enum CachedAttention {
    /// From this many new positions on, a prompt is being read, and products of blocks are faster than single rows.
    private static let fewestForBlocks = 16
    /// Queries worked on together then: their scores stay in the second-level cache.
    private static let queryBlock = 64

    /// output[i] = softmax(scale · q[i] Kᵀ) V over the first start + i + 1 cached positions, or with a window the last
    /// `window` of these, for every head.
    ///
    /// - Parameters:
    ///   - output: (n, C), overwritten.
    ///   - queries: (n, C or wider): the first C columns are the queries of the new positions.
    ///   - keys, values: (context, C), in which the new positions' rows are already written.
    ///   - start: how many positions stood before the new ones.
    ///   - scale: 1 / √D where it is nil.
    public static func forward(
        into output: Matrix, queries: Matrix, keys: Matrix, values: Matrix, start: Int, headCount: Int,
        scale: Float? = nil, window: Int? = nil
    ) {
        let D = output.columns / headCount
        let total = start + output.rows
        precondition(
            D * headCount == output.columns && queries.rows == output.rows && keys.rows >= total
                && values.rows >= total && keys.columns == output.columns,
            "cached attention of \(queries.shape) over \(keys.shape) from position \(start) into \(output.shape)")
        let scale = scale ?? 1 / Float(D).squareRoot()
        /// The positions that a new one sees.
        func seen(by row: Int) -> Range<Int> {
            let end = start + row + 1
            return max(0, end - (window ?? end))..<end
        }
        ParallelFor.tasks(headCount, for: .attention) { head in
            let columns = (head * D)..<((head + 1) * D)
            let (query, key, value) = (queries.columns(columns), keys.columns(columns), values.columns(columns))
            let attended = output.columns(columns)
            if output.rows >= fewestForBlocks {
                attendInBlocks(into: attended, query, key, value, seen, scale: scale)
            } else {
                withScratch(total) { scores in
                    for row in 0..<output.rows {
                        attend(
                            into: attended.row(row), query.row(row), key.rows(seen(row)), value.rows(seen(row)),
                            width: D, scale: scale, scores: scores)
                    }
                }
            }
        }
    }

    /// One head, as `CausalAttention.forward` does it.
    private static func attendInBlocks(
        into output: Matrix, _ query: Matrix, _ key: Matrix, _ value: Matrix, _ seen: (Int) -> Range<Int>,
        scale: Float
    ) {
        withScratch(queryBlock * seen(output.rows - 1).upperBound) { scratch in
            for first in stride(from: 0, to: output.rows, by: queryBlock) {
                let queries = first..<min(first + queryBlock, output.rows)
                let keys = seen(queries.lowerBound).lowerBound..<seen(queries.upperBound - 1).upperBound
                let scores = Matrix(scratch, rows: queries.count, columns: keys.count)
                MatrixMultiply.runOnThisThread(
                    into: scores, query.rows(queries), key.rows(keys), transposingB: true, scale: scale)
                for position in queries {
                    let visible = seen(position)
                    _ = CausalAttention.softmax(
                        scores.row(position - first),
                        visible: (visible.lowerBound - keys.lowerBound)..<(visible.upperBound - keys.lowerBound),
                        of: keys.count)
                }
                MatrixMultiply.runOnThisThread(into: output.rows(queries), scores, value.rows(keys))
            }
        }
    }

    /// One position of one head.
    @inline(__always)
    private static func attend(
        into y: UnsafeMutablePointer<Float>, _ query: UnsafeMutablePointer<Float>, _ key: Matrix, _ value: Matrix,
        width: Int, scale: Float, scores: UnsafeMutablePointer<Float>
    ) {
        let visible = 0..<key.rows
        for position in visible {
            scores[position] = dotProduct(query, key.row(position), count: width) * scale
        }
        _ = CausalAttention.softmax(scores, visible: visible, of: visible.count)
        y.update(repeating: 0, count: width)
        for position in visible {
            let weight = Lanes(repeating: scores[position])
            mapLanes(into: y, y, value.row(position), count: width) { $0.addingProduct(weight, $1) }
        }
    }
}

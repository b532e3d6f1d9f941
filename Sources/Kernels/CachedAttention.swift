// Attention of new positions over the keys and values of all positions before them, for generation.

public enum CachedAttention {
    /// From this many new positions on, a prompt is being read, and products of blocks are faster than single rows.
    private static let fewestForBlocks = 16
    /// Queries worked on together then: their scores stay in the second-level cache.
    private static let queryBlock = 64

    /// output[i] = softmax(scale · q[i] Kᵀ) V over the first start + i + 1 cached positions, for every head.
    ///
    /// - Parameters:
    ///   - output: (n, C), overwritten.
    ///   - queries: (n, C or wider): the first C columns are the queries of the new positions.
    ///   - keys, values: (context, C), in which the new positions' rows are already written.
    ///   - start: how many positions stood before the new ones.
    public static func forward(
        into output: Matrix, queries: Matrix, keys: Matrix, values: Matrix, start: Int, headCount: Int
    ) {
        let D = output.columns / headCount
        let total = start + output.rows
        precondition(
            D * headCount == output.columns && queries.rows == output.rows && keys.rows >= total
                && values.rows >= total && keys.columns == output.columns,
            "cached attention of \(queries.shape) over \(keys.shape) from position \(start) into \(output.shape)")
        let scale = 1 / Float(D).squareRoot()
        ParallelFor.tasks(headCount, for: .attention) { head in
            let columns = (head * D)..<((head + 1) * D)
            let (query, key, value) = (queries.columns(columns), keys.columns(columns), values.columns(columns))
            let attended = output.columns(columns)
            if output.rows >= fewestForBlocks {
                attendInBlocks(into: attended, query, key, value, start: start, scale: scale)
            } else {
                withScratch(total) { scores in
                    for row in 0..<output.rows {
                        attend(
                            into: attended.row(row), query.row(row), key, value, visible: start + row + 1, width: D,
                            scale: scale, scores: scores)
                    }
                }
            }
        }
    }

    /// One head, as `CausalAttention.forward` does it.
    private static func attendInBlocks(
        into output: Matrix, _ query: Matrix, _ key: Matrix, _ value: Matrix, start: Int, scale: Float
    ) {
        withScratch(queryBlock * (start + output.rows)) { scratch in
            for first in stride(from: 0, to: output.rows, by: queryBlock) {
                let queries = first..<min(first + queryBlock, output.rows)
                let keys = 0..<(start + queries.upperBound)
                let scores = Matrix(scratch, rows: queries.count, columns: keys.count)
                MatrixMultiply.runOnThisThread(
                    into: scores, query.rows(queries), key.rows(keys), transposingB: true, scale: scale)
                for position in queries {
                    let row = scores.row(position - first)
                    _ = CausalAttention.softmax(row, visible: start + position + 1, of: keys.count)
                }
                MatrixMultiply.runOnThisThread(into: output.rows(queries), scores, value.rows(keys))
            }
        }
    }

    /// One position of one head.
    @inline(__always)
    private static func attend(
        into y: UnsafeMutablePointer<Float>, _ query: UnsafeMutablePointer<Float>, _ key: Matrix, _ value: Matrix,
        visible: Int, width: Int, scale: Float, scores: UnsafeMutablePointer<Float>
    ) {
        for position in 0..<visible {
            scores[position] = dotProduct(query, key.row(position), count: width) * scale
        }
        _ = CausalAttention.softmax(scores, visible: visible, of: visible)
        y.update(repeating: 0, count: width)
        for position in 0..<visible {
            let weight = Lanes(repeating: scores[position])
            mapLanes(into: y, y, value.row(position), count: width) { $0.addingProduct(weight, $1) }
        }
    }
}

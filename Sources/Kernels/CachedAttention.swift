// Attention of new positions over the keys and values of all positions before them, for generation.

public enum CachedAttention {
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
        ParallelFor.tasks(headCount) { head in
            let columns = (head * D)..<((head + 1) * D)
            let (query, key, value) = (queries.columns(columns), keys.columns(columns), values.columns(columns))
            let attended = output.columns(columns)
            withScratch(total) { scores in
                for row in 0..<output.rows {
                    let end = start + row + 1
                    let seen = max(0, end - (window ?? end))..<end
                    attend(
                        into: attended.row(row), query.row(row), key.rows(seen), value.rows(seen), width: D,
                        scale: scale, scores: scores)
                }
            }
        }
    }

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

// Self-attention without a mask, in which each position of a sequence looks at all of them; forward only.

/// softmax(Q Kᵀ / √D) V per sequence and head (Vaswani et al. 2017), as encoders have it (Devlin et al. 2019). Scores are made
/// for a block of queries at a time and never stored.
package enum TwoWayAttention {
    /// How many queries are worked on together: their scores stay in the second-level cache.
    private static let queryBlock = 64

    /// - Parameters:
    ///   - output: (N, H·D), overwritten.
    ///   - qkv: (N, 3·H·D): queries, keys and values, the heads of each next to one another.
    ///   - sequences: the rows of each sequence; together they cover the batch without overlap.
    ///   - headCount: H.
    package static func forward(into output: Matrix, of qkv: Matrix, sequences: [Range<Int>], headCount: Int) {
        let width = output.columns
        precondition(
            qkv.rows == output.rows && qkv.columns == 3 * width && width % headCount == 0,
            "attention of \(qkv.shape) with \(headCount) heads into \(output.shape)")
        let D = width / headCount
        let scale = 1 / Float(D).squareRoot()
        ParallelFor.tasks(sequences.count * headCount, for: .attention) { task in
            let (sequence, head) = task.quotientAndRemainder(dividingBy: headCount)
            let rows = sequences[sequence]
            let own = qkv.rows(rows)
            func part(_ number: Int) -> Matrix {
                own.columns((number * width + head * D)..<(number * width + (head + 1) * D))
            }
            let (query, key, value) = (part(0), part(1), part(2))
            let attended = output.rows(rows).columns((head * D)..<((head + 1) * D))
            withScratch(queryBlock * rows.count) { scratch in
                for first in stride(from: 0, to: rows.count, by: queryBlock) {
                    let queries = first..<min(first + queryBlock, rows.count)
                    let scores = Matrix(scratch, rows: queries.count, columns: rows.count)
                    MatrixMultiply.runOnThisThread(
                        into: scores, query.rows(queries), key, transposingB: true, scale: scale)
                    for row in 0..<queries.count {
                        _ = CausalAttention.softmax(scores.row(row), visible: 0..<rows.count, of: rows.count)
                    }
                    MatrixMultiply.runOnThisThread(into: attended.rows(queries), scores, value)
                }
            }
        }
    }
}

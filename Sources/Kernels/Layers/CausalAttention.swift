// Causal self-attention with grouped query heads over the sequences of a batch, forward and backward.

/// softmax(scale · Q Kᵀ + mask) V per sequence and head, each position looking at itself and all earlier ones (Vaswani
/// et al. 2017), or with a window w at itself and the w - 1 positions before it (Beltagy et al. 2020); keys that no query
/// of a block may see are not computed. H query heads share K key/value heads: query head h reads key/value head
/// h / (H / K) (grouped queries, Ainslie et al. 2023); no key or value is copied. Scores are made for a block of queries
/// at a time and never stored; backward computes them again from each row's log-sum-exp (Dao et al. 2022, without the
/// tiling of keys).
package enum CausalAttention {
    /// How many queries are worked on together: their scores stay in the second-level cache.
    private static let queryBlock = 64

    /// What every call needs in addition to the arrays.
    package struct Shape {
        /// The rows of each sequence; together they cover the batch without overlap.
        package let sequences: [Range<Int>]
        /// Query heads (H).
        package let headCount: Int
        /// Key/value heads (K); divides H.
        package let keyValueHeadCount: Int
        /// Width of one head (D).
        package let headWidth: Int
        /// Multiplies the scores.
        package let scale: Float
        /// How many positions a query sees, itself included; nil for all before it.
        package let window: Int?
        /// On the probabilities, or nil; with the identity of each row of the batch.
        package let dropout: (key: DropoutKey, identities: UnsafePointer<UInt64>)?

        /// - Parameters:
        ///   - keyValueHeadCount: H where it is nil.
        ///   - scale: 1 / √D where it is nil.
        package init(
            sequences: [Range<Int>], headCount: Int, keyValueHeadCount: Int? = nil, headWidth: Int,
            scale: Float? = nil, window: Int? = nil,
            dropout: (key: DropoutKey, identities: UnsafePointer<UInt64>)? = nil
        ) {
            precondition((window ?? 1) > 0, "an attention window of \(window ?? 1) positions")
            let keyValueHeadCount = keyValueHeadCount ?? headCount
            precondition(
                keyValueHeadCount > 0 && headCount % keyValueHeadCount == 0,
                "\(headCount) query heads cannot share \(keyValueHeadCount) key/value heads")
            self.sequences = sequences
            self.headCount = headCount
            self.keyValueHeadCount = keyValueHeadCount
            self.headWidth = headWidth
            self.scale = scale ?? 1 / Float(headWidth).squareRoot()
            self.window = window
            self.dropout = dropout.flatMap { $0.key.rate > 0 ? $0 : nil }
        }

        /// Width of the queries of all heads, and of the output (H · D).
        var queryWidth: Int { headCount * headWidth }
        /// Width of the keys of all heads, and of the values (K · D).
        var keyWidth: Int { keyValueHeadCount * headWidth }
        /// Query heads that share one key/value head (H / K).
        var groupSize: Int { headCount / keyValueHeadCount }

        /// The keys that a query sees.
        func visible(to query: Int) -> Range<Int> {
            max(0, query + 1 - (window ?? query + 1))..<(query + 1)
        }

        /// The keys that at least one of some queries sees.
        func visible(to queries: Range<Int>) -> Range<Int> {
            visible(to: queries.lowerBound).lowerBound..<queries.upperBound
        }

        /// Scores that a block of queries of a sequence of `count` positions has at most.
        func scoreCount(_ count: Int) -> Int {
            queryBlock * min(count, queryBlock + min(window ?? count, count) - 1)
        }
    }

    /// One head of one sequence: views of its rows and columns.
    private struct Head {
        let index: Int
        let rows: Range<Int>
        let query: Matrix, key: Matrix, value: Matrix

        init(_ qkv: Matrix, _ shape: Shape, sequence: Int, index: Int) {
            self.index = index
            rows = shape.sequences[sequence]
            let (D, own) = (shape.headWidth, qkv.rows(rows))
            let (first, shared) = (index * D, shape.queryWidth + index / shape.groupSize * D)
            query = own.columns(first..<(first + D))
            key = own.columns(shared..<(shared + D))
            value = own.columns((shape.keyWidth + shared)..<(shape.keyWidth + shared + D))
        }

        /// This head's columns of a (N, H·D) array.
        func columns(of matrix: Matrix) -> Matrix {
            let D = query.columns
            return matrix.rows(rows).columns((index * D)..<((index + 1) * D))
        }
    }

    /// output[i] = Σⱼ P[i, j] V[j] over the keys j that i sees, for every head.
    ///
    /// - Parameters:
    ///   - output: (N, H·D), overwritten; backward needs it again.
    ///   - logSumExp: (H, N), overwritten: the log of each softmax's denominator, for backward.
    ///   - qkv: (N, (H + 2K)·D): queries, keys and values, the heads of each next to one another.
    package static func forward(into output: Matrix, saving logSumExp: Matrix, of qkv: Matrix, _ shape: Shape) {
        check(output, logSumExp, qkv, shape)
        ParallelFor.tasks(shape.sequences.count * shape.headCount, for: .attention) { task in
            let (sequence, index) = task.quotientAndRemainder(dividingBy: shape.headCount)
            let head = Head(qkv, shape, sequence: sequence, index: index)
            let attended = head.columns(of: output)
            let logs = logSumExp.row(head.index) + head.rows.lowerBound
            withScratch(shape.scoreCount(head.rows.count)) { scratch in
                for first in stride(from: 0, to: head.rows.count, by: queryBlock) {
                    let queries = first..<min(first + queryBlock, head.rows.count)
                    // 1. Scores of a block of queries with every key that one of them sees.
                    let keys = shape.visible(to: queries)
                    let scores = Matrix(scratch, rows: queries.count, columns: keys.count)
                    MatrixMultiply.runOnThisThread(
                        into: scores, head.query.rows(queries), head.key.rows(keys), transposingB: true,
                        scale: shape.scale)
                    // 2. Softmax over the keys that a query may see, then dropout.
                    for query in queries {
                        let (row, visible) = (scores.row(query - first), shape.visible(to: query).counted(from: keys))
                        logs[query] = softmax(row, visible: visible, of: keys.count)
                        drop(row, visible, query, head, shape)
                    }
                    // 3. The values, weighted.
                    MatrixMultiply.runOnThisThread(into: attended.rows(queries), scores, head.value.rows(keys))
                }
            }
        }
    }

    /// Adds to the gradients of queries, keys and values. With A = dropout(P):
    /// dV += Aᵀ dO; dA = dO Vᵀ; dS = P (mask(dA) - Σ dO O) scale; dQ += dS K; dK += dSᵀ Q.
    ///
    /// A task is a key/value head with the query heads that share it, in order: one thread makes its gradient.
    ///
    /// - Parameters:
    ///   - dQKV: (N, (H + 2K)·D), added to.
    ///   - dOutput, output: (N, H·D).
    ///   - logSumExp, qkv: as forward left them.
    package static func backward(
        dQKV: Matrix, dOutput: Matrix, output: Matrix, logSumExp: Matrix, qkv: Matrix, _ shape: Shape
    ) {
        check(output, logSumExp, qkv, shape)
        check(dOutput, logSumExp, dQKV, shape)
        ParallelFor.tasks(shape.sequences.count * shape.keyValueHeadCount, for: .attention) { task in
            let (sequence, group) = task.quotientAndRemainder(dividingBy: shape.keyValueHeadCount)
            for index in (group * shape.groupSize)..<((group + 1) * shape.groupSize) {
                let head = Head(qkv, shape, sequence: sequence, index: index)
                backward(
                    head, gradient: Head(dQKV, shape, sequence: sequence, index: index),
                    attended: head.columns(of: output), dAttended: head.columns(of: dOutput),
                    logs: logSumExp.row(index) + head.rows.lowerBound, shape)
            }
        }
    }

    /// One query head of one sequence.
    private static func backward(
        _ head: Head, gradient: Head, attended: Matrix, dAttended: Matrix, logs: UnsafeMutablePointer<Float>,
        _ shape: Shape
    ) {
        let size = shape.scoreCount(head.rows.count)
        withScratch(2 * size) { scratch in
            for first in stride(from: 0, to: head.rows.count, by: queryBlock) {
                let queries = first..<min(first + queryBlock, head.rows.count)
                let keys = shape.visible(to: queries)
                let scores = Matrix(scratch, rows: queries.count, columns: keys.count)
                let dScores = Matrix(scratch + size, rows: queries.count, columns: keys.count)
                let (query, dOut) = (head.query.rows(queries), dAttended.rows(queries))
                // 1. Scores and probabilities again, and dA.
                MatrixMultiply.runOnThisThread(
                    into: scores, query, head.key.rows(keys), transposingB: true, scale: shape.scale)
                MatrixMultiply.runOnThisThread(into: dScores, dOut, head.value.rows(keys), transposingB: true)
                // 2. dS in place of dA, A in place of the scores.
                for position in queries {
                    let (p, ds) = (scores.row(position - first), dScores.row(position - first))
                    let visible = shape.visible(to: position).counted(from: keys)
                    probabilities(p, logSumExp: logs[position], visible: visible, of: keys.count)
                    drop(ds, visible, position, head, shape)
                    let sum = dotProduct(dAttended.row(position), attended.row(position), count: shape.headWidth)
                    let (center, scale) = (Lanes(repeating: sum), Lanes(repeating: shape.scale))
                    mapLanes(into: ds, ds, p, count: keys.count) { ($0 - center) * $1 * scale }
                    drop(p, visible, position, head, shape)
                }
                // 3. The products of the two, each added where it belongs.
                MatrixMultiply.runOnThisThread(
                    into: gradient.value.rows(keys), scores, dOut, transposingA: true, adding: true)
                MatrixMultiply.runOnThisThread(
                    into: gradient.query.rows(queries), dScores, head.key.rows(keys), adding: true)
                MatrixMultiply.runOnThisThread(
                    into: gradient.key.rows(keys), dScores, query, transposingA: true, adding: true)
            }
        }
    }

    /// Replaces the `visible` scores by their softmax and the others by zero.
    ///
    /// - Returns: the log of the sum of the exponentials.
    static func softmax(_ row: UnsafeMutablePointer<Float>, visible: Range<Int>, of count: Int) -> Float {
        let seen = row + visible.lowerBound
        let maximum = largest(seen, count: visible.count)
        let shift = Lanes(repeating: maximum)
        mapLanes(into: seen, seen, count: visible.count) { Elementary.exp($0 - shift) }
        let sum = sumLanes(seen, count: visible.count) { $0 }
        let factor = Lanes(repeating: 1 / sum)
        mapLanes(into: seen, seen, count: visible.count) { $0 * factor }
        clear(row, but: visible, of: count)
        return Float(Double(maximum) + logarithm(Double(sum)))
    }

    /// Replaces the `visible` scores by e^(score - logSumExp) and the others by zero.
    private static func probabilities(
        _ row: UnsafeMutablePointer<Float>, logSumExp: Float, visible: Range<Int>, of count: Int
    ) {
        let (seen, shift) = (row + visible.lowerBound, Lanes(repeating: logSumExp))
        mapLanes(into: seen, seen, count: visible.count) { Elementary.exp($0 - shift) }
        clear(row, but: visible, of: count)
    }

    private static func clear(_ row: UnsafeMutablePointer<Float>, but visible: Range<Int>, of count: Int) {
        row.update(repeating: 0, count: visible.lowerBound)
        (row + visible.upperBound).update(repeating: 0, count: count - visible.upperBound)
    }

    private static func drop(
        _ row: UnsafeMutablePointer<Float>, _ visible: Range<Int>, _ query: Int, _ head: Head, _ shape: Shape
    ) {
        guard let (key, identities) = shape.dropout else { return }
        let identity = identities[head.rows.lowerBound + query]
        key.apply(
            to: row + visible.lowerBound, count: visible.count, identity: identity, channel: UInt64(head.index))
    }

    private static func check(_ output: Matrix, _ logSumExp: Matrix, _ qkv: Matrix, _ shape: Shape) {
        precondition(
            output.columns == shape.queryWidth && qkv.columns == shape.queryWidth + 2 * shape.keyWidth
                && output.rows == qkv.rows && logSumExp.rows == shape.headCount && logSumExp.columns == qkv.rows,
            "attention of \(qkv.shape) into \(output.shape), \(logSumExp.shape) with \(shape.headCount) query and "
                + "\(shape.keyValueHeadCount) key/value heads of width \(shape.headWidth)")
        precondition(
            shape.sequences.allSatisfy { $0.lowerBound >= 0 && $0.upperBound <= qkv.rows },
            "sequences beyond the \(qkv.rows) rows of the batch")
    }
}

extension Range<Int> {
    /// The same numbers counted from where `origin` starts.
    fileprivate func counted(from origin: Range<Int>) -> Range<Int> {
        (lowerBound - origin.lowerBound)..<(upperBound - origin.lowerBound)
    }
}

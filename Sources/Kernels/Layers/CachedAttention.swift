// Attention of new positions over the keys and values of all positions before them, for generation.

package enum CachedAttention {
    /// From this many new positions on, a prompt is being read, and products of blocks are faster than single rows.
    private static let fewestForBlocks = 16
    /// Queries worked on together then: their scores stay in the second-level cache.
    private static let queryBlock = 64

    /// Keys and values of all positions so far, grouped by head, since that is the order in which they are read.
    package struct Memory {
        /// (K · capacity, D) each.
        package let keys: Matrix
        package let values: Matrix
        /// Key/value heads (K).
        package let headCount: Int

        package init(keys: Matrix, values: Matrix, headCount: Int) {
            precondition(
                keys.rows == values.rows && keys.columns == values.columns && keys.rows % headCount == 0,
                "keys \(keys.shape) and values \(values.shape) of \(headCount) heads")
            (self.keys, self.values, self.headCount) = (keys, values, headCount)
        }

        /// Positions that there is room for.
        var capacity: Int { keys.rows / headCount }

        /// One head's positions.
        func rows(of head: Int) -> Range<Int> { (head * capacity)..<((head + 1) * capacity) }
    }

    /// output[i] = softmax(scale · q[i] Kᵀ) V over the first start + i + 1 cached positions, or with a window the last
    /// `window` of these, for every head.
    ///
    /// - Parameters:
    ///   - output: (n, H·D), overwritten; H is a multiple of the key/value heads K.
    ///   - queries: (n, H·D or wider): the first columns are the queries of the new positions.
    ///   - memory: in which the new positions' rows are already written.
    ///   - start: how many positions precede the new ones.
    ///   - scale: 1 / √D where it is nil.
    package static func forward(
        into output: Matrix, queries: Matrix, _ memory: Memory, start: Int, scale: Float? = nil, window: Int? = nil
    ) {
        let D = memory.keys.columns
        let total = start + output.rows
        precondition(
            output.columns % (D * memory.headCount) == 0 && queries.rows == output.rows && memory.capacity >= total,
            "cached attention of \(queries.shape) over \(memory.keys.shape) from position \(start) into "
                + output.shape)
        let scale = scale ?? 1 / Float(D).squareRoot()
        /// The positions that a new one sees.
        func seen(_ row: Int) -> Range<Int> {
            let end = start + row + 1
            return max(0, end - (window ?? end))..<end
        }
        let headCount = output.columns / D
        let groupSize = headCount / memory.headCount
        ParallelFor.tasks(headCount, for: .attention) { head in
            let columns = (head * D)..<((head + 1) * D)
            let query = queries.columns(columns)
            let shared = memory.rows(of: head / groupSize)
            let (key, value) = (memory.keys.rows(shared), memory.values.rows(shared))
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
            UnsafeRawPointer(key.row(position)).prefetchAhead(lines: (width * 4 + 63) / 64)
            scores[position] = productLanes(query, key.row(position), count: width).total * scale
        }
        _ = CausalAttention.softmax(scores, visible: visible, of: visible.count)
        var first = 0
        while first + 4 * laneCount <= width {
            addFourLanes(into: y + first, scores, value, first)
            first += 4 * laneCount
        }
        guard first < width else { return }
        (y + first).update(repeating: 0, count: width - first)
        for position in visible {
            let weight = Lanes(repeating: scores[position])
            mapLanes(into: y + first, y + first, value.row(position) + first, count: width - first) {
                $0.addingProduct(weight, $1)
            }
        }
    }

    /// y = Σ score · value over sixty-four columns, which stay in registers.
    @inline(__always)
    private static func addFourLanes(
        into y: UnsafeMutablePointer<Float>, _ scores: UnsafeMutablePointer<Float>, _ value: Matrix, _ first: Int
    ) {
        var (a, b, c, d) = (Lanes.zero, Lanes.zero, Lanes.zero, Lanes.zero)
        for position in 0..<value.rows {
            let (weight, v) = (Lanes(repeating: scores[position]), value.row(position) + first)
            UnsafeRawPointer(v).prefetchAhead(lines: 4)
            a = a.addingProduct(weight, v.lanes())
            b = b.addingProduct(weight, (v + laneCount).lanes())
            c = c.addingProduct(weight, (v + 2 * laneCount).lanes())
            d = d.addingProduct(weight, (v + 3 * laneCount).lanes())
        }
        y.setLanes(a)
        (y + laneCount).setLanes(b)
        (y + 2 * laneCount).setLanes(c)
        (y + 3 * laneCount).setLanes(d)
    }
}

// The soft cap of a model's logits: a tanh keeps them within ±c (Bello et al. 2016; Gemma 2).

package enum SoftCap {
    /// output = c tanh(input / c), elementwise on (N, V), overwritten. Backward needs the input again.
    package static func forward(into output: Matrix, of input: Matrix, cap: Float) {
        check(output, input, cap)
        let (scale, factor) = (Lanes(repeating: 1 / cap), Lanes(repeating: cap))
        eachRow(input) { row, first, count in
            let (x, y) = (input.row(row) + first, output.row(row) + first)
            @inline(__always) func capGroup(_ index: Int, _ rest: Int) {
                let t = hyperbolicTangent((x + index).group(of: rest) * scale)
                (y + index).setGroup(of: rest, factor * t)
            }
            @inline(never) func capRest(_ index: Int, _ rest: Int) { capGroup(index, rest) }
            eachLaneGroup(count, capGroup, rest: capRest)
        }
    }

    /// The same where the result replaces the logits: for passes that have no backward.
    package static func forward(inPlace logits: Matrix, cap: Float) { forward(into: logits, of: logits, cap: cap) }

    /// Turns dOutput into dInput in place: dInput = dOutput (1 - tanh²(input / c)).
    ///
    /// - Parameters:
    ///   - gradient: (N, V).
    ///   - input: (N, V), the logits as they were before forward.
    package static func backward(inPlace gradient: Matrix, input: Matrix, cap: Float) {
        check(gradient, input, cap)
        let (scale, one) = (Lanes(repeating: 1 / cap), Lanes(repeating: 1))
        eachRow(input) { row, first, count in
            let (x, dy) = (input.row(row) + first, gradient.row(row) + first)
            @inline(__always) func scaleGroup(_ index: Int, _ rest: Int) {
                let t = hyperbolicTangent((x + index).group(of: rest) * scale)
                (dy + index).setGroup(of: rest, (dy + index).group(of: rest) * (one - t) * (one + t))
            }
            @inline(never) func scaleRest(_ index: Int, _ rest: Int) { scaleGroup(index, rest) }
            eachLaneGroup(count, scaleGroup, rest: scaleRest)
        }
    }

    /// Shares out the rows or, where there are fewer of them than threads, the columns. `body` is given a row, the
    /// first of its columns, and how many.
    private static func eachRow(_ matrix: Matrix, _ body: (Int, Int, Int) -> Void) {
        let byColumns = matrix.rows < ParallelFor.threadCount
        ParallelFor.ranges(byColumns ? matrix.columns : matrix.rows, grain: byColumns ? laneCount : 1, for: .head) {
            part in
            let (rows, columns) = byColumns ? (0..<matrix.rows, part) : (part, 0..<matrix.columns)
            for row in rows { body(row, columns.lowerBound, columns.count) }
        }
    }

    /// tanh x = 2 σ(2x) - 1; near zero, where that difference loses its digits, the Taylor series to x⁹.
    @inline(__always)
    private static func hyperbolicTangent(_ x: Lanes) -> Lanes {
        let far = Lanes(repeating: -1).addingProduct(Lanes(repeating: 2), Elementary.sigmoid(x + x))
        let square = x * x
        var series = Lanes(repeating: 62.0 / 2835)
        series = Lanes(repeating: -17.0 / 315).addingProduct(series, square)
        series = Lanes(repeating: 2.0 / 15).addingProduct(series, square)
        series = Lanes(repeating: -1.0 / 3).addingProduct(series, square)
        let near = x.addingProduct(x * square, series)
        return far.replacing(with: near, where: square .< Lanes(repeating: 1.0 / 16))
    }

    private static func check(_ output: Matrix, _ input: Matrix, _ cap: Float) {
        precondition(
            output.rows == input.rows && output.columns == input.columns && cap > 0,
            "a soft cap of \(cap) on \(input.shape) and \(output.shape)")
    }
}

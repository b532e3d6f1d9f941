// One attention problem: its arrays, its shape, and the reference's answer to it.

import Kernels
import TestSupport

/// Sequences of given lengths in one batch, with random queries, keys and values.
struct AttentionCase {
    let lengths: [Int]
    let headCount: Int
    let keyValueHeadCount: Int
    let headWidth: Int
    let scale: Double
    let window: Int?
    let dropout: DropoutKey?

    let sequences: [Range<Int>]
    let identities: [UInt64]
    let qkv: Grid
    let dOutput: Grid

    var rowCount: Int { qkv.matrix.rows }
    var width: Int { headCount * headWidth }
    /// Of all key heads, and of all value heads.
    var keyWidth: Int { keyValueHeadCount * headWidth }

    /// - Parameter keyValueHeadCount: `headCount` where it is nil.
    init(
        lengths: [Int], headCount: Int, keyValueHeadCount: Int? = nil, headWidth: Int, scale: Double? = nil,
        window: Int? = nil,
        dropout: DropoutKey? = nil, seed: UInt64 = 1
    ) {
        self.lengths = lengths
        self.headCount = headCount
        let keyValueHeadCount = keyValueHeadCount ?? headCount
        self.keyValueHeadCount = keyValueHeadCount
        self.headWidth = headWidth
        self.scale = scale ?? 1 / Double(headWidth).squareRoot()
        self.window = window
        self.dropout = dropout
        var next = 0
        sequences = lengths.map { length in
            defer { next += length }
            return next..<(next + length)
        }
        identities = lengths.enumerated().flatMap { example, length in
            (0..<length).map { DropoutKey.rowIdentity(example: example, position: $0) }
        }
        qkv = Grid.random(next, (headCount + 2 * keyValueHeadCount) * headWidth, seed: seed)
        dOutput = Grid.random(next, headCount * headWidth, seed: seed + 1)
    }

    /// Calls `body` with the shape that kernels take.
    func withShape<Value>(_ body: (CausalAttention.Shape) -> Value) -> Value {
        identities.withUnsafeBufferPointer { identities in
            body(
                CausalAttention.Shape(
                    sequences: sequences, headCount: headCount, keyValueHeadCount: keyValueHeadCount,
                    headWidth: headWidth, scale: Float(scale), window: window,
                    dropout: dropout.flatMap { key in identities.baseAddress.map { (key, $0) } }))
        }
    }

    /// The kernel's output (N, C) and log-sum-exp (H, N).
    func forward() -> (output: Grid, logSumExp: Grid) {
        let output = Grid(rowCount, width, filledWith: .nan)
        let logSumExp = Grid(headCount, rowCount, filledWith: .nan)
        withShape { CausalAttention.forward(into: output.matrix, saving: logSumExp.matrix, of: qkv.matrix, $0) }
        return (output, logSumExp)
    }

    /// The kernel's gradient (N, (H + 2K)·D), added to what `dQKV` holds.
    func backward(into dQKV: Grid) {
        let (output, logSumExp) = forward()
        withShape {
            CausalAttention.backward(
                dQKV: dQKV.matrix, dOutput: dOutput.matrix, output: output.matrix, logSumExp: logSumExp.matrix,
                qkv: qkv.matrix, $0)
        }
    }

    /// Sequence by sequence and head by head: nothing of one may reach another.
    func eachHead(
        _ body: (_ rows: Range<Int>, _ head: Int, _ inputs: Reference.AttentionHead, _ mask: [Double]?) -> Void
    ) {
        let numbers = qkv.doubles
        for (example, rows) in sequences.enumerated() {
            for head in 0..<headCount {
                let inputs = Reference.AttentionHead(
                    numbers, rows: rows, head: head, headCount: headCount, keyValueHeadCount: keyValueHeadCount,
                    width: headWidth, scale: scale, window: window)
                body(rows, head, inputs, mask(example: example, length: rows.count, head: head))
            }
        }
    }

    /// A head's columns of some rows of an (N, C) array.
    func columns(of values: [Double], rows: Range<Int>, head: Int) -> [Double] {
        rows.flatMap { row in (0..<headWidth).map { values[row * width + head * headWidth + $0] } }
    }

    /// The factors of one head's probabilities (T, T), found by a probe: attention whose scores are all equal and whose
    /// values are the unit matrix gives factor / n for query i, which sees n keys, and key j.
    private func mask(example: Int, length: Int, head: Int) -> [Double]? {
        guard dropout != nil else { return nil }
        let probe = Grid(length, 3 * headCount * length) { index in
            let (row, column) = (index / (3 * headCount * length), index % (3 * headCount * length))
            return column >= 2 * headCount * length && column % length == row ? 1 : 0
        }
        let output = Grid(length, headCount * length, filledWith: .nan)
        let logs = Grid(headCount, length, filledWith: .nan)
        let own = (0..<length).map { DropoutKey.rowIdentity(example: example, position: $0) }
        own.withUnsafeBufferPointer { own in
            let shape = CausalAttention.Shape(
                sequences: [0..<length], headCount: headCount, headWidth: length, window: window,
                dropout: dropout.flatMap { key in own.baseAddress.map { (key, $0) } })
            CausalAttention.forward(into: output.matrix, saving: logs.matrix, of: probe.matrix, shape)
        }
        return (0..<(length * length)).map { index in
            let (query, key) = (index / length, index % length)
            // Kept factors are 1 / (1 - rate), so nothing is near one half.
            let scaled =
                Double(output.matrix.row(query)[head * length + key]) * Double(min(query + 1, window ?? length))
            return scaled > 0.5 ? 1 / (1 - Double(dropout?.rate ?? 0)) : 0
        }
    }
}

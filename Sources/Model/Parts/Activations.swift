// Memory for what a forward pass computes: kept for backward, or used again by every block.

import Kernels

/// What one block's forward writes and its backward reads.
public struct BlockActivations {
    /// (N, C) the residual stream as it enters the block.
    public let input: Matrix
    /// (N, C) and its saved moments.
    public let norm1: Matrix
    public let norm1Saved: LayerNorm.Saved
    /// (N, 3C) queries, keys, values.
    public let qkv: Matrix
    /// (H, N).
    public let logSumExp: Matrix
    /// (N, C) the heads' outputs side by side.
    public let attended: Matrix
    /// (N, C) the residual stream between attention and feed-forward.
    public let middle: Matrix
    /// (N, C) and its saved moments.
    public let norm2: Matrix
    public let norm2Saved: LayerNorm.Saved
    /// (N, F) before the activation.
    public let hidden: Matrix
    /// (N, F) behind it: one memory for all blocks, since backward computes it again in less time than it takes to read.
    public let activated: Matrix
}

/// The activations of a whole model for N rows.
final class Activations {
    let rowCount: Int
    let keepsAll: Bool
    /// One a block; where nothing is kept they all share one memory, but for the residual stream.
    let blocks: [BlockActivations]
    /// (N, C) each: what the last block goes on with where it finishes only some rows.
    private let chosenInput: Matrix
    private let chosenAttended: Matrix
    /// (N, C) the residual stream behind the last block.
    let output: Matrix
    /// (N, C) and its saved moments.
    let finalNorm: Matrix
    let finalNormSaved: LayerNorm.Saved
    private let arena: FloatArena

    /// - Parameter keepsAll: whether backward will follow.
    init(_ config: ModelConfig, rowCount N: Int, keepsAll: Bool) {
        let (C, F, H) = (config.modelWidth, config.feedForwardWidth, config.headCount)
        let perBlock = N * (7 * C + F + H + 4) + 12 * 16
        let keptBlocks = keepsAll ? config.blockCount : 1
        let residuals = keepsAll ? config.blockCount + 1 : 2
        arena = FloatArena(count: keptBlocks * perBlock + residuals * (N * C + 16) + N * (3 * C + 2 + F) + 7 * 16)
        rowCount = N
        self.keepsAll = keepsAll
        var carver = Carver(arena: arena)

        let streams = (0..<residuals).map { _ in carver.matrix(N, C) }
        func stream(_ index: Int) -> Matrix { streams[index % residuals] }
        let activated = carver.matrix(N, F)
        var kept: [BlockActivations] = []
        for index in 0..<config.blockCount {
            if let first = kept.first, !keepsAll {
                kept.append(first.entered(from: stream(index)))
                continue
            }
            kept.append(
                BlockActivations(
                    input: stream(index), norm1: carver.matrix(N, C), norm1Saved: carver.saved(N),
                    qkv: carver.matrix(N, 3 * C), logSumExp: carver.matrix(H, N), attended: carver.matrix(N, C),
                    middle: carver.matrix(N, C), norm2: carver.matrix(N, C), norm2Saved: carver.saved(N),
                    hidden: carver.matrix(N, F), activated: activated))
        }
        blocks = kept
        (chosenInput, chosenAttended) = (carver.matrix(N, C), carver.matrix(N, C))
        output = stream(config.blockCount)
        finalNorm = carver.matrix(N, C)
        finalNormSaved = carver.saved(N)
    }

    /// The last block's activations for some of its rows, those of its inputs copied side by side.
    func choose(_ rows: [Int]) -> BlockActivations {
        let (block, chosen) = (blocks[blocks.count - 1], chosen(rows.count))
        Elementwise.gather(into: chosen.input, rows: rows, of: block.input)
        Elementwise.gather(into: chosen.attended, rows: rows, of: block.attended)
        return chosen
    }

    /// As `choose(_:)` has left them.
    func chosen(_ count: Int) -> BlockActivations {
        blocks[blocks.count - 1].first(count, input: chosenInput, attended: chosenAttended)
    }

    /// Floats that the activations of N rows take, for estimates.
    static func floatCount(_ config: ModelConfig, rowCount N: Int, keepsAll: Bool) -> Int {
        let (C, F, H) = (config.modelWidth, config.feedForwardWidth, config.headCount)
        let blocks = keepsAll ? config.blockCount : 1
        return blocks * N * (7 * C + F + H + 4) + (blocks + 4) * N * C + N * F
    }
}

/// The gradients that flow backwards through the blocks; every block uses the same memory.
final class BackwardScratch {
    let rowCount: Int
    /// (N, C) of the residual stream.
    let dResidual: Matrix
    /// (N, C) of a LayerNorm's output, of the heads' outputs, and of a residual branch behind its dropout.
    let dNorm: Matrix
    let dAttended: Matrix
    let dBranch: Matrix
    /// (N, 3C).
    let dQKV: Matrix
    /// (N, F).
    let dHidden: Matrix
    private let arena: FloatArena

    init(_ config: ModelConfig, rowCount N: Int) {
        let (C, F) = (config.modelWidth, config.feedForwardWidth)
        arena = FloatArena(count: N * (7 * C + F) + 6 * 16)
        rowCount = N
        var carver = Carver(arena: arena)
        dResidual = carver.matrix(N, C)
        dNorm = carver.matrix(N, C)
        dAttended = carver.matrix(N, C)
        dBranch = carver.matrix(N, C)
        dQKV = carver.matrix(N, 3 * C)
        dHidden = carver.matrix(N, F)
    }
}

/// Hands out aligned pieces of an arena, one behind the other.
struct Carver {
    let arena: FloatArena
    private var next = 0

    init(arena: FloatArena) { self.arena = arena }

    mutating func matrix(_ rows: Int, _ columns: Int) -> Matrix {
        defer { next += (rows * columns + 15) / 16 * 16 }
        return Matrix(arena, offset: next, rows: rows, columns: columns)
    }

    mutating func saved(_ rows: Int) -> LayerNorm.Saved {
        let (mean, deviation) = (matrix(1, rows), matrix(1, rows))
        return LayerNorm.Saved(
            mean: Vector(mean.base, count: rows), reciprocalDeviation: Vector(deviation.base, count: rows))
    }
}

extension BlockActivations {
    /// The same memory behind another input.
    fileprivate func entered(from input: Matrix) -> BlockActivations {
        BlockActivations(
            input: input, norm1: norm1, norm1Saved: norm1Saved, qkv: qkv, logSumExp: logSumExp, attended: attended,
            middle: middle, norm2: norm2, norm2Saved: norm2Saved, hidden: hidden, activated: activated)
    }

    /// The first N of the rows, for a batch smaller than the memory was made for; of other inputs, where they are given.
    func first(_ N: Int, input: Matrix? = nil, attended: Matrix? = nil) -> BlockActivations {
        BlockActivations(
            input: (input ?? self.input).rows(0..<N), norm1: norm1.rows(0..<N), norm1Saved: norm1Saved,
            qkv: qkv.rows(0..<N), logSumExp: logSumExp.columns(0..<N),
            attended: (attended ?? self.attended).rows(0..<N), middle: middle.rows(0..<N), norm2: norm2.rows(0..<N),
            norm2Saved: norm2Saved, hidden: hidden.rows(0..<N), activated: activated.rows(0..<N))
    }
}

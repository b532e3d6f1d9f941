// Memory for what the passes compute: kept for backward, or used again by every block.

import Kernels

/// What one block's forward writes and its backward reads.
package struct BlockActivations {
    /// (N, C) the residual stream as it enters the block.
    package let input: Matrix
    package let attentionNorm: NormActivations
    package let attention: AttentionActivations
    let attentionOutputNorm: ResultNorm?
    /// (N, C) the residual stream between attention and feed-forward.
    package let middle: Matrix
    package let feedForwardNorm: NormActivations
    package let feedForward: FeedForwardActivations
    let feedForwardOutputNorm: ResultNorm?

    fileprivate init(
        _ block: BlockDescription, input: Matrix, activated: Matrix, _ allocator: inout ArenaAllocator
    ) {
        let (N, C) = (input.rows, input.columns)
        self.input = input
        attentionNorm = NormActivations(block.attentionNorm, rowCount: N, width: C, &allocator)
        attention = AttentionActivations(block.attention, rowCount: N, &allocator)
        attentionOutputNorm = ResultNorm(block.attentionOutputNorm, rowCount: N, width: C, &allocator)
        middle = allocator.matrix(N, C)
        feedForwardNorm = NormActivations(block.feedForwardNorm, rowCount: N, width: C, &allocator)
        feedForward = FeedForwardActivations(block.feedForward, rowCount: N, activated: activated, &allocator)
        feedForwardOutputNorm = ResultNorm(block.feedForwardOutputNorm, rowCount: N, width: C, &allocator)
    }

    private init(_ other: BlockActivations, first N: Int, input: Matrix, attended: Matrix) {
        self.input = input.rows(0..<N)
        attentionNorm = other.attentionNorm.first(N)
        attention = other.attention.first(N, output: attended)
        attentionOutputNorm = other.attentionOutputNorm?.first(N)
        middle = other.middle.rows(0..<N)
        feedForwardNorm = other.feedForwardNorm.first(N)
        feedForward = other.feedForward.first(N)
        feedForwardOutputNorm = other.feedForwardOutputNorm?.first(N)
    }

    /// The first N of the rows, for a batch smaller than the memory was made for; of other inputs, where they are given.
    func first(_ N: Int, input: Matrix? = nil, attended: Matrix? = nil) -> BlockActivations {
        BlockActivations(self, first: N, input: input ?? self.input, attended: attended ?? attention.output)
    }
}

/// The activations of all blocks for N rows.
package final class Activations {
    /// What of a forward pass is still there after it, in ascending order.
    package enum Keeping: Int, Comparable, CaseIterable {
        /// The last block's activations: no backward pass follows.
        case nothing
        /// Each block's input, from which backward computes the block's activations again.
        case inputs
        case all

        package static func < (one: Keeping, other: Keeping) -> Bool { one.rawValue < other.rawValue }
    }

    let rowCount: Int
    let keeping: Keeping
    /// One for each block; unless all is kept they share one memory, except for the residual stream.
    var blocks: [BlockActivations] { content.blocks }
    /// (N, C) the residual stream after the last block.
    var output: Matrix { content.output }
    var finalNorm: NormActivations { content.finalNorm }
    private let content: Content
    private let arena: FloatArena

    init(_ architecture: Architecture, rowCount: Int, keeping: Keeping) {
        self.rowCount = rowCount
        self.keeping = keeping
        (content, arena) = ArenaAllocator.allocate {
            Content(architecture, rowCount: rowCount, keeping: keeping, &$0)
        }
    }

    /// Floats that the activations of N rows take, for estimates.
    package static func floatCount(_ architecture: Architecture, rowCount: Int, keeping: Keeping) -> Int {
        ArenaAllocator.count { Content(architecture, rowCount: rowCount, keeping: keeping, &$0) }
    }

    private struct Content {
        let blocks: [BlockActivations]
        /// (N, C) and (N, H·D): the inputs of the last block's second half where it finishes only some rows.
        let chosenInput: Matrix
        let chosenAttended: Matrix
        let output: Matrix
        let finalNorm: NormActivations

        init(_ architecture: Architecture, rowCount N: Int, keeping: Keeping, _ allocator: inout ArenaAllocator) {
            let (C, descriptions) = (architecture.modelWidth, architecture.blocks)
            let streamCount = keeping > .nothing ? descriptions.count + 1 : 2
            let streams = (0..<streamCount).map { _ in allocator.matrix(N, C) }
            func block(_ index: Int, _ activated: Matrix, _ allocator: inout ArenaAllocator) -> BlockActivations {
                BlockActivations(
                    descriptions[index], input: streams[index % streamCount], activated: activated, &allocator)
            }
            let width = descriptions.reduce(0) { max($0, $1.feedForward.width) }
            let shared = allocator.matrix(N, width)
            func activated(_ index: Int) -> Matrix {
                Matrix(shared.base, rows: N, columns: descriptions[index].feedForward.width)
            }
            blocks =
                keeping == .all
                ? descriptions.indices.map { block($0, activated($0), &allocator) }
                : allocator.overlaid(descriptions.count) { block($1, activated($1), &$0) }
            chosenInput = allocator.matrix(N, C)
            chosenAttended = allocator.matrix(N, descriptions.last?.attention.queryWidth ?? 0)
            output = streams[descriptions.count % streamCount]
            finalNorm = NormActivations(architecture.finalNorm, rowCount: N, width: C, &allocator)
        }
    }

    /// The last block's activations for some of its rows, whose inputs are copied next to one another.
    func choose(_ rows: [Int]) -> BlockActivations {
        let (block, chosen) = (blocks[blocks.count - 1], chosen(rows.count))
        Elementwise.gather(into: chosen.input, rows: rows, of: block.input)
        Elementwise.gather(into: chosen.attention.output, rows: rows, of: block.attention.output)
        return chosen
    }

    /// As `choose(_:)` has left them.
    func chosen(_ count: Int) -> BlockActivations {
        blocks[blocks.count - 1].first(count, input: content.chosenInput, attended: content.chosenAttended)
    }
}

/// The gradients that flow backwards through the blocks; every block uses the same memory.
final class BackwardScratch {
    let rowCount: Int
    private let views: Views
    private let arena: FloatArena

    init(_ architecture: Architecture, rowCount: Int) {
        self.rowCount = rowCount
        (views, arena) = ArenaAllocator.allocate { Views(architecture, rowCount: rowCount, &$0) }
    }

    /// Floats that the scratch of N rows takes, for estimates.
    static func floatCount(_ architecture: Architecture, rowCount: Int) -> Int {
        ArenaAllocator.count { Views(architecture, rowCount: rowCount, &$0) }
    }

    /// The first N of the rows.
    func first(_ N: Int) -> Views { views.first(N) }

    /// The arrays, or some rows of each.
    struct Views {
        /// (N, C) of the residual stream.
        let dResidual: Matrix
        /// (N, C) of a norm's output, and of a residual branch after its dropout.
        let dNorm: Matrix
        let dBranch: Matrix
        /// (N, H·D) of the heads' outputs.
        let dAttended: Matrix
        /// (N, (H + 2K)·D).
        let dQKV: Matrix
        /// (N, F).
        let dActivated: Matrix

        fileprivate init(_ architecture: Architecture, rowCount N: Int, _ allocator: inout ArenaAllocator) {
            func widest(_ width: (BlockDescription) -> Int) -> Int { architecture.blocks.map(width).max() ?? 0 }
            let C = architecture.modelWidth
            dResidual = allocator.matrix(N, C)
            dNorm = allocator.matrix(N, C)
            dBranch = allocator.matrix(N, C)
            dAttended = allocator.matrix(N, widest { $0.attention.queryWidth })
            dQKV = allocator.matrix(N, widest { $0.attention.inputWidth })
            dActivated = allocator.matrix(N, widest { $0.feedForward.width })
        }

        private init(_ other: Views, rows: Range<Int>) {
            dResidual = other.dResidual.rows(rows)
            dNorm = other.dNorm.rows(rows)
            dBranch = other.dBranch.rows(rows)
            dAttended = other.dAttended.rows(rows)
            dQKV = other.dQKV.rows(rows)
            dActivated = other.dActivated.rows(rows)
        }

        func first(_ N: Int) -> Views { Views(self, rows: 0..<N) }
    }
}

// Sums a step's gradients over the ranks while the backward pass still runs.

import Communication
import Kernels
import Model

/// One step after the other: passes with `watch` for the last micro-batch, then `finish`.
final class GradientExchange {
    /// Where a step's time went.
    struct Times {
        /// Seconds for which this rank waited after its own passes.
        var waited = 0.0
        /// Seconds that the communication took, most of it meanwhile.
        var transferred = 0.0
    }

    let group: RankGroup
    let buckets: GradientBuckets
    /// Whether each rank updates its own segments only, and needs no sums of others.
    let shards: Bool
    private let gradients: FloatArena
    /// The table of tokens among the gradients; nil where it is frozen.
    private let tokenTable: Matrix?
    private let embeddingScale: Float?
    private var begun = 0
    private var tokens: [Int32] = []
    private var rows: [Float] = []

    init(
        _ group: RankGroup, _ model: Transformer, gradients: FloatArena, views: ModelParameters, shards: Bool
    ) {
        (self.group, self.gradients, self.shards) = (group, gradients, shards)
        let (layout, architecture) = (model.trained.layout, model.architecture)
        buckets = GradientBuckets(layout, architecture, ranks: group.count)
        tokenTable = views.tokenEmbedding.ifAny
        embeddingScale = architecture.embedding.scale
    }

    /// For the step's last pass of this rank.
    var watch: BackwardWatch {
        BackwardWatch(
            completed: { [unowned self] stage in beginSums(upTo: stage) },
            tokenRows: tokenTable == nil
                ? nil
                : { [unowned self] ids, gradient in
                    tokens = Array(ids)
                    rows = Array(UnsafeBufferPointer(start: gradient.base, count: gradient.rows * gradient.columns))
                })
    }

    /// Begins the sums of all buckets that are complete after `stage`.
    private func beginSums(upTo stage: BackwardStage) {
        while begun < buckets.all.count, buckets.all[begun].stage <= stage {
            group.beginSum(gradients.base, buckets.all[begun].segments, spreads: !shards)
            begun += 1
        }
    }

    /// Ends the sums; on return the gradients are those of all ranks, or, where the optimizer is divided, this rank's
    /// segments of them are.
    func finish() throws(CommunicationError) -> Times {
        let start = monotonicSeconds()
        beginSums(upTo: .embeddings)
        var times = Times()
        times.transferred = try group.finish()
        try addTokenRows()
        times.waited = monotonicSeconds() - start
        begun = 0
        return times
    }

    /// Adds what the last micro-batch's tokens give to the rows of their table, of all ranks in their order.
    private func addTokenRows() throws(CommunicationError) {
        guard let tokenTable else { return }
        let all = try group.gather(tokens.withUnsafeBytes { Array($0) } + rows.withUnsafeBytes { Array($0) })
        (tokens, rows) = ([], [])
        let width = tokenTable.columns
        let own = shards ? ownRows(tokenTable) : [0..<tokenTable.rows]
        for bytes in all where !bytes.isEmpty {
            let count = bytes.count / (4 * (width + 1))
            let memory = FloatArena(count: count * width)
            var ids = [Int32](repeating: 0, count: count)
            bytes.withUnsafeBytes { buffer in
                ids.withUnsafeMutableBytes {
                    $0.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[..<(4 * count)]))
                }
                UnsafeMutableRawBufferPointer(memory.buffer).copyMemory(
                    from: UnsafeRawBufferPointer(rebasing: buffer[(4 * count)...]))
            }
            Embedding.addRows(
                to: tokenTable, within: own, Matrix(memory, rows: count, columns: width), tokens: ids,
                scale: embeddingScale)
        }
    }

    /// The rows of the table of tokens that this rank updates.
    private func ownRows(_ table: Matrix) -> [Range<Int>] {
        let first = table.base - gradients.base
        let all = first..<(first + table.rows * table.columns)
        return buckets.owned(by: group.rank).compactMap { range in
            let part = range.clamped(to: all)
            guard !part.isEmpty else { return nil }
            return ((part.lowerBound - first) / table.columns)..<((part.upperBound - first) / table.columns)
        }
    }

    /// Gives every rank the weights that the others have updated.
    func spread(_ weights: FloatArena) throws(CommunicationError) {
        for bucket in buckets.all { group.beginSpread(weights.base, bucket.segments) }
        try group.finish()
    }

    /// Clears the gradients that other ranks update.
    func clearOthers() {
        for bucket in buckets.all {
            for (rank, segment) in bucket.segments.enumerated() where rank != group.rank {
                (gradients.base + segment.lowerBound).update(repeating: 0, count: segment.count)
            }
        }
    }
}

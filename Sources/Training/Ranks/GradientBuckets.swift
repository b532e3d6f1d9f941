// How the arena of gradients is cut for the sum over ranks.

import Model

/// Ranges of the arena in the order in which the backward pass completes them, so that the first are summed while the
/// others are still being computed. Each has a segment for each rank, which sums it and, with `training.shardOptimizer`,
/// updates it.
package struct GradientBuckets: Sendable, Equatable {
    package struct Bucket: Sendable, Equatable {
        /// After which stage of the backward pass nothing more is added.
        package let stage: BackwardStage
        package let segments: [Range<Int>]
    }

    package let all: [Bucket]

    /// Floats below which neighbouring blocks share a bucket, and above which one is cut: large enough that its messages are
    /// worth their start, small enough that several are under way during a backward pass.
    static let smallest = 1 << 20
    static let largest = 1 << 23

    /// - Parameters:
    ///   - layout: of the model, or of its adapters.
    ///   - architecture: the model's.
    ///   - ranks: how many segments.
    package init(_ layout: ParameterLayout, _ architecture: Architecture, ranks: Int) {
        var buckets: [Bucket] = []
        var (waiting, waitingStage) = (Range<Int>?.none, BackwardStage.head)
        func add(_ range: Range<Int>, _ stage: BackwardStage, grain: Int) {
            let pieces = (range.count + Self.largest - 1) / Self.largest
            for piece in Self.cut(range, into: pieces, grain: grain) where !piece.isEmpty {
                buckets.append(Bucket(stage: stage, segments: Self.cut(piece, into: ranks, grain: grain)))
            }
        }
        let stages =
            [BackwardStage.head] + architecture.blocks.indices.reversed().map { .block($0) } + [.embeddings]
        for stage in stages {
            for (range, role) in Self.ranges(of: stage, in: layout) {
                // Rows are not cut, since those of single tokens are added to them later.
                guard role != .tokenEmbedding else {
                    add(range, stage, grain: architecture.modelWidth)
                    continue
                }
                if let last = waiting, last.lowerBound != range.upperBound || last.count + range.count > Self.largest {
                    add(last, waitingStage, grain: 16)
                    waiting = nil
                }
                waiting = range.lowerBound..<(waiting?.upperBound ?? range.upperBound)
                waitingStage = stage
                if let full = waiting, full.count >= Self.smallest || stage == .embeddings {
                    add(full, stage, grain: 16)
                    waiting = nil
                }
            }
        }
        if let waiting { add(waiting, .embeddings, grain: 16) }
        all = buckets
    }

    /// What a rank sums and updates, in the order of the arena.
    package func owned(by rank: Int) -> [Range<Int>] {
        all.map { $0.segments[rank] }.filter { !$0.isEmpty }.sorted { $0.lowerBound < $1.lowerBound }
    }

    /// The parameters that a stage completes, as ranges without other parameters in between. The gaps for alignment
    /// belong to them, since they are zero everywhere.
    private static func ranges(
        of stage: BackwardStage, in layout: ParameterLayout
    ) -> [(range: Range<Int>, role: ParameterRole)] {
        let parameters = layout.parameters
        var result: [(range: Range<Int>, role: ParameterRole)] = []
        for (index, parameter) in parameters.enumerated() where Self.stage(of: parameter.key) == stage {
            let end = index + 1 < parameters.count ? parameters[index + 1].offset : layout.arenaCount
            if let last = result.last, last.range.upperBound == parameter.offset, last.role != .tokenEmbedding {
                result[result.count - 1].range = last.range.lowerBound..<end
            } else {
                result.append((parameter.offset..<end, parameter.key.role))
            }
        }
        return result
    }

    /// The table of tokens gets its part from the head, which comes first. What the last micro-batch's tokens add to it at
    /// the very end travels by itself: a few rows instead of the table.
    private static func stage(of key: ParameterKey) -> BackwardStage {
        if let block = key.block { return .block(block) }
        return key.role == .positionEmbedding ? .embeddings : .head
    }

    /// `range` in `count` parts of nearly the same size, cut at multiples of `grain` from its start; the last may be empty.
    static func cut(_ range: Range<Int>, into count: Int, grain: Int) -> [Range<Int>] {
        let grains = (range.count + grain - 1) / grain
        return (0..<max(1, count)).map { index in
            let start = range.lowerBound + grains * index / max(1, count) * grain
            let end = range.lowerBound + grains * (index + 1) / max(1, count) * grain
            return min(start, range.upperBound)..<min(end, range.upperBound)
        }
    }
}

// How much memory training takes, counted by the code that reserves it.

import Kernels
import Model

/// What of a run its memory depends on.
package struct TrainingMemory: Sendable {
    package var architecture: Architecture
    /// Rows of the largest micro-batch.
    package var rowsPerBatch: Int
    /// Rows of the largest batch that is evaluated between steps.
    package var evaluationRows = 0
    /// nil where all weights are trained.
    package var adapter: AdapterConfig?
    /// How a frozen base is held.
    package var baseWeights = WeightFormat.f32
    package var precision = Precision.f32
    package var recomputesActivations = false
    /// Micro-batches of a step on all processes together.
    package var accumulation = 1
    /// Processes that train together, and whether the optimizer's state is divided among them.
    package var ranks = 1
    package var shardsOptimizer = false

    package init(_ architecture: Architecture, rowsPerBatch: Int) {
        (self.architecture, self.rowsPerBatch) = (architecture, rowsPerBatch)
    }

    /// Bytes of weights; of gradients, two moments and, with adapters, the values of what is trained; of a micro-batch's
    /// activations, and the logits of a chunk.
    package var bytes: Int { max(weightBytes + loadingBytes, parts.reduce(0) { $0 + $1.bytes }) }

    /// What the memory is for; parts that take none are omitted.
    package var parts: [(name: String, bytes: Int)] {
        let trained = 4 * trainedFloats
        let levels = adapter == nil ? 0 : Self.treeLevels(accumulation: accumulation)
        return [
            ("weights", weightBytes), ("adapters", adapter == nil ? 0 : trained),
            ("gradients", trained * (1 + levels)), ("moments", 2 * trained / (shardsOptimizer ? ranks : 1)),
            ("activations and logits", 4 * workingFloats), ("weights in bf16", roundedBytes),
        ].filter { $0.bytes > 0 }
    }

    /// How many sums over micro-batches can wait for their other half, of adapters' gradients: these are small, and are added
    /// in a fixed tree, so that it does not matter how many ranks share the micro-batches. Trees of full gradients would take
    /// the memory of a model for each level, and time to add them.
    package static func treeLevels(accumulation: Int) -> Int {
        accumulation > 1 ? (accumulation - 1).bitWidth - (accumulation - 1).leadingZeroBitCount : 0
    }

    /// Bytes that computing activations again saves, or would save.
    package var bytesSavedByRecomputing: Int {
        var (kept, computed) = (self, self)
        (kept.recomputesActivations, computed.recomputesActivations) = (false, true)
        return kept.bytes - computed.bytes
    }

    private var weightBytes: Int {
        let layout = ParameterLayout(architecture)
        return baseWeights == .f32
            ? 4 * layout.arenaCount
            : FrozenBase.byteCount(layout, format: baseWeights) + 4 * CompactWeight.scratchFloats
    }

    /// The matrix that is being rounded.
    private var loadingBytes: Int {
        baseWeights == .f32 ? 0 : 4 * (ParameterLayout(architecture).parameters.map(\.count).max() ?? 0)
    }

    /// Numbers that the optimizer changes.
    private var trainedFloats: Int {
        (adapter.map { ParameterLayout(adapters: $0, of: architecture) } ?? ParameterLayout(architecture)).arenaCount
    }

    private var workingFloats: Int {
        TrainingPass.workingFloats(
            architecture, rowCount: rowsPerBatch, recomputesActivations: recomputesActivations,
            evaluationRows: evaluationRows)
    }

    /// Of the copies of weights and operands that products in bfloat16 read.
    private var roundedBytes: Int {
        precision == .bf16
            ? TrainingPass.roundedBytes(architecture, rowCount: rowsPerBatch, trainsWeights: adapter == nil) : 0
    }
}

// How much memory training takes, counted by the code that reserves it.

import Model

/// What of a run its memory depends on.
public struct TrainingMemory: Sendable {
    public var architecture: Architecture
    /// Rows of the largest micro-batch.
    public var rowsPerBatch: Int
    /// Rows of the largest batch that is evaluated between steps.
    public var evaluationRows = 0
    /// nil where all weights are trained.
    public var adapter: AdapterConfig?
    public var precision = Precision.f32
    public var recomputesActivations = false

    public init(_ architecture: Architecture, rowsPerBatch: Int) {
        (self.architecture, self.rowsPerBatch) = (architecture, rowsPerBatch)
    }

    /// Bytes of weights; of gradients, two moments and, with adapters, the values of what is trained; of a micro-batch's
    /// activations, and the logits of a chunk.
    public var bytes: Int { 4 * (weightFloats + trainedFloats + workingFloats) + roundedBytes }

    /// Bytes that computing activations again saves, or would save.
    public var bytesSavedByRecomputing: Int {
        var (kept, computed) = (self, self)
        (kept.recomputesActivations, computed.recomputesActivations) = (false, true)
        return kept.bytes - computed.bytes
    }

    private var weightFloats: Int { ParameterLayout(architecture).arenaCount }

    private var trainedFloats: Int {
        adapter.map { 4 * ParameterLayout(adapters: $0, of: architecture).arenaCount }
            ?? 3 * ParameterLayout(architecture).arenaCount
    }

    private var workingFloats: Int {
        TrainingPass.workingFloats(
            architecture, rowCount: rowsPerBatch, recomputesActivations: recomputesActivations,
            evaluationRows: evaluationRows)
    }

    /// Of the copies of weights and operands that products in bfloat16 read.
    private var roundedBytes: Int {
        precision == .bf16 ? TrainingPass.roundedBytes(architecture, rowCount: rowsPerBatch) : 0
    }
}

// The model: embeddings, blocks, final LayerNorm, head; forward for evaluation, forward and backward for training.

import Kernels

/// A GPT-2-style language model and the memory that its passes use. Not for use from two threads at a time.
public final class Transformer {
    public let config: ModelConfig
    public let layout: ParameterLayout
    /// All weights, in one arena of the layout.
    public let weights: FloatArena
    /// Views of the weights.
    public let parameters: ModelParameters
    /// What training's products use: `parameters`, or these with copies in bfloat16.
    private var trainingParameters: ModelParameters

    private var activations: Activations?
    private var scratch: BackwardScratch?
    private var head: LanguageHead?
    private var headRowCount = 0

    /// A model of `config`'s shape around `weights`, or with all weights zero. The config must be valid.
    public init(_ config: ModelConfig, weights: FloatArena? = nil) {
        self.config = config
        layout = ParameterLayout(config)
        self.weights = weights ?? FloatArena(count: layout.arenaCount)
        parameters = ModelParameters(layout, in: self.weights, config: config)
        trainingParameters = parameters
    }

    /// How the products of training are computed; evaluation is always in float.
    public private(set) var precision = Precision.f32

    /// Sets the precision of training and makes the copies of the weights that it needs.
    public func train(in precision: Precision) {
        guard precision != self.precision else { return }
        self.precision = precision
        trainingParameters = precision == .bf16 ? parameters.rounded() : parameters
        weightsChanged()
    }

    /// To be called after the weights have changed and before the next gradients.
    public func weightsChanged() { RoundedWeight.refresh(trainingParameters.roundedWeights) }

    /// What is known of a batch after a pass.
    public struct Result: Sendable {
        /// (N) of each row; zero where the weight is.
        public var rows: [CrossEntropy.Row]
        /// Σ weight · loss, in nats.
        public var weightedLoss: Double
        /// Σ weight.
        public var weightSum: Double

        init(_ rows: [CrossEntropy.Row], _ batch: SequenceBatch) {
            self.rows = rows
            weightSum = batch.weightSum
            weightedLoss = zip(rows, batch.weights).reduce(0) { $0 + $1.0.loss * Double($1.1) }
        }
    }

    /// Loss and accuracy of every row that carries loss; nothing is kept.
    public func evaluate(_ batch: SequenceBatch) -> Result {
        let a = forward(batch, parameters, dropout: nil, keepsAll: false)
        var rows = [CrossEntropy.Row](repeating: .init(), count: batch.rowCount)
        languageHead(batch.rowCount).run(
            into: &rows, hidden: a.finalNorm.rows(0..<batch.rowCount), parameters.head, batch: batch, gradient: nil)
        return Result(rows, batch)
    }

    /// Adds the gradients of Σ weight · loss / weightSum to `gradients`.
    ///
    /// - Parameters:
    ///   - gradients: an arena of the layout, added to.
    ///   - weightSum: of the whole accumulated batch, of which `batch` may be a part.
    ///   - dropout: rates and keys of the masks, or nil for none.
    public func accumulateGradients(
        _ batch: SequenceBatch, into gradients: ModelParameters, weightSum: Double, dropout: TrainingDropout? = nil
    ) -> Result {
        let (N, parameters) = (batch.rowCount, trainingParameters)
        let a = forward(batch, parameters, dropout: dropout, keepsAll: true)
        let scratch = backwardScratch(N)
        var rows = [CrossEntropy.Row](repeating: .init(), count: N)
        let (dResidual, dFinal) = (scratch.dResidual.rows(0..<N), scratch.dNorm.rows(0..<N))
        // 4. The head.
        Elementwise.zero(dFinal)
        languageHead(N).run(
            into: &rows, hidden: a.finalNorm.rows(0..<N), parameters.head, batch: batch,
            gradient: .init(dHidden: dFinal, dWeight: gradients.head.weight, weightSum: weightSum))
        // 3. The final LayerNorm.
        Elementwise.zero(dResidual)
        LayerNorm.backward(
            dInput: dResidual, dWeight: gradients.finalNorm.weight, dBias: gradients.finalNorm.bias, dOutput: dFinal,
            input: a.output.rows(0..<N), weight: parameters.finalNorm.weight, saved: a.finalNormSaved)
        // 2. The blocks, last to first.
        batch.withPointers { pointers in
            for index in config.blocks.reversed() {
                let context = Block.Context(config, index: index, batch: pointers, dropout: dropout)
                Block.backward(
                    scratch, gradients: gradients.blocks[index], a.blocks[index].first(N), parameters.blocks[index],
                    context)
            }
            // 1. The embeddings.
            dropout?.key(.embedding).apply(to: dResidual, identities: pointers.identities)
            Embedding.backward(
                dTokenTable: gradients.tokenEmbedding, dPositionTable: gradients.positionEmbedding,
                dOutput: dResidual, tokens: pointers.tokens, positions: pointers.positions)
        }
        return Result(rows, batch)
    }

    /// The logits of every row, (N, V) in an arena of their own: for tests and small texts.
    public func logits(_ batch: SequenceBatch) -> FloatArena {
        let a = forward(batch, parameters, dropout: nil, keepsAll: false)
        let result = FloatArena(count: batch.rowCount * config.vocabularySize)
        parameters.head.forward(
            into: Matrix(result, rows: batch.rowCount, columns: config.vocabularySize),
            of: a.finalNorm.rows(0..<batch.rowCount))
        return result
    }

    /// The activations of a whole pass, kept block by block: for tests against published ones.
    package func tracedForward(_ batch: SequenceBatch) -> [BlockActivations] {
        let a = forward(batch, parameters, dropout: nil, keepsAll: true)
        return a.blocks.map { $0.first(batch.rowCount) }
    }

    /// Embeddings, blocks, final LayerNorm.
    private func forward(
        _ batch: SequenceBatch, _ parameters: ModelParameters, dropout: TrainingDropout?, keepsAll: Bool
    ) -> Activations {
        let N = batch.rowCount
        precondition(
            batch.sequences.allSatisfy { $0.count <= config.contextLength },
            "a sequence longer than the context of \(config.contextLength)")
        let a = reserveActivations(N, keepsAll: keepsAll)
        batch.withPointers { pointers in
            // 1. The embeddings.
            let input = (a.blocks.first?.input ?? a.output).rows(0..<N)
            Embedding.forward(
                into: input, tokens: pointers.tokens, positions: pointers.positions,
                tokenTable: parameters.tokenEmbedding, positionTable: parameters.positionEmbedding)
            dropout?.key(.embedding).apply(to: input, identities: pointers.identities)
            // 2. The blocks, first to last.
            for index in config.blocks {
                let next = index + 1 < config.blockCount ? a.blocks[index + 1].input : a.output
                let context = Block.Context(config, index: index, batch: pointers, dropout: dropout)
                Block.forward(into: next.rows(0..<N), a.blocks[index].first(N), parameters.blocks[index], context)
            }
        }
        // 3. The final LayerNorm.
        LayerNorm.forward(
            into: a.finalNorm.rows(0..<N), saving: a.finalNormSaved, of: a.output.rows(0..<N),
            weight: parameters.finalNorm.weight, bias: parameters.finalNorm.bias, epsilon: config.layerNormEpsilon)
        return a
    }

    private func reserveActivations(_ rowCount: Int, keepsAll: Bool) -> Activations {
        if let activations, activations.rowCount >= rowCount, activations.keepsAll || !keepsAll { return activations }
        let keeps = keepsAll || activations?.keepsAll == true
        activations = nil
        let made = Activations(config, rowCount: rowCount, keepsAll: keeps)
        activations = made
        return made
    }

    private func backwardScratch(_ rowCount: Int) -> BackwardScratch {
        if let scratch, scratch.rowCount >= rowCount { return scratch }
        scratch = nil
        let made = BackwardScratch(config, rowCount: rowCount)
        scratch = made
        return made
    }

    private func languageHead(_ rowCount: Int) -> LanguageHead {
        let needed = min(rowCount, LanguageHead.chunk)
        if let head, headRowCount >= needed { return head }
        head = nil
        let made = LanguageHead(config, rowCount: needed)
        (head, headRowCount) = (made, needed)
        return made
    }
}

/// The numbers that matrix products take as operands. Weights, sums, gradients and everything that is not a product
/// are float in either case.
public enum Precision: String, Sendable, CaseIterable {
    case f32, bf16
}

extension ModelConfig {
    /// The blocks' numbers, first to last.
    var blocks: Range<Int> { 0..<blockCount }
}

/// Pointers to a batch's arrays, valid while the batch is being worked on.
struct Batch {
    let tokens: UnsafePointer<Int32>
    let positions: UnsafePointer<Int32>
    let identities: UnsafePointer<UInt64>
    let sequences: [Range<Int>]
}

extension SequenceBatch {
    func withPointers(_ body: (Batch) -> Void) {
        precondition(rowCount > 0, "an empty batch")
        tokens.withUnsafeBufferPointer { tokens in
            positions.withUnsafeBufferPointer { positions in
                identities.withUnsafeBufferPointer { identities in
                    body(
                        Batch(
                            tokens: tokens.baseAddress!, positions: positions.baseAddress!,
                            identities: identities.baseAddress!, sequences: sequences))
                }
            }
        }
    }
}

extension Transformer {
    /// Floats that a training pass over `rowCount` rows works on, beside weights and gradients: for estimates.
    public static func workingFloats(_ config: ModelConfig, rowCount: Int) -> Int {
        let (C, F) = (config.modelWidth, config.feedForwardWidth)
        let head = min(rowCount, LanguageHead.chunk) * (config.vocabularySize + 2 * C)
        let kept = Activations.floatCount(config, rowCount: rowCount, keepsAll: true)
        return kept + rowCount * (7 * C + F) + head
    }
}

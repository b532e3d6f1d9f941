// The model: embeddings, blocks, final LayerNorm, head; forward for evaluation, forward and backward for training.

import Kernels

/// A GPT-2-style language model and the memory that its passes use. Not for use from two threads at a time.
public final class Transformer {
    public let config: ModelConfig
    public let layout: ParameterLayout
    /// All weights, in one arena of the layout.
    public let weights: FloatArena
    /// Views of the weights.
    public private(set) var parameters: ModelParameters
    /// LoRA's matrices, which alone are trained where there are any.
    public private(set) var adapters: Adapters?
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
        RoundedWeight.refresh(trainingParameters.roundedWeights)
    }

    /// To be called after what is trained has changed and before the next gradients.
    public func weightsChanged() {
        guard adapters == nil else { return }
        RoundedWeight.refresh(trainingParameters.roundedWeights)
    }

    /// Freezes the weights and puts adapters beside them, with their initial values. Call before `train(in:)`.
    public func adapt(_ adapterConfig: AdapterConfig, seed: UInt64) {
        precondition(adapters == nil && precision == .f32, "adapters for a model that is being trained already")
        let made = Adapters(adapterConfig, of: config)
        made.layout.initialize(made.weights, seed: seed)
        adapters = made
        parameters = parameters.adapted(made)
        trainingParameters = parameters
    }

    /// Adds the adapters to the weights and does without them from then on.
    public func mergeAdapters() {
        for block in parameters.blocks {
            for layer in BlockParameters.linearLayers {
                block[keyPath: layer].adapter?.merge(into: block[keyPath: layer].weight)
            }
        }
        adapters = nil
        precision = .f32
        parameters = ModelParameters(layout, in: weights, config: config)
        trainingParameters = parameters
    }

    /// What is trained: the list, and the arena of its values.
    public var trained: (layout: ParameterLayout, weights: FloatArena) {
        adapters.map { ($0.layout, $0.weights) } ?? (layout, weights)
    }

    /// Views of an arena for the gradients of what is trained.
    public func gradientViews(in arena: FloatArena) -> ModelParameters {
        adapters.map { ModelParameters(gradientsOf: $0, in: arena, config: config) }
            ?? ModelParameters(layout, in: arena, config: config)
    }

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
        var rows = [CrossEntropy.Row](repeating: .init(), count: batch.rowCount)
        let weighted = batch.rowsWithLoss
        guard !weighted.isEmpty else { return Result(rows, batch) }
        let a = forward(batch, finishing: weighted, parameters, dropout: nil, keepsAll: false)
        languageHead(batch.rowCount).run(
            into: &rows, weighted: weighted, hidden: a.finalNorm.rows(0..<weighted.count), parameters.head,
            batch: batch, gradient: nil)
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
        var rows = [CrossEntropy.Row](repeating: .init(), count: batch.rowCount)
        let (weighted, parameters) = (batch.rowsWithLoss, trainingParameters)
        guard !weighted.isEmpty else { return Result(rows, batch) }
        let a = forward(batch, finishing: weighted, parameters, dropout: dropout, keepsAll: true)
        let (scratch, M) = (backwardScratch(batch.rowCount), 0..<weighted.count)
        // 4. The head.
        let (dResidual, dFinal) = (scratch.dResidual.rows(M), scratch.dNorm.rows(M))
        languageHead(batch.rowCount).run(
            into: &rows, weighted: weighted, hidden: a.finalNorm.rows(M), parameters.head, batch: batch,
            gradient: .init(dHidden: dFinal, dWeight: gradients.head.weight.ifAny, weightSum: weightSum))
        // 3. The final LayerNorm.
        Elementwise.zero(dResidual)
        LayerNorm.backward(
            dInput: dResidual, dWeight: gradients.finalNorm.weight.ifAny, dBias: gradients.finalNorm.bias,
            dOutput: dFinal, input: a.output.rows(M), weight: parameters.finalNorm.weight, saved: a.finalNormSaved)
        backwardOfBlocks(batch, finishing: weighted, into: gradients, a, scratch, dropout)
        return Result(rows, batch)
    }

    /// What of the backward pass lies before the final LayerNorm.
    private func backwardOfBlocks(
        _ batch: SequenceBatch, finishing finished: [Int], into gradients: ModelParameters, _ a: Activations,
        _ scratch: BackwardScratch, _ dropout: TrainingDropout?
    ) {
        let (N, parameters) = (batch.rowCount, trainingParameters)
        let (dResidual, dAttended) = (scratch.dResidual.rows(0..<N), scratch.dAttended.rows(0..<N))
        batch.withPointers(finishing: finished) { pointers in
            // 2. The blocks, last to first.
            for index in config.blocks.reversed() {
                let context = Block.Context(config, index: index, batch: pointers, dropout: dropout)
                let (g, p, own) = (gradients.blocks[index], parameters.blocks[index], a.blocks[index].first(N))
                if let some = pointers.finished, index == config.blockCount - 1 {
                    Block.backwardOfFinish(
                        scratch, gradients: g, a.chosen(some.rows.count), p, context.withRows(some.identities))
                    Elementwise.spread(dResidual, rows: some.rows)
                    Elementwise.spread(dAttended, rows: some.rows)
                    Block.backwardOfAttend(scratch, gradients: g, own, p, context)
                } else {
                    Block.backward(scratch, gradients: g, own, p, context)
                }
            }
            // 1. The embeddings.
            guard gradients.tokenEmbedding.ifAny != nil else { return }
            dropout?.key(.embedding).apply(to: dResidual, identities: pointers.identities)
            Embedding.backward(
                dTokenTable: gradients.tokenEmbedding, dPositionTable: gradients.positionEmbedding,
                dOutput: dResidual, tokens: pointers.tokens, positions: pointers.positions)
        }
    }

    /// The logits of every row, (N, V) in an arena of their own: for tests and small texts.
    public func logits(_ batch: SequenceBatch) -> FloatArena {
        let a = forward(batch, finishing: Array(0..<batch.rowCount), parameters, dropout: nil, keepsAll: false)
        let result = FloatArena(count: batch.rowCount * config.vocabularySize)
        parameters.head.forward(
            into: Matrix(result, rows: batch.rowCount, columns: config.vocabularySize),
            of: a.finalNorm.rows(0..<batch.rowCount))
        return result
    }

    /// The activations of a whole pass, kept block by block: for tests against published ones.
    package func tracedForward(_ batch: SequenceBatch) -> [BlockActivations] {
        let a = forward(batch, finishing: Array(0..<batch.rowCount), parameters, dropout: nil, keepsAll: true)
        return a.blocks.map { $0.first(batch.rowCount) }
    }

    /// Embeddings, blocks, final LayerNorm.
    ///
    /// - Parameter finished: the M rows that are needed behind the last block, ascending. `output` and `finalNorm` hold
    ///   them side by side.
    private func forward(
        _ batch: SequenceBatch, finishing finished: [Int], _ parameters: ModelParameters, dropout: TrainingDropout?,
        keepsAll: Bool
    ) -> Activations {
        let (N, M) = (batch.rowCount, 0..<finished.count)
        precondition(
            batch.sequences.allSatisfy { $0.count <= config.contextLength },
            "a sequence longer than the context of \(config.contextLength)")
        let a = reserveActivations(N, keepsAll: keepsAll)
        batch.withPointers(finishing: finished) { pointers in
            // 1. The embeddings.
            let input = (a.blocks.first?.input ?? a.output).rows(0..<N)
            Embedding.forward(
                into: input, tokens: pointers.tokens, positions: pointers.positions,
                tokenTable: parameters.tokenEmbedding, positionTable: parameters.positionEmbedding)
            dropout?.key(.embedding).apply(to: input, identities: pointers.identities)
            // 2. The blocks, first to last.
            for index in config.blocks {
                let isLast = index == config.blockCount - 1
                let (p, own) = (parameters.blocks[index], a.blocks[index].first(N))
                let context = Block.Context(config, index: index, batch: pointers, dropout: dropout)
                if let some = pointers.finished, isLast {
                    Block.attend(own, p, context)
                    Block.finish(into: a.output.rows(M), a.choose(some.rows), p, context.withRows(some.identities))
                } else {
                    let next = isLast ? a.output : a.blocks[index + 1].input
                    Block.forward(into: next.rows(0..<N), own, p, context)
                }
            }
        }
        // 3. The final LayerNorm.
        LayerNorm.forward(
            into: a.finalNorm.rows(M), saving: a.finalNormSaved, of: a.output.rows(M),
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

extension Transformer {
    /// Floats that a training pass over `rowCount` rows works on, beside weights and gradients: for estimates.
    public static func workingFloats(_ config: ModelConfig, rowCount: Int) -> Int {
        let (C, F) = (config.modelWidth, config.feedForwardWidth)
        let head = min(rowCount, LanguageHead.chunk) * config.vocabularySize
        let kept = Activations.floatCount(config, rowCount: rowCount, keepsAll: true)
        return kept + rowCount * (7 * C + F) + head
    }
}

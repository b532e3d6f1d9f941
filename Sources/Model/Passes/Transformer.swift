// The model: embeddings, blocks, final norm, head; forward for evaluation, and the pieces that training shares with it.

import Kernels

/// A decoder-only transformer and the memory that its passes use. Not for use from two threads at a time.
///
/// The weights are trained by a `TrainingPass`; with adapters, they are frozen and the adapters are trained.
package final class Transformer {
    package let architecture: Architecture
    package let layout: ParameterLayout
    /// All weights, in one arena of the layout; empty where they are a frozen base.
    package let weights: FloatArena
    /// The weights in a compact format; nil where they are floats.
    package let frozenBase: FrozenBase?
    /// Views of the weights, with the adapters where there are any.
    package let parameters: ModelParameters
    /// LoRA's matrices; nil for a model without.
    package let adapters: Adapters?

    private let rotaryTables: RotaryTables
    private var activations: Activations?
    private var head: LanguageHead?

    /// A model around `weights`, or with all weights zero.
    ///
    /// - Parameters:
    ///   - architecture: valid.
    ///   - layout: that of the architecture, where it was made already.
    package convenience init(_ architecture: Architecture, layout: ParameterLayout? = nil, weights: FloatArena? = nil) {
        let layout = layout ?? ParameterLayout(architecture)
        self.init(architecture, layout, weights ?? FloatArena(count: layout.arenaCount), base: nil, adapters: nil)
    }

    /// A model around a frozen base, in which all parameters are stored.
    package convenience init(_ base: FrozenBase) {
        self.init(base.architecture, base.layout, FloatArena(count: 0), base: base, adapters: nil)
    }

    private init(
        _ architecture: Architecture, _ layout: ParameterLayout, _ weights: FloatArena, base: FrozenBase?,
        adapters: Adapters?
    ) {
        (self.architecture, self.layout, self.weights, self.adapters) = (architecture, layout, weights, adapters)
        frozenBase = base
        rotaryTables = RotaryTables(architecture)
        let plain = base.map { ModelParameters($0) } ?? ModelParameters(layout, in: weights, architecture)
        parameters = adapters.map(plain.adapted) ?? plain
    }

    /// A model of the same weights, frozen, with new adapters at their initial values.
    package func adapted(_ config: AdapterConfig, seed: UInt64) -> Transformer {
        precondition(adapters == nil, "adapters for a model that has adapters")
        let made = Adapters(config, of: architecture)
        made.layout.initialize(made.weights, seed: seed)
        return Transformer(architecture, layout, weights, base: frozenBase, adapters: made)
    }

    /// Adds the adapters to the weights, in place. The adapted model must not be used afterwards.
    ///
    /// - Returns: a model of the same weights without adapters.
    package func merged() -> Transformer {
        precondition(frozenBase == nil, "adapters merged into a frozen base")
        for block in parameters.blocks {
            for layer in LinearLayer.allCases {
                for adapter in block[layer].adapters { adapter.merge(into: block[layer].weight) }
            }
        }
        return Transformer(architecture, layout, weights, base: nil, adapters: nil)
    }

    /// What is trained: the list, and the arena of its values.
    package var trained: (layout: ParameterLayout, weights: FloatArena) {
        adapters.map { ($0.layout, $0.weights) } ?? (layout, weights)
    }

    /// What is known of a batch after a pass.
    package struct Result: Sendable {
        /// (N) of each row; zero where the weight is.
        package var rows: [CrossEntropy.Row]
        /// Σ weight · loss, in nats.
        package var weightedLoss: Double
        /// Σ weight.
        package var weightSum: Double

        init(_ rows: [CrossEntropy.Row], _ batch: SequenceBatch) {
            self.rows = rows
            weightSum = batch.weightSum
            weightedLoss = zip(rows, batch.weights).reduce(0) { $0 + $1.0.loss * Double($1.1) }
        }
    }

    /// Loss and accuracy of every row that carries loss; nothing is kept.
    package func evaluate(_ batch: SequenceBatch) -> Result {
        var rows = [CrossEntropy.Row](repeating: .init(), count: batch.rowCount)
        let weighted = batch.rowsWithLoss
        guard !weighted.isEmpty else { return Result(rows, batch) }
        let a = forward(batch, finishing: weighted, parameters, dropout: nil, keeping: .nothing)
        languageHead(batch.rowCount).run(
            into: &rows, weighted: weighted, hidden: a.finalNorm.output.rows(0..<weighted.count), parameters.head,
            batch: batch, gradient: nil)
        return Result(rows, batch)
    }

    /// The logits of every row, (N, V) in a separate arena: for tests and small texts.
    package func logits(_ batch: SequenceBatch) -> FloatArena {
        let (N, V) = (batch.rowCount, architecture.vocabularySize)
        let a = forward(batch, finishing: Array(0..<N), parameters, dropout: nil, keeping: .nothing)
        let result = FloatArena(count: N * V)
        architecture.head.forward(
            into: Matrix(result, rows: N, columns: V), of: a.finalNorm.output.rows(0..<N), parameters.head)
        return result
    }

    /// The activations of a complete pass, kept block by block: for tests against published ones.
    package func tracedForward(_ batch: SequenceBatch) -> [BlockActivations] {
        let a = forward(batch, finishing: Array(0..<batch.rowCount), parameters, dropout: nil, keeping: .all)
        return a.blocks.map { $0.first(batch.rowCount) }
    }

    /// Embeddings, blocks, final norm.
    ///
    /// - Parameters:
    ///   - finished: the M rows that are needed after the last block, ascending. `output` and `finalNorm` hold them next to
    ///     one another.
    ///   - keeping: the least that is kept.
    func forward(
        _ batch: SequenceBatch, finishing finished: [Int], _ parameters: ModelParameters, dropout: TrainingDropout?,
        keeping: Activations.Keeping
    ) -> Activations {
        let (N, M) = (batch.rowCount, 0..<finished.count)
        precondition(
            batch.sequences.allSatisfy { $0.count <= architecture.contextLength },
            "a sequence longer than the context of \(architecture.contextLength)")
        let a = reserveActivations(N, keeping)
        batch.withPointers(finishing: finished) { pointers in
            // 1. The embeddings.
            let input = (a.blocks.first?.input ?? a.output).rows(0..<N)
            architecture.embedding.forward(
                into: input, tokens: pointers.tokens, positions: pointers.positions, parameters)
            if let dropout {
                PassDropout(rates: dropout, identities: pointers.identities).apply(to: input, .embedding)
            }
            // 2. The blocks, first to last.
            for index in architecture.blocks.indices {
                let isLast = index == architecture.blockCount - 1
                let (p, own) = (parameters.blocks[index], a.blocks[index].first(N))
                let pass = context(index, pointers, dropout)
                if let some = pointers.finished, isLast {
                    Block.attend(own, p, pass)
                    Block.finish(into: a.output.rows(M), a.choose(some.rows), p, pass.withRows(some.identities))
                } else {
                    let next = isLast ? a.output : a.blocks[index + 1].input
                    Block.forward(into: next.rows(0..<N), own, p, pass)
                }
            }
        }
        // 3. The final norm.
        architecture.finalNorm.forward(a.finalNorm.first(M.count), of: a.output.rows(M), parameters.finalNorm)
        return a
    }

    /// What a block's pass over a batch needs.
    func context(_ index: Int, _ batch: BatchPointers, _ dropout: TrainingDropout?) -> Block.Context {
        let longest = batch.sequences.reduce(0) { max($0, $1.count) }
        return Block.Context(
            description: architecture.blocks[index], index: index, scope: .batch(batch.sequences),
            positions: batch.positions, rotary: rotaryTables.table(block: index, positions: longest),
            dropout: dropout.map { PassDropout(rates: $0, identities: batch.identities) })
    }

    /// What a block's pass over new positions of cached sequences needs.
    func context(
        _ index: Int, _ parts: [CachedRows], positions: UnsafePointer<Int32>, below count: Int
    ) -> Block.Context {
        Block.Context(
            description: architecture.blocks[index], index: index, scope: .cached(parts), positions: positions,
            rotary: rotaryTables.table(block: index, positions: count), dropout: nil)
    }

    /// Memory for `rowCount` rows: what is there, if it does, otherwise as little as does. A pass that keeps nothing may
    /// have far more rows than those that keep everything.
    private func reserveActivations(_ rowCount: Int, _ keeping: Activations.Keeping) -> Activations {
        if let activations, activations.rowCount >= rowCount, activations.keeping >= keeping { return activations }
        activations = nil
        let made = Activations(architecture, rowCount: rowCount, keeping: keeping)
        activations = made
        return made
    }

    func languageHead(_ rowCount: Int) -> LanguageHead {
        let needed = LanguageHead.rows(for: rowCount)
        if let head, head.capacity >= needed { return head }
        head = nil
        let made = LanguageHead(architecture, rowCount: needed)
        head = made
        return made
    }
}

extension EmbeddingDescription {
    /// output (N, C) = the rows of the tokens, scaled, plus those of the positions where these are learned; overwritten.
    func forward(
        into output: Matrix, tokens: UnsafePointer<Int32>, positions: UnsafePointer<Int32>, _ p: ModelParameters
    ) {
        if let table = p.frozenTokenEmbedding {
            Embedding.forward(
                into: output, tokens: tokens, positions: positions, tokenTable: table,
                positionTable: p.positionEmbedding.ifAny, scale: scale)
            return
        }
        Embedding.forward(
            into: output, tokens: tokens, positions: positions, tokenTable: p.tokenEmbedding,
            positionTable: p.positionEmbedding.ifAny, scale: scale)
    }

    /// Adds to the gradients of the tables.
    ///
    /// - Parameter addsTokens: whether to that of the tokens; if not, somebody else does it.
    func backward(
        _ gradients: ModelParameters, addsTokens: Bool, dOutput: Matrix, tokens: UnsafePointer<Int32>,
        positions: UnsafePointer<Int32>
    ) {
        Embedding.backward(
            dTokenTable: addsTokens ? gradients.tokenEmbedding : nil, dPositionTable: gradients.positionEmbedding.ifAny,
            dOutput: dOutput, tokens: tokens, positions: positions, scale: scale)
    }
}

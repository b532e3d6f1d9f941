// Forward and backward for training, and the only place where weights that are being trained change.

import Kernels

/// The numbers that matrix products take as operands. Weights, sums, gradients and everything that is not a product
/// are float in either case.
package enum Precision: String, Sendable, CaseIterable {
    case f32, bf16
}

/// Training of one model in one precision.
///
/// Copies of the weights that the precision needs are made at the start and after each `updateWeights`, so that no
/// gradient is ever computed with outdated ones.
package final class TrainingPass {
    package let model: Transformer
    package let precision: Precision
    /// Whether forward keeps only each block's input, and backward computes the block's activations again.
    package let recomputesActivations: Bool
    /// What training's products use: the model's parameters, or these with copies in bfloat16.
    private let parameters: ModelParameters
    private var scratch: BackwardScratch?

    /// - Parameters:
    ///   - precision: of training's products; evaluation is always in float.
    ///   - recomputesActivations: for less memory and more time. No bit of a loss or a gradient depends on it: the same
    ///     kernels compute the same activations, dropout included, whose masks are functions of place and step.
    package init(_ model: Transformer, precision: Precision = .f32, recomputesActivations: Bool = false) {
        self.model = model
        self.precision = precision
        self.recomputesActivations = recomputesActivations
        precondition(precision == .f32 || model.frozenBase == nil, "a frozen base has products in float")
        parameters = precision == .bf16 ? model.parameters.rounded() : model.parameters
        RoundedWeight.refresh(parameters.roundedWeights)
    }

    /// Lets `change` write to the weights that are trained, and brings the copies up to date.
    package func updateWeights(_ change: (FloatArena) -> Void) {
        change(model.trained.weights)
        // Frozen weights have not changed, and adapters have no copies.
        if model.adapters == nil { RoundedWeight.refresh(parameters.roundedWeights) }
    }

    /// Views of an arena of the trained layout for gradients.
    package func gradientViews(in arena: FloatArena) -> ModelParameters {
        let blockCount = model.architecture.blockCount
        return model.adapters.map { .gradients(of: $0, in: arena, blockCount: blockCount) }
            ?? ModelParameters(model.layout, in: arena, model.architecture)
    }

    /// Adds the gradients of Σ factor · loss to `gradients`.
    ///
    /// - Parameters:
    ///   - gradients: views of an arena of the trained layout, added to.
    ///   - factors: of the rows that have a weight in `batch`, which may be a part of the accumulated batch.
    ///   - dropout: rates and keys of the masks, or nil for none.
    ///   - watch: told how far the backward pass has come; not called for a batch without loss.
    package func accumulateGradients(
        _ batch: SequenceBatch, into gradients: ModelParameters, _ factors: RowFactors, dropout: TrainingDropout? = nil,
        watch: BackwardWatch? = nil
    ) -> Transformer.Result {
        var rows = [CrossEntropy.Row](repeating: .init(), count: batch.rowCount)
        let weighted = batch.rowsWithLoss
        guard !weighted.isEmpty else { return Transformer.Result(rows, batch) }
        let a = model.forward(
            batch, finishing: weighted, parameters, dropout: dropout, keeping: recomputesActivations ? .inputs : .all)
        let (scratch, M) = (backwardScratch(batch.rowCount), 0..<weighted.count)
        let s = scratch.first(weighted.count)
        // 4. The head.
        model.languageHead(batch.rowCount).run(
            into: &rows, weighted: weighted, hidden: a.finalNorm.output.rows(M), parameters.head, batch: batch,
            gradient: .init(dHidden: s.dNorm, dWeight: gradients.head.weight.ifAny, factors: factors))
        // 3. The final norm.
        Elementwise.zero(s.dResidual)
        model.architecture.finalNorm.backward(
            dInput: s.dResidual, gradients.finalNorm, dOutput: s.dNorm, input: a.output.rows(M),
            a.finalNorm.first(M.count), parameters.finalNorm)
        watch?.completed(.head)
        backwardOfBlocks(batch, finishing: weighted, into: gradients, a, scratch, dropout, watch)
        return Transformer.Result(rows, batch)
    }

    /// The same for Σ weight · loss / weightSum.
    ///
    /// - Parameter weightSum: of the complete accumulated batch.
    package func accumulateGradients(
        _ batch: SequenceBatch, into gradients: ModelParameters, weightSum: Double, dropout: TrainingDropout? = nil,
        watch: BackwardWatch? = nil
    ) -> Transformer.Result {
        accumulateGradients(batch, into: gradients, .weights(sum: weightSum), dropout: dropout, watch: watch)
    }

    /// What of the backward pass comes before the final norm.
    private func backwardOfBlocks(
        _ batch: SequenceBatch, finishing finished: [Int], into gradients: ModelParameters, _ a: Activations,
        _ scratch: BackwardScratch, _ dropout: TrainingDropout?, _ watch: BackwardWatch?
    ) {
        let (architecture, N) = (model.architecture, batch.rowCount)
        let s = scratch.first(N)
        batch.withPointers(finishing: finished) { pointers in
            // 2. The blocks, last to first.
            for index in architecture.blocks.indices.reversed() {
                let pass = model.context(index, pointers, dropout)
                let (g, p, own) = (gradients.blocks[index], parameters.blocks[index], a.blocks[index].first(N))
                // The last block's activations are those that forward has left.
                if a.keeping == .inputs && index < architecture.blockCount - 1 {
                    Block.recompute(own, p, pass, scratch: scratch.first(N).dBranch)
                }
                if let some = pointers.finished, index == architecture.blockCount - 1 {
                    Block.backwardOfFinish(
                        scratch, gradients: g, a.chosen(some.rows.count), p, pass.withRows(some.identities))
                    Elementwise.spread(s.dResidual, rows: some.rows)
                    Elementwise.spread(s.dAttended, rows: some.rows)
                    Block.backwardOfAttend(scratch, gradients: g, own, p, pass)
                } else {
                    Block.backward(scratch, gradients: g, own, p, pass)
                }
                watch?.completed(.block(index))
            }
            // 1. The embeddings.
            guard gradients.tokenEmbedding.ifAny != nil else { return }
            if let dropout {
                PassDropout(rates: dropout, identities: pointers.identities).apply(to: s.dResidual, .embedding)
            }
            let takeRows = watch?.tokenRows
            takeRows?(UnsafeBufferPointer(start: pointers.tokens, count: N), s.dResidual)
            architecture.embedding.backward(
                gradients, addsTokens: takeRows == nil, dOutput: s.dResidual, tokens: pointers.tokens,
                positions: pointers.positions)
        }
    }

    private func backwardScratch(_ rowCount: Int) -> BackwardScratch {
        if let scratch, scratch.rowCount >= rowCount { return scratch }
        scratch = nil
        let made = BackwardScratch(model.architecture, rowCount: rowCount)
        scratch = made
        return made
    }

    /// Floats that a pass over `rowCount` rows works on, without weights and gradients: for estimates. Counted by
    /// the code that reserves them.
    ///
    /// - Parameter evaluationRows: of a batch that is evaluated between steps, whose activations take turns with training's.
    package static func workingFloats(
        _ architecture: Architecture, rowCount: Int, recomputesActivations: Bool = false, evaluationRows: Int = 0
    ) -> Int {
        let longest = max(rowCount, evaluationRows)
        return max(
            Activations.floatCount(
                architecture, rowCount: rowCount, keeping: recomputesActivations ? .inputs : .all),
            Activations.floatCount(architecture, rowCount: evaluationRows, keeping: .nothing))
            + BackwardScratch.floatCount(architecture, rowCount: rowCount)
            + LanguageHead.floatCount(architecture, rowCount: longest)
            + RotaryTables.floatCount(architecture, positions: longest)
    }

    /// Bytes that products in bfloat16 take in addition: two copies of each matrix, rounded operands, and on some
    /// processors a copy of one.
    ///
    /// - Parameter trainsWeights: whether the matrices have gradients themselves; with adapters they have not.
    package static func roundedBytes(_ architecture: Architecture, rowCount N: Int, trainsWeights: Bool) -> Int {
        let (V, C) = (architecture.vocabularySize, architecture.modelWidth)
        let sizes = architecture.blocks.flatMap { block in
            LinearLayer.allCases.map { $0.size(in: block, modelWidth: C) }
        }
        let weights = sizes.reduce(V * C) { $0 + $1.rows * $1.columns }
        let inputs = N * (sizes.map(\.rows).max() ?? C)
        let logits = LanguageHead.rows(for: N) * V
        let outputs = max(N * (sizes.map(\.columns).max() ?? 0), logits)
        let copy = trainsWeights && RoundedWeight.copiesOperands ? max(inputs, logits) : 0
        return 2 * (2 * weights + inputs + outputs + copy)
    }
}

// What fixes a decoder's mathematics, as one value from which everything else follows.

/// The description of a decoder-only transformer. Parameter layout, forward, backward, the generation pass, memory and
/// cost estimates, LoRA's targets and checkpoints are derived from it; two equal values have equal layouts.
package struct Architecture: Sendable, Equatable, Codable {
    /// Tokens in the vocabulary (V): rows of the embedding.
    package var vocabularySize: Int
    /// The most positions that a sequence may have.
    package var contextLength: Int
    /// Width of the residual stream (C).
    package var modelWidth: Int
    package var embedding: EmbeddingDescription
    /// One for each block, first to last.
    package var blocks: [BlockDescription]
    package var finalNorm: NormDescription
    package var head: HeadDescription
    package var initialization: InitializationDescription
    /// The linear layers of a block, or parts of their columns, by the names that LoRA's targets use.
    package var linearModules: [LinearModule]

    package init(
        vocabularySize: Int, contextLength: Int, modelWidth: Int, embedding: EmbeddingDescription,
        blocks: [BlockDescription], finalNorm: NormDescription, head: HeadDescription,
        initialization: InitializationDescription = InitializationDescription(),
        linearModules: [LinearModule] = LinearModule.completeLayers
    ) {
        self.vocabularySize = vocabularySize
        self.contextLength = contextLength
        self.modelWidth = modelWidth
        self.embedding = embedding
        self.blocks = blocks
        self.finalNorm = finalNorm
        self.head = head
        self.initialization = initialization
        self.linearModules = linearModules
    }

    /// The dropout that models of this kind were trained with, a default for tuning them: GPT-2 and its kin, which learn
    /// their positions, with a tenth; later ones without.
    package var usualDropout: Double { embedding.learnsPositions ? 0.1 : 0 }

    /// Number of blocks (L).
    package var blockCount: Int { blocks.count }
}

/// How token ids become the rows of the residual stream.
package struct EmbeddingDescription: Sendable, Equatable, Codable {
    /// Whether a learned table of positions is added.
    package var learnsPositions: Bool
    /// Multiplies the rows of the tokens; nil for none. A tied head uses the table as it is.
    package var scale: Float?

    package init(learnsPositions: Bool) { self.learnsPositions = learnsPositions }
}

/// From the last hidden states to logits.
package struct HeadDescription: Sendable, Equatable, Codable {
    /// Whether the head multiplies by the token embedding instead of a separate matrix.
    package var isTied: Bool
    /// c: logits become c tanh(logits / c); nil for none.
    package var softCap: Float?

    package init(isTied: Bool) { self.isTied = isTied }
}

/// The distribution that matrices have before training from scratch: normal with mean 0. Biases are 0, norms scale by 1.
package struct InitializationDescription: Sendable, Equatable, Codable {
    package var standardDeviation: Double
    /// Whether the projections into the residual stream are divided by √(2L) (Radford et al. 2019, §2.3).
    package var scalesResidualProjections: Bool

    package init(standardDeviation: Double = 0.02, scalesResidualProjections: Bool = true) {
        self.standardDeviation = standardDeviation
        self.scalesResidualProjections = scalesResidualProjections
    }
}

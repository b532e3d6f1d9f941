// What fixes a decoder's mathematics, as one value from which everything else follows.

/// The description of a decoder-only transformer. Parameter layout, forward, backward, the generation pass, memory and
/// cost estimates, LoRA's targets and checkpoints are derived from it; two equal values have equal layouts.
public struct Architecture: Sendable, Equatable, Codable {
    /// Tokens in the vocabulary (V): rows of the embedding.
    public var vocabularySize: Int
    /// The most positions that a sequence may have.
    public var contextLength: Int
    /// Width of the residual stream (C).
    public var modelWidth: Int
    public var embedding: EmbeddingDescription
    /// One for each block, first to last.
    public var blocks: [BlockDescription]
    public var finalNorm: NormDescription
    public var head: HeadDescription
    public var initialization: InitializationDescription
    /// The linear layers of a block, or parts of their columns, by the names that LoRA's targets use.
    public var linearModules: [LinearModule]

    public init(
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
    public var usualDropout: Double { embedding.learnsPositions ? 0.1 : 0 }

    /// Number of blocks (L).
    public var blockCount: Int { blocks.count }
}

/// How token ids become the rows of the residual stream.
public struct EmbeddingDescription: Sendable, Equatable, Codable {
    /// Whether a learned table of positions is added.
    public var learnsPositions: Bool
    /// Multiplies the rows of the tokens; nil for none. A tied head uses the table as it is.
    package var scale: Float?

    public init(learnsPositions: Bool) { self.learnsPositions = learnsPositions }
}

/// From the last hidden states to logits.
public struct HeadDescription: Sendable, Equatable, Codable {
    /// Whether the head multiplies by the token embedding instead of a separate matrix.
    public var isTied: Bool
    /// c: logits become c tanh(logits / c); nil for none.
    package var softCap: Float?

    public init(isTied: Bool) { self.isTied = isTied }
}

/// The distribution that matrices have before training from scratch: normal with mean 0. Biases are 0, norms scale by 1.
public struct InitializationDescription: Sendable, Equatable, Codable {
    public var standardDeviation: Double
    /// Whether the projections into the residual stream are divided by √(2L) (Radford et al. 2019, §2.3).
    public var scalesResidualProjections: Bool

    public init(standardDeviation: Double = 0.02, scalesResidualProjections: Bool = true) {
        self.standardDeviation = standardDeviation
        self.scalesResidualProjections = scalesResidualProjections
    }
}

// The sizes and variants that a run's config can set for a model trained from scratch, and GPT-2's architecture.

/// What the `model.*` keys say of a shape. Each family makes an `Architecture` of it.
package struct ModelShape: Sendable, Equatable {
    /// Tokens in the vocabulary (V): rows of the embedding. In a run's config it is the tokenizer's, and 0 here.
    package var vocabularySize: Int
    /// The most positions that a sequence may have.
    package var contextLength: Int
    /// Transformer blocks (L).
    package var blockCount: Int
    /// Attention heads of a block (H); divides `modelWidth`.
    package var headCount: Int
    /// Width of the residual stream (C).
    package var modelWidth: Int
    /// Width of the feed-forward layer inside a block (F); nil for four times `modelWidth`.
    package var feedForwardWidth: Int?
    package var activation: Activation
    /// Whether linear layers and LayerNorms have a bias.
    package var biases: Bool
    /// Whether the head multiplies by the token embedding instead of a separate matrix.
    package var tiedHead: Bool
    /// Added to the variance in every LayerNorm.
    package var layerNormEpsilon: Double
    /// How many positions, itself included, a position sees in each block, 0 for all before it; empty where no block
    /// has a window. GPT-Neo's local blocks have one.
    package var attentionWindows: [Int]
    /// Whether attention's scores are divided by √D. GPT-Neo's are not.
    package var scalesAttention: Bool
    /// Whether they are divided by the block's number, counted from one, as well.
    package var scalesAttentionByBlock: Bool
    /// Whether the projection to queries, keys and values has a bias where the others do. GPT-Neo's has none.
    package var attentionInputBias: Bool

    package init(
        vocabularySize: Int, contextLength: Int, blockCount: Int, headCount: Int, modelWidth: Int,
        feedForwardWidth: Int? = nil, activation: Activation = .geluTanh, biases: Bool = true, tiedHead: Bool = true,
        layerNormEpsilon: Double = 1e-5, attentionWindows: [Int] = [], scalesAttention: Bool = true,
        scalesAttentionByBlock: Bool = false, attentionInputBias: Bool = true
    ) {
        self.vocabularySize = vocabularySize
        self.contextLength = contextLength
        self.blockCount = blockCount
        self.headCount = headCount
        self.modelWidth = modelWidth
        self.feedForwardWidth = feedForwardWidth
        self.activation = activation
        self.biases = biases
        self.tiedHead = tiedHead
        self.layerNormEpsilon = layerNormEpsilon
        self.attentionWindows = attentionWindows
        self.scalesAttention = scalesAttention
        self.scalesAttentionByBlock = scalesAttentionByBlock
        self.attentionInputBias = attentionInputBias
    }

    /// Throws what is wrong with the shape, if anything, before a list of its blocks is made.
    package func validate() throws(ArchitectureError) {
        try Architecture.check([
            ("vocabularySize", vocabularySize), ("contextLength", contextLength), ("headCount", headCount),
            ("modelWidth", modelWidth),
        ])
        try Architecture.check([("feedForwardWidth", feedForwardWidth ?? 4 * modelWidth)])
        try Architecture.check([("blockCount", blockCount)], limit: Architecture.mostBlocks)
        let limit = Architecture.largestSize
        guard modelWidth % headCount == 0 else {
            throw .headsDoNotDivideWidth(modelWidth: modelWidth, headCount: headCount)
        }
        let (C, F) = (Double(modelWidth), feedForwardWidth.map { Double($0) } ?? 4 * Double(modelWidth))
        let matrices = 2 * Double(vocabularySize + contextLength) * C + Double(blockCount) * (4 * C + 2 * F) * C
        guard matrices <= Double(Architecture.mostParameters) else {
            throw .tooManyParameters(about: matrices, limit: Architecture.mostParameters)
        }
        guard Float(layerNormEpsilon) > 0, layerNormEpsilon.isFinite else { throw .badEpsilon(Float(layerNormEpsilon)) }
        guard attentionWindows.isEmpty || attentionWindows.count == blockCount else {
            throw .windowsDoNotFitBlocks(windows: attentionWindows.count, blockCount: blockCount)
        }
        for window in attentionWindows where window < 0 || window > limit { throw .badWindow(window, limit: limit) }
    }
}

extension Architecture {
    /// GPT-2's architecture (Radford et al. 2019), with the variants of GPT-Neo: learned positions, LayerNorm before
    /// attention and feed-forward, one width of heads, GELU.
    ///
    /// - Parameter shape: valid.
    package init(gpt2 shape: ModelShape) {
        let norm = NormDescription(kind: .layer, epsilon: Float(shape.layerNormEpsilon), hasBias: shape.biases)
        let headWidth = shape.modelWidth / shape.headCount
        let blocks = (0..<shape.blockCount).map { index in
            let plain: Float = shape.scalesAttention ? 1 / Float(headWidth).squareRoot() : 1
            let window = shape.attentionWindows.isEmpty ? 0 : shape.attentionWindows[index]
            return BlockDescription(
                attentionNorm: norm,
                attention: AttentionDescription(
                    headCount: shape.headCount, headWidth: headWidth, window: window == 0 ? nil : window,
                    scale: shape.scalesAttentionByBlock ? plain / Float(index + 1) : plain,
                    hasInputBias: shape.biases && shape.attentionInputBias, hasOutputBias: shape.biases),
                feedForwardNorm: norm,
                feedForward: FeedForwardDescription(
                    width: shape.feedForwardWidth ?? 4 * shape.modelWidth, kind: .plain(activation: shape.activation),
                    hasInputBias: shape.biases,
                    hasOutputBias: shape.biases))
        }
        self.init(
            vocabularySize: shape.vocabularySize, contextLength: shape.contextLength, modelWidth: shape.modelWidth,
            embedding: EmbeddingDescription(learnsPositions: true), blocks: blocks, finalNorm: norm,
            head: HeadDescription(isTied: shape.tiedHead))
    }
}

extension ModelShape {
    /// The shape of which GPT-2's family makes `architecture`; nil where there is none, since the mathematics differs.
    ///
    /// A scale of 1/√D or of 1, and one divided by the block's number, are distinguished by their values.
    package init?(gpt2 architecture: Architecture) {
        let shape = ModelShape(summaryOf: architecture)
        guard (try? shape.validate()) != nil, Architecture(gpt2: shape) == architecture else { return nil }
        self = shape
    }

    /// What the keys can say of an architecture of any family: its sizes, and the variants of its first block.
    package init(summaryOf architecture: Architecture) {
        let (first, windows) = (architecture.blocks[0], architecture.blocks.map { $0.attention.window ?? 0 })
        let attention = first.attention
        let activation: Activation =
            switch first.feedForward.kind {
            case .plain(let activation), .gated(let activation): activation
            }
        self.init(
            vocabularySize: architecture.vocabularySize, contextLength: architecture.contextLength,
            blockCount: architecture.blockCount, headCount: attention.headCount, modelWidth: architecture.modelWidth,
            feedForwardWidth: first.feedForward.width, activation: activation, biases: architecture.finalNorm.hasBias,
            tiedHead: architecture.head.isTied, layerNormEpsilon: ModelShape.decimal(architecture.finalNorm.epsilon),
            attentionWindows: windows.allSatisfy { $0 == 0 } ? [] : windows,
            scalesAttention: attention.scale != 1 || attention.headWidth == 1,
            scalesAttentionByBlock: architecture.blocks.count > 1
                && architecture.blocks[1].attention.scale == attention.scale / 2,
            attentionInputBias: attention.hasInputBias || !architecture.finalNorm.hasBias)
    }

    /// The shortest decimal number that means a float: 1e-5 stays 1e-5 on its way through a Float.
    package static func decimal(_ value: Float) -> Double { Double(value.description) ?? Double(value) }
}

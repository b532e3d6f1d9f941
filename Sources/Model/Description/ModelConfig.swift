// The shape of a model and the variants of its architecture.

/// Which form of the Gaussian error linear unit the feed-forward layer uses (Hendrycks & Gimpel 2016).
public enum Activation: String, Sendable, CaseIterable {
    /// GPT-2's: 0.5 x (1 + tanh(√(2/π) (x + 0.044715 x³))); `gelu_new` in Hugging Face's configs.
    case geluTanh = "gelu-tanh"
    /// The definition itself: x Φ(x), through erf; `gelu` in Hugging Face's configs.
    case geluExact = "gelu-exact"
}

/// Everything that fixes the mathematics of a GPT-2-style model; two models with equal configs have equal layouts.
public struct ModelConfig: Sendable, Equatable {
    /// V, tokens in the vocabulary (rows of the embedding).
    public var vocabularySize: Int
    /// The most positions that a sequence may have.
    public var contextLength: Int
    /// L, transformer blocks.
    public var blockCount: Int
    /// H, attention heads of a block; divides `modelWidth`.
    public var headCount: Int
    /// C, width of the residual stream.
    public var modelWidth: Int
    /// F, width of the feed-forward layer inside a block.
    public var feedForwardWidth: Int
    public var activation: Activation
    /// Whether linear layers and LayerNorms have a bias.
    public var biases: Bool
    /// Whether the head multiplies by the token embedding instead of a matrix of its own.
    public var tiedHead: Bool
    /// Added to the variance in every LayerNorm.
    public var layerNormEpsilon: Float
    /// How many positions, itself included, a position sees in each block, 0 for all before it; empty where no block
    /// has a window. GPT-Neo's local blocks have one.
    public var attentionWindows: [Int]
    /// Whether attention's scores are divided by √D. GPT-Neo does without.
    public var scalesAttention: Bool
    /// Whether they are divided by the block's number, counted from one, as well.
    public var scalesAttentionByBlock: Bool
    /// Whether the projection to queries, keys and values has a bias where the others do. GPT-Neo's has none.
    public var attentionInputBias: Bool

    public init(
        vocabularySize: Int, contextLength: Int, blockCount: Int, headCount: Int, modelWidth: Int,
        feedForwardWidth: Int? = nil, activation: Activation = .geluTanh, biases: Bool = true, tiedHead: Bool = true,
        layerNormEpsilon: Float = 1e-5, attentionWindows: [Int] = [], scalesAttention: Bool = true,
        scalesAttentionByBlock: Bool = false, attentionInputBias: Bool = true
    ) {
        self.vocabularySize = vocabularySize
        self.contextLength = contextLength
        self.blockCount = blockCount
        self.headCount = headCount
        self.modelWidth = modelWidth
        self.feedForwardWidth = feedForwardWidth ?? 4 * modelWidth
        self.activation = activation
        self.biases = biases
        self.tiedHead = tiedHead
        self.layerNormEpsilon = layerNormEpsilon
        self.attentionWindows = attentionWindows
        self.scalesAttention = scalesAttention
        self.scalesAttentionByBlock = scalesAttentionByBlock
        self.attentionInputBias = attentionInputBias
    }

    /// D, width of one head.
    public var headWidth: Int { modelWidth / headCount }

    /// How many positions, itself included, a position sees in a block; nil for all before it.
    public func attentionWindow(block: Int) -> Int? {
        attentionWindows.isEmpty || attentionWindows[block] == 0 ? nil : attentionWindows[block]
    }

    /// What a block's attention scores are multiplied by.
    public func attentionScale(block: Int) -> Float {
        let plain = scalesAttention ? 1 / Float(headWidth).squareRoot() : 1
        return scalesAttentionByBlock ? plain / Float(block + 1) : plain
    }

    /// The largest value that any single size may have.
    public static let largestSize = 1 << 20

    /// The most parameters that a model may have: no offset or number of bytes of theirs goes beyond `Int`.
    public static let mostParameters = 1 << 40

    /// Multiplications and additions that training needs for a token: 6 N for the matrix products of forward and
    /// backward, N being the weights that take part in products (the head's counted whether tied or not), and 6 L C T
    /// for causal attention, in which a position sees half of the others on average (the count of llm.c).
    ///
    /// - Parameter isFrozen: with adapters the weights' own gradient, a third of the products, is not computed.
    public func trainingFlopsPerToken(sequenceLength T: Int, isFrozen: Bool = false) -> Double {
        let (C, F, L, V) = (Double(modelWidth), Double(feedForwardWidth), Double(blockCount), Double(vocabularySize))
        return (isFrozen ? 4 : 6) * (L * (4 * C * C + 2 * C * F) + V * C) + 6 * L * C * Double(T)
    }

    /// Throws what is wrong with the shape, if anything: a size below one or beyond `largestSize`, a width that the
    /// heads do not divide, more than `mostParameters`, an epsilon that is not a positive number, windows that are not
    /// one a block.
    public func validate() throws(ModelConfigError) {
        let sizes = [
            ("vocabularySize", vocabularySize), ("contextLength", contextLength), ("blockCount", blockCount),
            ("headCount", headCount), ("modelWidth", modelWidth), ("feedForwardWidth", feedForwardWidth),
        ]
        for (key, value) in sizes where value < 1 || value > ModelConfig.largestSize {
            throw .sizeOutOfRange(key: key, value: value, limit: ModelConfig.largestSize)
        }
        guard modelWidth % headCount == 0 else {
            throw .headsDoNotDivideWidth(modelWidth: modelWidth, headCount: headCount)
        }
        let (C, F) = (Double(modelWidth), Double(feedForwardWidth))
        let matrices = 2 * Double(vocabularySize + contextLength) * C + Double(blockCount) * (4 * C + 2 * F) * C
        guard matrices <= Double(ModelConfig.mostParameters) else {
            throw .tooManyParameters(about: matrices, limit: ModelConfig.mostParameters)
        }
        guard layerNormEpsilon > 0, layerNormEpsilon.isFinite else { throw .badEpsilon(layerNormEpsilon) }
        guard attentionWindows.isEmpty || attentionWindows.count == blockCount else {
            throw .windowsDoNotFitBlocks(windows: attentionWindows.count, blockCount: blockCount)
        }
        for window in attentionWindows where window < 0 || window > ModelConfig.largestSize {
            throw .badWindow(window, limit: ModelConfig.largestSize)
        }
    }
}

/// What can be wrong with a `ModelConfig`.
public enum ModelConfigError: Error, Equatable, CustomStringConvertible {
    case sizeOutOfRange(key: String, value: Int, limit: Int)
    case headsDoNotDivideWidth(modelWidth: Int, headCount: Int)
    case tooManyParameters(about: Double, limit: Int)
    case badEpsilon(Float)
    case windowsDoNotFitBlocks(windows: Int, blockCount: Int)
    case badWindow(Int, limit: Int)

    public var description: String {
        switch self {
        case .sizeOutOfRange(let key, let value, let limit):
            "model.\(key) is \(value); it must lie between 1 and \(limit)"
        case .headsDoNotDivideWidth(let modelWidth, let headCount):
            "model.modelWidth \(modelWidth) is not divisible by model.headCount \(headCount)"
        case .tooManyParameters(let count, let limit):
            "the model would have about \(count) parameters; \(limit) are the most"
        case .badEpsilon(let value):
            "model.layerNormEpsilon is \(value); it must be a positive number"
        case .windowsDoNotFitBlocks(let windows, let blockCount):
            "model.attentionWindows has \(windows) numbers for \(blockCount) blocks; it takes one a block, or none"
        case .badWindow(let window, let limit):
            "model.attentionWindows holds \(window); a window lies between 1 and \(limit), and 0 stands for none"
        }
    }
}

// What a block of the transformer computes: its norms, its attention, its feed-forward layer.

import Kernels

/// One block: x + attention(norm(x)), then x + feedForward(norm(x)); or in parallel, both added to the same x.
///
/// What only some families have is optional and nil in the others, whose text in checkpoints then does not change.
package struct BlockDescription: Sendable, Equatable, Codable {
    package var attentionNorm: NormDescription
    package var attention: AttentionDescription
    /// Of attention's result, before it is added to the stream; nil for none.
    package var attentionOutputNorm: NormDescription?
    package var feedForwardNorm: NormDescription
    package var feedForward: FeedForwardDescription
    /// Of the feed-forward layer's result, before it is added to the stream; nil for none.
    package var feedForwardOutputNorm: NormDescription?
    private var parallel: Bool?

    /// Whether attention and feed-forward layer both read the stream as it enters the block.
    package var isParallel: Bool {
        get { parallel ?? false }
        set { parallel = newValue ? true : nil }
    }

    package init(
        attentionNorm: NormDescription, attention: AttentionDescription, feedForwardNorm: NormDescription,
        feedForward: FeedForwardDescription
    ) {
        self.attentionNorm = attentionNorm
        self.attention = attention
        self.feedForwardNorm = feedForwardNorm
        self.feedForward = feedForward
    }
}

/// A normalization of each row.
package struct NormDescription: Sendable, Equatable, Codable {
    package enum Kind: String, Sendable, CaseIterable, Codable {
        /// To mean 0 and variance 1, then scaled and shifted.
        case layer
        /// To mean square 1, then scaled.
        case rms
        /// To mean square 1, then scaled by 1 + weight.
        case rmsPlusOne = "rms-plus-one"
    }

    package var kind: Kind
    /// Added to the variance or mean square.
    package var epsilon: Float
    package var hasBias: Bool

    package init(kind: Kind, epsilon: Float, hasBias: Bool) {
        (self.kind, self.epsilon, self.hasBias) = (kind, epsilon, hasBias)
    }

    /// Whether the rows are scaled by 1 + weight, so that weights of zero scale by one.
    var addsOne: Bool { kind == .rmsPlusOne }
}

/// Causal self-attention.
package struct AttentionDescription: Sendable, Equatable, Codable {
    /// Query heads (H).
    package var headCount: Int
    /// Key/value heads (K); divides H.
    package var keyValueHeadCount: Int
    /// Width of one head (D). H · D need not be the model's width.
    package var headWidth: Int
    /// How many positions a position sees, itself included; nil for all before it.
    package var window: Int?
    /// Multiplies the scores.
    package var scale: Float
    /// Normalizes each head of the queries and of the keys, with weights that the heads share; nil for none.
    package var headNorm: NormDescription?
    /// How queries and keys are rotated by their positions; nil where they are not.
    package var rotary: RotaryFrequencies?
    /// Whether the projection to queries, keys and values has a bias.
    package var hasInputBias: Bool
    /// Whether the projection of the heads' outputs has a bias.
    package var hasOutputBias: Bool

    /// - Parameters:
    ///   - keyValueHeadCount: H where it is nil.
    ///   - scale: 1 / √D where it is nil.
    package init(
        headCount: Int, keyValueHeadCount: Int? = nil, headWidth: Int, window: Int? = nil, scale: Float? = nil,
        rotary: RotaryFrequencies? = nil, hasInputBias: Bool, hasOutputBias: Bool
    ) {
        self.headCount = headCount
        self.keyValueHeadCount = keyValueHeadCount ?? headCount
        self.headWidth = headWidth
        self.window = window
        self.scale = scale ?? 1 / Float(headWidth).squareRoot()
        self.rotary = rotary
        self.hasInputBias = hasInputBias
        self.hasOutputBias = hasOutputBias
    }

    /// Width of all query heads (H · D).
    package var queryWidth: Int { headCount * headWidth }
    /// Width of all key heads, and of all value heads (K · D).
    package var keyWidth: Int { keyValueHeadCount * headWidth }
    /// Width of queries, keys and values together ((H + 2K) · D).
    package var inputWidth: Int { queryWidth + 2 * keyWidth }
    /// The columns of queries, keys and values in the input projection's output.
    package var inputColumns: [Range<Int>] {
        [0..<queryWidth, queryWidth..<(queryWidth + keyWidth), (queryWidth + keyWidth)..<inputWidth]
    }
}

/// The layer that works on each position by itself.
package struct FeedForwardDescription: Sendable, Equatable, Codable {
    package enum Kind: Sendable, Equatable, Codable {
        /// output(activation(input(x))).
        case plain(activation: Activation)
        /// output(activation(gate(x)) ⊙ up(x)), gate and up next to one another in one product.
        case gated(activation: Activation)
    }

    /// Width of the activation's output (F).
    package var width: Int
    package var kind: Kind
    package var hasInputBias: Bool
    package var hasOutputBias: Bool

    package init(width: Int, kind: Kind, hasInputBias: Bool, hasOutputBias: Bool) {
        (self.width, self.kind, self.hasInputBias, self.hasOutputBias) = (width, kind, hasInputBias, hasOutputBias)
    }

    /// Whether the input projection gives a gate and what it gates.
    package var isGated: Bool { if case .gated = kind { true } else { false } }

    /// Columns of the input projection.
    package var inputWidth: Int {
        switch kind {
        case .plain: width
        case .gated: 2 * width
        }
    }
}

/// The function between the projections of a feed-forward layer: forms of the Gaussian error linear unit (Hendrycks &
/// Gimpel 2016), or the sigmoid linear unit.
package enum Activation: String, Sendable, CaseIterable, Codable {
    /// GPT-2's: 0.5 x (1 + tanh(√(2/π) (x + 0.044715 x³))); `gelu_new` in Hugging Face's configs.
    case geluTanh = "gelu-tanh"
    /// The definition itself: x Φ(x), through erf; `gelu` in Hugging Face's configs.
    case geluExact = "gelu-exact"
    /// x σ(x).
    case silu
}

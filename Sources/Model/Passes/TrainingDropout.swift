// Dropout: its rates, and which mask belongs to which place of a model.

import Kernels

/// Dropout during training: the three rates of GPT-2, and the key of this step's masks.
package struct TrainingDropout: Sendable, Equatable {
    package var embedding: Float
    package var attention: Float
    package var residual: Float
    /// On the input of LoRA's adapters.
    package var adapter: Float
    package var seed: UInt64
    package var step: UInt64

    package init(
        embedding: Float, attention: Float, residual: Float, adapter: Float = 0, seed: UInt64, step: UInt64
    ) {
        self.embedding = embedding
        self.attention = attention
        self.residual = residual
        self.adapter = adapter
        self.seed = seed
        self.step = step
    }

    /// The places of a model that have separate masks.
    enum Site {
        case embedding
        case attention(block: Int)
        case attentionOutput(block: Int)
        case feedForwardOutput(block: Int)
        case adapter(block: Int, layer: LinearLayer, part: LinearPart)

        var number: UInt64 {
            switch self {
            case .embedding: 0
            case .attention(let block): UInt64(3 * block + 1)
            case .attentionOutput(let block): UInt64(3 * block + 2)
            case .feedForwardOutput(let block): UInt64(3 * block + 3)
            case .adapter(let block, let layer, .all): 1 << 32 + UInt64(4 * block + layer.rawValue)
            case .adapter(let block, let layer, let part):
                1 << 33 + UInt64((4 * block + layer.rawValue) << 4 + part.rawValue)
            }
        }
    }

    func key(_ site: Site) -> DropoutKey {
        let rate =
            switch site {
            case .embedding: embedding
            case .attention: attention
            case .attentionOutput, .feedForwardOutput: residual
            case .adapter: adapter
            }
        return DropoutKey(rate: rate, seed: seed, step: step, site: site.number)
    }
}

/// Dropout in one pass: the rates, and the identity of each row.
struct PassDropout {
    let rates: TrainingDropout
    let identities: UnsafePointer<UInt64>

    /// Applies the mask of `site` to (N, C) in place.
    func apply(to matrix: Matrix, _ site: TrainingDropout.Site) {
        rates.key(site).apply(to: matrix, identities: identities)
    }

    /// The mask on the input of an adapter, if it has one.
    func adapterMask(_ site: TrainingDropout.Site) -> LinearAdapter.Mask? {
        rates.adapter > 0 ? (rates.key(site), identities) : nil
    }
}

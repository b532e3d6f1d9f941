// Texts and models small enough that a test runs one in a blink.

import Kernels
import Model

package enum TinyText {
    /// Lines of four to nine short words each, the same for the same seed.
    package static func lines(_ count: Int, seed: UInt64 = 1) -> String {
        let words = ["rain", "sun", "wind", "fog", "at", "on", "the", "hill", "sea", "now", "then", "snow", "over"]
        var generator = SplitMix64(seed: seed)
        return (0..<count).map { _ in
            (0..<(4 + generator.below(6))).map { _ in words[generator.below(words.count)] }.joined(separator: " ")
                + "\n"
        }.joined()
    }
}

package enum TinyModel {
    /// Two blocks, sixteen wide, eight tokens of context; 257 tokens are the bytes and end-of-text.
    package static func config(vocabularySize: Int = 257) -> ModelShape {
        ModelShape(vocabularySize: vocabularySize, contextLength: 8, blockCount: 2, headCount: 2, modelWidth: 16)
    }

    /// A model with its initial weights, ten times as large, so that its answers differ from token to token.
    package static func make(_ config: ModelShape = config(), seed: UInt64 = 3) -> Transformer {
        let model = Transformer(config)
        model.layout.initialize(model.weights, seed: seed)
        for parameter in model.layout.parameters where parameter.decays {
            for index in parameter.range { model.weights.base[index] *= 10 }
        }
        return model
    }
}

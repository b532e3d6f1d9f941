// A model as the engine computes with it.

import Kernels
import Model
import Synchronization
import Tokenizer

/// A decoder and its tokenizer. The engine's thread alone computes with it; everything else is constant.
package final class EngineModel: @unchecked Sendable {
    package let tokenizer: Tokenizer
    /// The most positions of a sequence: those of the architecture, or fewer.
    package let contextLength: Int
    /// Its weights may be read from any thread; nothing must compute with it.
    package let transformer: Transformer
    /// Different for any two models of the process, also when one is gone before the other comes.
    let number: Int
    let decoder: Decoder

    private static let counter = Atomic<Int>(0)

    package var architecture: Architecture { transformer.architecture }
    package var vocabularySize: Int { architecture.vocabularySize }
    /// Of the last hidden states (C).
    package var width: Int { architecture.modelWidth }

    /// Positions of a prompt that are read in one pass. A prompt is always cut at its multiples, whatever else is being
    /// done: the last bits of keys and values can depend on how many positions a pass has.
    package static let promptChunk = 64
    /// Positions of several prompts that are read in one pass where no text waits for its next token.
    package static let passTokens = 256
    /// Whether a pass may have the chunks of several prompts: where no row's last bit depends on the others.
    let readsTogether: Bool

    /// - Parameters:
    ///   - format: of a copy of the weights, with which all is computed; nil for none.
    ///   - contextLength: at most the architecture's.
    package init(
        _ model: Transformer, tokenizer: Tokenizer, format: WeightFormat? = nil, contextLength: Int? = nil
    ) {
        (transformer, self.tokenizer) = (model, tokenizer)
        self.contextLength = min(contextLength ?? .max, model.architecture.contextLength)
        decoder = Decoder(model, format: format, chunk: EngineModel.passTokens)
        readsTogether = decoder.keepsRowsIndependent
        number = EngineModel.counter.wrappingAdd(1, ordering: .relaxed).newValue
    }

    /// A model that is another one's with adapters, and shares its weights, their copy and its working memory.
    ///
    /// - Parameter tuned: of the other's weights.
    package init(tuned model: Transformer, sharing base: EngineModel, tokenizer: Tokenizer, contextLength: Int) {
        (transformer, self.tokenizer) = (model, tokenizer)
        self.contextLength = min(contextLength, model.architecture.contextLength)
        decoder = Decoder(model, sharing: base.decoder)
        readsTogether = decoder.keepsRowsIndependent
        number = EngineModel.counter.wrappingAdd(1, ordering: .relaxed).newValue
    }

    /// Bytes that such a model takes in addition to its weights.
    package static func byteCount(_ architecture: Architecture, format: WeightFormat?) -> Int {
        Decoder.byteCount(architecture, format: format, chunk: passTokens)
    }

    /// The bytes of one sequence's keys and values.
    package func cacheBytes(positions: Int) -> Int {
        KeyValueCache.byteCount(architecture, capacity: positions)
    }

    /// The tokens of a text to be continued, as `TextGenerator.encode` gives them.
    package func encode(prompt: String) throws(GenerationError) -> [Int32] { try tokenizer.promptTokens(prompt) }

    /// Throws if a prompt cannot be read.
    func check(_ prompt: [Int32]) throws(EngineError) {
        guard !prompt.isEmpty else { throw .emptyPrompt }
        guard prompt.count <= contextLength else {
            throw .promptTooLong(tokens: prompt.count, context: contextLength)
        }
        if let unknown = prompt.first(where: { $0 < 0 || Int($0) >= vocabularySize }) {
            throw .unknownToken(unknown, vocabularySize: vocabularySize)
        }
    }

    /// What a token stands for; U+FFFD for one that the tokenizer lacks, as a padded model may draw.
    func bytes(of token: Int32) -> [UInt8] {
        (0..<tokenizer.vocabularySize).contains(Int(token)) ? tokenizer.bytes(of: Int(token)) : [0xEF, 0xBF, 0xBD]
    }

    /// A token with the probabilities that were asked for.
    ///
    /// - Parameter alternatives: nil for none.
    func drawn(_ token: Int32, _ probabilities: LogProbabilities?, alternatives: Int?) -> DrawnToken {
        guard let probabilities, let alternatives else { return DrawnToken(id: token, bytes: bytes(of: token)) }
        return DrawnToken(
            id: token, bytes: bytes(of: token), logProbability: probabilities[token],
            alternatives: probabilities.mostProbable(alternatives).map {
                TokenProbability(id: $0.id, bytes: bytes(of: $0.id), logProbability: $0.logProbability)
            })
    }
}

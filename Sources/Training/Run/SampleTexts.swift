// The texts that a run lets its model write at each evaluation.

import Conversations
import Inference
import Model
import Models

/// Continues or answers the prompts of `evaluation.samples`.
struct SampleTexts {
    private let generator: TextGenerator
    private let responder: Responder
    private let settings: GenerationSettings
    private let asks: Bool

    init(_ model: Transformer, _ saved: SavedModel, _ config: RunConfig) {
        generator = TextGenerator(model: model, tokenizer: saved.tokenizer)
        settings = config.generationSettings(seed: UInt64(config.training.seed))
        responder = Responder(generator: generator, template: saved.template, settings: settings)
        asks = config.evaluation.asksSamples
    }

    func text(after prompt: String) throws -> String {
        let completion =
            asks
            ? try responder.answer([Message(.user, prompt)], responder.settings(seed: settings.seed))
            : try generator.complete(generator.encode(prompt: prompt), settings)
        return completion.text
    }
}

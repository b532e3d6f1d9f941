// A model's metadata without weights and tokenizer: its shape, its template, and how it is used.

import Conversations
import Inference
import Kernels
import Model

/// What a program needs to know to use a model: a part of what its training was set to, in a checkpoint's `/config`.
package struct ModelInfo: Sendable, Equatable {
    /// `method.objective` of a preference run, and its beta.
    package struct Preference: Sendable, Equatable {
        package let objective: String
        package let beta: Double

        package init(objective: String, beta: Double) { (self.objective, self.beta) = (objective, beta) }
    }

    package internal(set) var architecture: Architecture
    /// What the `model.*` keys of a config say of the architecture.
    package internal(set) var shape: ModelShape
    /// The texts around the turns of a conversation; nil for a model of plain text.
    package var template: ChatTemplate?
    /// Defaults of generation.
    package var generation: GenerationSettings
    /// The adapters that were trained; nil where all weights were.
    package var adapter: AdapterConfig?
    /// How their base was held while they were trained.
    package var baseWeights = WeightFormat.f32
    /// The preference that it was trained with; nil where it learned the likelihood of answers.
    package var preference: Preference?
    /// Whether end-of-text was in front of every document in training.
    package var startToken = false
    /// Weight of prompt tokens in the training loss.
    package var promptLossWeight = 0.0

    /// A model of this architecture with the defaults for everything else.
    ///
    /// - Parameter shape: what a config's keys say of it; made from the architecture where it is nil.
    package init(_ architecture: Architecture, shape: ModelShape? = nil) {
        self.architecture = architecture
        self.shape = shape ?? ModelShape(summaryOf: architecture)
        generation = GenerationSettings(sampling: SamplingSettings())
    }
}

// A fixture's model, built from its config and parameters.

import Kernels
import Model

/// The model of one fixture, and its sequences.
package struct GoldenModel {
    package let fixture: Fixture
    package let model: Transformer

    /// Builds the model of `Tests/Fixtures/<name>`.
    package init(_ name: String) throws {
        fixture = try Fixture(named: name)
        let shape = ModelShape(
            vocabularySize: try fixture.integer("vocab_size"), contextLength: try fixture.integer("n_positions"),
            blockCount: try fixture.integer("n_layer"), headCount: try fixture.integer("n_head"),
            modelWidth: try fixture.integer("n_embd"), feedForwardWidth: try fixture.integer("n_inner"),
            activation: try fixture.text("activation_function") == "gelu_new" ? .geluTanh : .geluExact,
            biases: try fixture.flag("biases"), tiedHead: try fixture.flag("tie_word_embeddings"),
            layerNormEpsilon: try fixture.number("layer_norm_epsilon"),
            attentionWindows: try fixture.integers(listed: "attention_windows"),
            scalesAttention: try fixture.flag("scale_attn_weights"),
            scalesAttentionByBlock: try fixture.flag("scale_attn_by_inverse_layer_idx"),
            attentionInputBias: try fixture.flag("attention_input_bias"))
        try shape.validate()
        let base = Transformer(shape)
        try GoldenModel.fill(base.weights, base.layout, from: fixture, "parameter/")
        guard let rank = try? fixture.integer("lora_rank") else {
            model = base
            return
        }
        model = base.adapted(
            AdapterConfig(rank: rank, alpha: try fixture.number("lora_alpha"), targets: ["all"]), seed: 0)
        try GoldenModel.fill(model.trained.weights, model.trained.layout, from: fixture, "adapter/")
    }

    private init(_ fixture: Fixture, _ model: Transformer) { (self.fixture, self.model) = (fixture, model) }

    /// The same with new adapters.
    package func adapted(_ config: AdapterConfig, seed: UInt64) -> GoldenModel {
        GoldenModel(fixture, model.adapted(config, seed: seed))
    }

    private static func fill(
        _ arena: FloatArena, _ layout: ParameterLayout, from fixture: Fixture, _ prefix: String
    ) throws {
        for parameter in layout.parameters {
            let values = try fixture.floats(prefix + parameter.name)
            precondition(values.count == parameter.count, "\(parameter.name) has \(values.count) elements")
            (arena.base + parameter.offset).update(from: values, count: values.count)
        }
    }

    /// The sequences of the fixture, in one batch.
    package func batch() throws -> SequenceBatch { try batch(from: "", index: 0, of: 1) }

    /// The batch of one of the optimizer's steps.
    package func trainingBatch(step: Int) throws -> SequenceBatch {
        try batch(from: "training/", index: step, of: try fixture.integer("steps"))
    }

    /// The arrays under `prefix` hold `count` batches in order; cuts out the one at `index`.
    private func batch(from prefix: String, index: Int, of count: Int) throws -> SequenceBatch {
        func part<Element>(_ values: [Element]) -> [Element] {
            let size = values.count / count
            return Array(values[(index * size)..<((index + 1) * size)])
        }
        let inputs = part(try fixture.integers(prefix + "inputs"))
        let targets = part(try fixture.integers(prefix + "targets"))
        let weights = part(try fixture.floats(prefix + "weights"))
        var batch = SequenceBatch()
        var start = 0
        for (example, length) in part(try fixture.integers(prefix + "lengths")).enumerated() {
            let range = start..<(start + Int(length))
            batch.append(
                tokens: inputs[range], targets: targets[range], weights: Array(weights[range]), example: example)
            start = range.upperBound
        }
        return batch
    }
}

// A fixture's model, built from its config and parameters.

import Kernels
import Model
import TestSupport

struct GoldenModel {
    let fixture: Fixture
    let model: Transformer

    init(_ name: String) throws {
        fixture = try Fixture(named: name)
        let config = ModelConfig(
            vocabularySize: try fixture.integer("vocab_size"), contextLength: try fixture.integer("n_positions"),
            blockCount: try fixture.integer("n_layer"), headCount: try fixture.integer("n_head"),
            modelWidth: try fixture.integer("n_embd"), feedForwardWidth: try fixture.integer("n_inner"),
            activation: try fixture.text("activation_function") == "gelu_new" ? .geluTanh : .geluExact,
            biases: try fixture.flag("biases"), tiedHead: try fixture.flag("tie_word_embeddings"),
            layerNormEpsilon: Float(try fixture.number("layer_norm_epsilon")))
        try config.validate()
        model = Transformer(config)
        for parameter in model.layout.parameters {
            let values = try fixture.floats("parameter/\(parameter.name)")
            precondition(values.count == parameter.count, "\(name): \(parameter.name) has \(values.count) elements")
            (model.weights.base + parameter.offset).update(from: values, count: values.count)
        }
    }

    /// The sequences of the fixture, in one batch.
    func batch() throws -> SequenceBatch {
        let (inputs, targets) = (try fixture.integers("inputs"), try fixture.integers("targets"))
        let weights = try fixture.floats("weights")
        var batch = SequenceBatch()
        var start = 0
        for (index, length) in try fixture.integers("lengths").enumerated() {
            let range = start..<(start + Int(length))
            batch.append(
                tokens: inputs[range], targets: targets[range], weights: Array(weights[range]), example: index)
            start = range.upperBound
        }
        return batch
    }
}

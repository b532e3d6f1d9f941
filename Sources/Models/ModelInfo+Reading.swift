// Reading a checkpoint's `/config`: the groups that say what the model is. Those of its training are left unread.

import Conversations
import Inference
import Kernels
import Model
import StrictJSON

extension ModelInfo {
    /// Reads the text of a `/config`.
    ///
    /// - Parameters:
    ///   - path: names the text in messages.
    ///   - vocabularySize: rows of the model's token embedding.
    ///   - architecture: valid; nil where the config's keys say it all.
    package init(
        config bytes: [UInt8], path: String, vocabularySize: Int, architecture described: Architecture? = nil
    ) throws(ModelError) {
        let text = try ConfigText(bytes, path: path)
        shape = try ModelInfo.shape(text.group("model"), vocabularySize: vocabularySize)
        if let described {
            (architecture, shape.vocabularySize) = (described, described.vocabularySize)
        } else {
            do throws(ArchitectureError) { try shape.validate() } catch { throw .badConfig("\(error)") }
            architecture = Architecture(gpt2: shape)
        }
        generation = try ModelInfo.generation(text.group("generation"))
        (adapter, baseWeights, preference) = try ModelInfo.method(text.group("method"))
        let data = try text.group("data")
        template = try data.value("template", "the template of a conversation or null", default: .some(nil)) { node in
            if node.isNull { return .some(nil) }
            return ChatTemplate(node).map { .some($0) }
        }
        startToken = try data.flag("startToken", default: false)
        promptLossWeight = try data.number("promptLossWeight", default: 0, in: 0...1)
    }

    private static func shape(_ group: ConfigGroup, vocabularySize: Int) throws(ModelError) -> ModelShape {
        let sizes = 1...Architecture.largestSize
        let shape = ModelShape(
            vocabularySize: vocabularySize, contextLength: try group.integer("contextLength", in: sizes),
            blockCount: try group.integer("blockCount", in: sizes),
            headCount: try group.integer("headCount", in: sizes),
            modelWidth: try group.integer("modelWidth", in: sizes),
            feedForwardWidth: try group.optionalInteger("feedForwardWidth", in: sizes),
            activation: try group.choice("activation", default: Activation.geluTanh),
            biases: try group.flag("biases", default: true), tiedHead: try group.flag("tiedHead", default: true),
            layerNormEpsilon: try group.number("layerNormEpsilon", default: 1e-5, in: 0...1),
            attentionWindows: try group.integers("attentionWindows", in: 0...Architecture.largestSize),
            scalesAttention: try group.flag("scalesAttention", default: true),
            scalesAttentionByBlock: try group.flag("scalesAttentionByBlock", default: false),
            attentionInputBias: try group.flag("attentionInputBias", default: true))
        // A key that is not known here could change what the weights mean.
        try group.refuseOthers(than: ["base", "embeddingDropout", "attentionDropout", "residualDropout"])
        return shape
    }

    private static func generation(_ group: ConfigGroup) throws(ModelError) -> GenerationSettings {
        let (sampling, limit) = (SamplingSettings(), GenerationSettings(sampling: .greedy).maximumTokens)
        let settings = GenerationSettings(
            sampling: SamplingSettings(
                temperature: try group.number("temperature", default: sampling.temperature, in: 0...100),
                topK: try group.integer("topK", default: sampling.topK, in: 0...(1 << 40)),
                topP: try group.number("topP", default: sampling.topP, in: 0...1),
                repetitionPenalty: try group.number(
                    "repetitionPenalty", default: sampling.repetitionPenalty, in: 1...100)),
            maximumTokens: try group.integer("maximumTokens", default: limit, in: 1...(1 << 40)),
            stop: try group.texts("stop", default: []))
        try group.refuseOthers(than: [])
        return settings
    }

    private static func method(
        _ group: ConfigGroup
    ) throws(ModelError) -> (AdapterConfig?, WeightFormat, Preference?) {
        let defaults = AdapterConfig()
        let type: Method = try group.choice("type", default: .full)
        let adapter = AdapterConfig(
            rank: try group.integer("rank", default: defaults.rank, in: 1...4096),
            alpha: try group.number(
                "alpha", default: defaults.alpha, in: Double.leastNonzeroMagnitude...Double.greatestFiniteMagnitude),
            dropout: try group.number("dropout", default: defaults.dropout, in: 0...1),
            targets: try group.texts("targets", default: defaults.targets))
        let baseWeights = try group.choice("baseWeights", default: WeightFormat.f32)
        let beta = try group.number("beta", default: 0.1, in: 0...Double.greatestFiniteMagnitude)
        let preference = try group.texts("objective", default: []).first { $0 != "likelihood" }.map {
            Preference(objective: $0, beta: beta)
        }
        try group.refuseOthers(than: [])
        return (type == .lora ? adapter : nil, baseWeights, preference)
    }

    private enum Method: String, CaseIterable { case full, lora }

    /// What the config of a run says it started from; nil where that is nothing, or where it cannot be read.
    static func base(config bytes: [UInt8]) -> String? {
        try? ConfigText(bytes, path: "config.json").group("model").texts("base", default: []).first
    }
}

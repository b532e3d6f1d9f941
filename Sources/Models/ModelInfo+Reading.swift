// Reading a checkpoint's `/config`: the groups that say what the model is. Those of its training are left unread.

import Conversations
import Inference
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
        adapter = try ModelInfo.adapter(text.group("method"))
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

    private static func adapter(_ group: ConfigGroup) throws(ModelError) -> AdapterConfig? {
        let defaults = AdapterConfig()
        let type: Method = try group.choice("type", default: .full)
        let adapter = AdapterConfig(
            rank: try group.integer("rank", default: defaults.rank, in: 1...4096),
            alpha: try group.number(
                "alpha", default: defaults.alpha, in: Double.leastNonzeroMagnitude...Double.greatestFiniteMagnitude),
            dropout: try group.number("dropout", default: defaults.dropout, in: 0...1),
            targets: try group.texts("targets", default: defaults.targets))
        try group.refuseOthers(than: [])
        return type == .lora ? adapter : nil
    }

    private enum Method: String, CaseIterable { case full, lora }

    /// What the config of a run says it started from; nil where that is nothing, or where it cannot be read.
    static func base(config bytes: [UInt8]) -> String? {
        try? ConfigText(bytes, path: "config.json").group("model").texts("base", default: []).first
    }
}

/// A config as JSON, with `//` comments.
struct ConfigText {
    private let root: JSONObject
    private let path: String

    init(_ bytes: [UInt8], path: String) throws(ModelError) {
        let node: JSONNode
        do {
            node = try JSONText.parse(bytes, options: JSONOptions(allowsComments: true, maximumBytes: 1 << 20))
        } catch { throw .badConfig("\(path), \(error)") }
        guard let root = node.object else {
            throw .badConfig("\(path), \(node.position): the config is \(node.typeName), not an object")
        }
        (self.root, self.path) = (root, path)
    }

    /// The keys under `name`; none where the group is missing.
    func group(_ name: String) throws(ModelError) -> ConfigGroup {
        guard let node = root[name] else { return ConfigGroup(name: name, path: path, members: nil) }
        guard let members = node.object else {
            throw .badConfig(
                "\(path), \(node.position): \(name) is a group of keys and takes an object, not \(node.typeName)")
        }
        return ConfigGroup(name: name, path: path, members: members)
    }
}

/// One group of a config, read key by key. A key that is missing has its default; without a default it is an error.
final class ConfigGroup {
    private let name: String
    private let path: String
    private let members: JSONObject?
    private var known: Set<String> = []

    init(name: String, path: String, members: JSONObject?) {
        (self.name, self.path, self.members) = (name, path, members)
    }

    /// - Parameters:
    ///   - values: what the key takes, in words.
    ///   - read: nil for a value of the wrong type or out of range.
    func value<Value>(
        _ key: String, _ values: String, default standard: Value?, _ read: (JSONNode) -> Value?
    ) throws(ModelError) -> Value {
        known.insert(key)
        guard let node = members?[key] else {
            guard let standard else { throw .badConfig("\(path) has no \(name).\(key)") }
            return standard
        }
        guard let value = read(node) else {
            let text = JSONOutput(node).serialized()
            let found = text.count > 40 ? node.typeName : text
            throw .badConfig("\(path), \(node.position): \(name).\(key) is \(found); it takes \(values)")
        }
        return value
    }

    func integer(_ key: String, default standard: Int? = nil, in range: ClosedRange<Int>) throws(ModelError) -> Int {
        try value(key, "integer from \(range.lowerBound) to \(range.upperBound)", default: standard) { node in
            node.integer.flatMap { range.contains($0) ? $0 : nil }
        }
    }

    func optionalInteger(_ key: String, in range: ClosedRange<Int>) throws(ModelError) -> Int? {
        guard let node = members?[key], !node.isNull else {
            known.insert(key)
            return nil
        }
        return try integer(key, in: range)
    }

    func integers(_ key: String, in range: ClosedRange<Int>) throws(ModelError) -> [Int] {
        try value(key, "list of integers from \(range.lowerBound) to \(range.upperBound)", default: []) { node in
            let numbers = node.array?.compactMap(\.integer).filter(range.contains)
            return numbers?.count == node.array?.count ? numbers : nil
        }
    }

    func number(
        _ key: String, default standard: Double? = nil, in range: ClosedRange<Double>
    ) throws(ModelError) -> Double {
        try value(key, "number from \(range.lowerBound) to \(range.upperBound)", default: standard) { node in
            node.number.flatMap { range.contains($0) ? $0 : nil }
        }
    }

    func flag(_ key: String, default standard: Bool) throws(ModelError) -> Bool {
        try value(key, "true or false", default: standard, \.bool)
    }

    func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ key: String, default standard: Choice
    ) throws(ModelError) -> Choice {
        try value(
            key, "one of " + Choice.allCases.map(\.rawValue).joined(separator: ", "), default: standard
        ) { $0.string.flatMap(Choice.init(rawValue:)) }
    }

    /// A list of texts, for which one text alone may stand; null is none.
    func texts(_ key: String, default standard: [String]) throws(ModelError) -> [String] {
        try value(key, "list of texts", default: standard) { node in
            if node.isNull { return [] }
            if let one = node.string { return one.isEmpty ? nil : [one] }
            let texts = node.array?.compactMap(\.string).filter { !$0.isEmpty }
            return texts?.count == node.array?.count ? texts : nil
        }
    }

    /// Throws where the group has a key that was neither read nor is one of `others`.
    func refuseOthers(than others: [String]) throws(ModelError) {
        let known = known.union(others)
        for member in members?.members ?? [] where !known.contains(member.key) {
            let nearest = Suggestion.nearest(to: member.key, among: known.sorted())
            throw .badConfig(
                "\(path), \(member.keyPosition): unknown key \(name).\(member.key)"
                    + (nearest.map { "; did you mean \(name).\($0)?" } ?? ""))
        }
    }
}

// What a request for texts says of how they are drawn: the same in completions and in chats.

import Inference
import StrictJSON

/// The fields that completions and chats have in common, with OpenAI's bounds and defaults.
struct DrawingSettings: Sendable {
    /// Texts for each prompt.
    var count: Int
    var temperature: Double
    var topP: Double
    var frequencyPenalty: Double
    var presencePenalty: Double
    /// By token id.
    var logitBias: [Int32: Double]
    var stop: [String]
    var seed: UInt64
    var isStreamed: Bool
    /// Whether the last chunk of a stream tells the usage.
    var streamsUsage: Bool

    /// The most texts of a request, tokens of a text, stop texts, and tokens with a bias.
    static let (mostTexts, mostTokens, mostStops, mostBiases) = (128, 1_000_000, 4, 1024)

    init(_ fields: inout RequestFields) throws(APIError) {
        count = try fields.integer("n", in: 1...DrawingSettings.mostTexts) ?? 1
        temperature = try fields.number("temperature", in: 0...2) ?? 1
        topP = try fields.number("top_p", in: 0...1) ?? 1
        frequencyPenalty = try fields.number("frequency_penalty", in: -2...2) ?? 0
        presencePenalty = try fields.number("presence_penalty", in: -2...2) ?? 0
        seed =
            try fields.integer("seed", in: Int.min...Int.max).map { UInt64(bitPattern: Int64($0)) }
            ?? UInt64.random(in: 0...UInt64.max)
        isStreamed = try fields.flag("stream") ?? false
        (logitBias, stop, streamsUsage) = ([:], [], false)
        logitBias = try DrawingSettings.biases(&fields)
        stop = try DrawingSettings.stops(&fields)
        if var options = try fields.fields("stream_options") {
            guard isStreamed else {
                throw .invalid(
                    "The 'stream_options' parameter is only allowed when 'stream' is enabled.", param: "stream_options")
            }
            streamsUsage = try options.flag("include_usage") ?? false
            options.ignore("include_obfuscation")
            try options.finish()
        }
    }

    private static func biases(_ fields: inout RequestFields) throws(APIError) -> [Int32: Double] {
        guard let node = fields.node("logit_bias") else { return [:] }
        guard let object = node.object else { throw fields.wrong("logit_bias", node, "an object") }
        guard object.members.count <= mostBiases else {
            throw .invalid(
                "'logit_bias' has \(object.members.count) tokens; at most \(mostBiases) are allowed.",
                param: "logit_bias")
        }
        var biases: [Int32: Double] = [:]
        for member in object.members {
            guard let id = Int32(member.key), id >= 0 else {
                throw .invalid(
                    "Invalid key in 'logit_bias': \(APIError.shown(member.key)). Keys are the ids of tokens.",
                    param: "logit_bias")
            }
            guard let bias = member.value.number, (-100...100).contains(bias) else {
                throw fields.wrong("logit_bias", member.value, "numbers from -100 to 100")
            }
            biases[id] = bias
        }
        return biases
    }

    private static func stops(_ fields: inout RequestFields) throws(APIError) -> [String] {
        guard let node = fields.node("stop") else { return [] }
        if let text = node.string { return try [checked(text)] }
        var texts: [String] = []
        for element in try fields.list("stop", most: mostStops) ?? [] {
            guard let text = element.string else { throw fields.wrong("stop", element, "strings") }
            texts.append(try checked(text))
        }
        return texts
    }

    private static func checked(_ text: String) throws(APIError) -> String {
        guard text.utf8.count <= 1000 else {
            throw .invalid("A text of 'stop' has more than 1000 bytes.", param: "stop")
        }
        return text
    }

    /// Throws where a token of `logit_bias` is not one of the model's.
    func check(vocabularySize: Int) throws(APIError) {
        guard let unknown = logitBias.keys.filter({ Int($0) >= vocabularySize }).min() else { return }
        throw .invalid(
            "Invalid key in 'logit_bias': \(unknown). The model's tokens are those from 0 to \(vocabularySize - 1).",
            param: "logit_bias")
    }

    /// Settings of the engine that draw by this request alone: defaults that are stored with a model do not count.
    ///
    /// - Parameter settings: whose stop texts and end tokens stay.
    func applied(to settings: GenerationSettings, maximumTokens: Int) -> GenerationSettings {
        var settings = settings
        settings.sampling = SamplingSettings(temperature: temperature, topP: topP)
        settings.sampling.frequencyPenalty = frequencyPenalty
        settings.sampling.presencePenalty = presencePenalty
        settings.sampling.logitBias = logitBias
        settings.maximumTokens = maximumTokens
        settings.stop += stop
        settings.seed = seed
        return settings
    }
}

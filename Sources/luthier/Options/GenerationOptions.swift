// Options of generation that `generate` and `chat` share.

import Arguments
import Inference
import Kernels

extension WeightFormat: ExpressibleByArgument {}

struct GenerationOptions: ParsableArguments {
    @Option(help: "The most tokens to draw.")
    var maxTokens: Int?
    @Option(help: "0 takes the likeliest token always.")
    var temperature: Double?
    @Option(help: "Draws from the k likeliest tokens only; 0 for all.")
    var topK: Int?
    @Option(help: "Draws from the likeliest tokens that together have this probability.")
    var topP: Double?
    @Option(help: "Makes tokens that occurred already less likely; 1 for no change.")
    var repetitionPenalty: Double?
    @Option(help: "Ends in front of this text; may be repeated.")
    var stop: [String] = []
    @Option(help: "Of the random draws.")
    var seed: UInt64 = 1

    @Option(help: "How the weights are kept while tokens are drawn; bf16 and int8 are faster and a little less exact.")
    var precision: WeightFormat = .f32

    mutating func validate() throws(ValidationError) {
        if let maxTokens, maxTokens < 1 { throw ValidationError("--max-tokens \(maxTokens) must be at least 1") }
        if let temperature, !(temperature >= 0 && temperature <= 100) {
            throw ValidationError("--temperature \(temperature) must lie between 0 and 100")
        }
        if let topK, topK < 0 { throw ValidationError("--top-k \(topK) must be 0 or more") }
        if let topP, !(topP > 0 && topP <= 1) {
            throw ValidationError("--top-p \(topP) must be above 0 and at most 1")
        }
        if let repetitionPenalty, !(repetitionPenalty >= 1 && repetitionPenalty <= 100) {
            throw ValidationError("--repetition-penalty \(repetitionPenalty) must lie between 1 and 100")
        }
    }

    /// What the model has stored, with what was given on top.
    func settings(_ responder: Responder) -> GenerationSettings {
        var settings = responder.settings(seed: seed)
        settings.maximumTokens = maxTokens ?? settings.maximumTokens
        settings.sampling.temperature = temperature ?? settings.sampling.temperature
        settings.sampling.topK = topK ?? settings.sampling.topK
        settings.sampling.topP = topP ?? settings.sampling.topP
        settings.sampling.repetitionPenalty = repetitionPenalty ?? settings.sampling.repetitionPenalty
        settings.stop += stop
        return settings
    }
}

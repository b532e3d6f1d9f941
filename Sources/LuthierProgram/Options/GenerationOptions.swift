// Generation options of `generate` and `chat`.

import Arguments
import Inference
import Kernels

extension WeightFormat: ExpressibleByArgument {}

struct GenerationOptions: ParsableArguments {
    @Option(help: "Maximum number of tokens to generate.")
    var maxTokens: Int?
    @Option(help: "Sampling temperature; 0 = greedy decoding.")
    var temperature: Double?
    @Option(help: "Sample only from the k most likely tokens; 0 for all.")
    var topK: Int?
    @Option(help: "Sample from the most likely tokens that together have this probability.")
    var topP: Double?
    @Option(help: "Make tokens that occurred already less likely; 1 for no change.")
    var repetitionPenalty: Double?
    @Option(help: #"Stop before this text; \n is a line end, \t a tab, \\ a backslash."#)
    var stop: [String] = []
    @Option(help: "Seed of the sampling.")
    var seed: UInt64 = 1

    @Option(
        help: "Format of the weights during generation; bf16, int8 and q4 are faster and less exact, in this order.")
    var precision: WeightFormat = .f32

    mutating func validate() throws(ValidationError) {
        if let maxTokens, maxTokens < 1 { throw ValidationError("--max-tokens \(maxTokens) must be at least 1") }
        if let temperature, !(temperature >= 0 && temperature <= 100) {
            throw ValidationError("--temperature \(temperature) must be between 0 and 100")
        }
        if let topK, topK < 0 { throw ValidationError("--top-k \(topK) must be 0 or more") }
        if let topP, !(topP > 0 && topP <= 1) {
            throw ValidationError("--top-p \(topP) must be above 0 and at most 1")
        }
        if let repetitionPenalty, !(repetitionPenalty >= 1 && repetitionPenalty <= 100) {
            throw ValidationError("--repetition-penalty \(repetitionPenalty) must be between 1 and 100")
        }
    }

    /// The settings stored with the model, overridden by the given ones.
    func settings(_ responder: Responder) -> GenerationSettings {
        var settings = responder.settings(seed: seed)
        settings.maximumTokens = maxTokens ?? settings.maximumTokens
        settings.sampling.temperature = temperature ?? settings.sampling.temperature
        settings.sampling.topK = topK ?? settings.sampling.topK
        settings.sampling.topP = topP ?? settings.sampling.topP
        settings.sampling.repetitionPenalty = repetitionPenalty ?? settings.sampling.repetitionPenalty
        settings.stop += stop.map(GenerationOptions.unescaped)
        return settings
    }

    /// A text with `\n`, `\t` and `\\` replaced; other backslashes stay.
    private static func unescaped(_ text: String) -> String {
        var (result, rest) = ("", Substring(text))
        while let character = rest.popFirst() {
            let escapes: [Character: Character] = ["n": "\n", "t": "\t", "\\": "\\"]
            if character == "\\", let next = rest.first, let meant = escapes[next] {
                result.append(meant)
                rest.removeFirst()
            } else {
                result.append(character)
            }
        }
        return result
    }
}

// `luthier generate`: continues a prompt, streaming.

import Arguments
import Foundation
import Inference
import StrictJSON
import Training

struct GenerateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate", abstract: "Continues a prompt.",
        discussion: "Settings that are not given are those stored with the model.")

    @OptionGroup var model: CheckpointOptions
    @Option(help: "The text to continue.")
    var prompt: String?
    @Option(help: ArgumentHelp("A file that holds it.", valueName: "file"))
    var promptFile: String?
    @Argument(help: "- reads the prompt from stdin.")
    var input: String?
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
    @Option(name: .customLong("n"), help: "How many continuations.")
    var count: Int = 1
    @Flag(help: "Ends with one JSON object on stdout, instead of streaming.")
    var json = false

    mutating func validate() throws(ValidationError) {
        let given = [prompt != nil, promptFile != nil, input != nil].count { $0 }
        if given != 1 { throw ValidationError("one of --prompt, --prompt-file and - is needed, \(given) were given") }
        if let input, input != "-" { throw ValidationError("unexpected argument \(input)") }
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
        if count < 1 || count > 1000 { throw ValidationError("--n \(count) must lie between 1 and 1000") }
    }

    mutating func run() throws {
        let text = try promptText()
        let saved = try model.load()
        let generator = TextGenerator(model: saved.model, tokenizer: saved.tokenizer)
        let settings = settings(saved.config)
        let tokens = try generator.encode(prompt: text)
        let start = Date()
        var completions: [Completion] = []
        for stream in 0..<count {
            if !json && count > 1 { Console.output("[\(stream + 1)] ") }
            if !json { Console.output(text) }
            completions.append(
                try generator.complete(tokens, settings, stream: stream) { if !json { Console.output($0) } })
            if !json { Console.output("\n") }
        }
        let drawn = completions.reduce(0) { $0 + $1.tokens.count }
        let rate = Double(drawn) / max(Date().timeIntervalSince(start), 1e-9)
        if Console.isTerminal && !json { Console.message("\(drawn) tokens, \(Int(rate)) a second") }
        guard json else { return }
        let list = completions.map { completion in
            JSONOutput.object([
                ("text", .string(completion.text)), ("tokens", .integer(completion.tokens.count)),
                ("finishReason", .string(completion.finishReason.rawValue)),
            ])
        }
        Console.json([
            ("prompt", .string(text)), ("completions", .array(list)), ("tokensPerSecond", .number(rate)),
        ])
    }

    private func promptText() throws -> String {
        if let prompt { return prompt }
        let bytes: Data
        if let promptFile {
            bytes = Data(try TextFileContents.read(promptFile))
        } else {
            bytes = FileHandle.standardInput.readDataToEndOfFile()
        }
        guard let text = String(data: bytes, encoding: .utf8) else {
            throw ValidationError("the prompt is no valid UTF-8")
        }
        return text
    }

    /// What the model has stored, with what was given on top.
    private func settings(_ config: RunConfig) -> GenerationSettings {
        var settings = config.generationSettings(seed: seed)
        settings.maximumTokens = maxTokens ?? settings.maximumTokens
        settings.sampling.temperature = temperature ?? settings.sampling.temperature
        settings.sampling.topK = topK ?? settings.sampling.topK
        settings.sampling.topP = topP ?? settings.sampling.topP
        settings.sampling.repetitionPenalty = repetitionPenalty ?? settings.sampling.repetitionPenalty
        if !stop.isEmpty { settings.stop = stop }
        return settings
    }
}

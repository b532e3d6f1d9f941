// `luthier generate`: answers or continues a prompt, or every prompt of a file.

import Arguments
import Conversations
import Foundation
import Inference
import Models
import Retrieval
import StrictJSON

struct GenerateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate", abstract: "Answer or continue a prompt.",
        discussion: "A model trained on conversations or on prompts and completions answers with the template stored "
            + "in its checkpoint; --raw continues the text without it. Other settings default to those stored with "
            + "the model.",
        examples: ["luthier generate --checkpoint weather-1 --prompt 'How windy is it in Oslo?' --temperature 0"])

    @OptionGroup var model: CheckpointOptions
    @Option(help: "The text to answer or continue.")
    var prompt: String?
    @Option(help: ArgumentHelp("Read the prompt from this file.", valueName: "file"))
    var promptFile: String?
    @Argument(help: "- to read the prompt from stdin.")
    var input: String?
    @Option(help: "System message, for a model with a chat template.")
    var system: String?
    @OptionGroup var options: GenerationOptions
    @OptionGroup var documents: IndexOptions
    @Option(name: .customLong("n"), help: "Number of completions.")
    var count: Int = 1
    @Flag(help: "Skip the chat template.")
    var raw = false
    @Option(help: ArgumentHelp("Read prompts from this JSONL file.", valueName: "in.jsonl"))
    var batch: String?
    @Option(help: ArgumentHelp("Write answers to this JSONL file.", valueName: "out.jsonl"))
    var output: String?
    @Flag(help: "Print one JSON object on stdout instead of streaming.")
    var json = false

    mutating func validate() throws(ValidationError) {
        if (batch == nil) != (output == nil) { throw ValidationError("--batch and --output must be used together") }
        let given = [prompt != nil, promptFile != nil, input != nil, batch != nil].count { $0 }
        if given != 1 {
            throw ValidationError("exactly one of --prompt, --prompt-file, --batch and - is required, not \(given)")
        }
        if let input, input != "-" { throw ValidationError("unexpected argument \(input)") }
        if count < 1 || count > 1000 { throw ValidationError("--n \(count) must be between 1 and 1000") }
    }

    mutating func run() throws {
        if let output { try BatchAnswers.checkOutput(output) }
        let text = batch == nil ? try promptText() : ""
        let source = try model.open()
        let saved = try source.load(copying: options.precision)
        let responder = Responder(saved, raw: raw, format: options.precision)
        if system != nil && responder.template == nil {
            throw ValidationError("--system needs a model with a template", hint: "this model continues plain text")
        }
        let grounding = try documents.open(for: responder)
        if let batch, let output {
            try BatchAnswers.run(responder, options.settings(responder), grounding, from: batch, to: output)
            return
        }
        var messages = [Message(.user, text)]
        if let system { messages.insert(Message(.system, system), at: 0) }
        var sources: [FoundPassage]?
        if let grounding {
            let grounded = try grounding.ground(messages, for: responder, options.settings(responder))
            (messages, sources) = (grounded.messages, grounded.sources)
        }
        try answer(messages, text, sources, responder, source.path)
    }

    private func answer(
        _ messages: [Message], _ text: String, _ sources: [FoundPassage]?, _ responder: Responder, _ path: String
    ) throws {
        let settings = options.settings(responder)
        let start = Date()
        var completions: [Completion] = []
        if sources?.isEmpty == true {
            completions = [.notFound]
            if !json { Console.output(Grounding.notFound + "\n") }
        }
        for stream in 0..<(sources?.isEmpty == true ? 0 : count) {
            if !json && count > 1 { Console.output("[\(stream + 1)] ") }
            if !json && responder.template == nil { Console.drawn(text) }
            completions.append(
                try responder.answer(messages, settings, stream: stream) { if !json { Console.drawn($0) } })
            if !json { Console.output("\n") }
        }
        let drawn = completions.reduce(0) { $0 + $1.tokens.count }
        let rate = Double(drawn) / max(Date().timeIntervalSince(start), 1e-9)
        if Console.isTerminal && !json { Console.message("\(drawn) tokens, \(Int(rate)) per second") }
        if !json { sources?.show() }
        guard json else { return }
        let list = completions.map { completion in
            JSONOutput.object([
                ("text", .string(completion.text)), ("tokens", .integer(completion.tokens.count)),
                ("finishReason", .string(completion.finishReason.rawValue)),
            ])
        }
        let members: [(key: String, value: JSONOutput)] = [
            ("prompt", .string(text)), ("completions", .array(list)), ("tokensPerSecond", .number(rate)),
            ("checkpoint", .string(path)),
        ]
        Console.json(members + (sources.map { [("sources", $0.json)] } ?? []))
    }

    private func promptText() throws -> String {
        if let prompt { return prompt }
        return try Console.prompt(of: promptFile ?? "-")
    }
}

// The body of a request for completions.

import HTTPServer
import Inference
import StrictJSON

/// What `/v1/completions` is asked.
struct CompletionRequest: Sendable {
    /// A prompt as it was given.
    enum Prompt: Sendable, Equatable {
        case text(String)
        case tokens([Int32])
    }

    var model: String
    var prompts: [Prompt]
    var drawing: DrawingSettings
    var maximumTokens: Int
    /// Texts that are generated for each prompt; the best `drawing.count` of them are given.
    var bestOf: Int
    var echoes: Bool
    /// How many alternatives are told; nil for no probabilities.
    var logprobs: Int?

    static let (mostPrompts, mostChoices) = (512, 1024)

    init(_ request: HTTPRequest) throws(APIError) {
        var fields = try RequestFields(request)
        model = try fields.requiredText("model", length: 1...400)
        prompts = try CompletionRequest.prompts(&fields)
        drawing = try DrawingSettings(&fields)
        maximumTokens = try fields.integer("max_tokens", in: 0...DrawingSettings.mostTokens) ?? 16
        bestOf = try fields.integer("best_of", in: 1...20) ?? drawing.count
        echoes = try fields.flag("echo") ?? false
        logprobs = try fields.integer("logprobs", in: 0...5)
        try fields.refuse("suffix", "is not supported by this server: its models continue texts, they do not fill gaps")
        fields.ignore("user")
        try fields.finish()
        try check()
    }

    private func check() throws(APIError) {
        guard bestOf >= drawing.count else {
            throw .invalid(
                "'best_of' must be at least 'n': it is \(bestOf), 'n' is \(drawing.count).", param: "best_of")
        }
        guard !drawing.isStreamed || bestOf == drawing.count else {
            throw .invalid("'best_of' above 'n' cannot be streamed.", param: "best_of")
        }
        guard prompts.count * bestOf <= CompletionRequest.mostChoices else {
            throw .invalid(
                "\(prompts.count) prompts with \(bestOf) texts each are more than \(CompletionRequest.mostChoices).",
                param: "prompt")
        }
    }

    /// A text, a list of texts, a list of tokens, or a list of lists of tokens; missing, it is empty.
    private static func prompts(_ fields: inout RequestFields) throws(APIError) -> [Prompt] {
        guard let node = fields.node("prompt") else { return [.text("")] }
        return try prompts(node, "prompt", most: mostPrompts)
    }

    /// The same for a field of another name, as embeddings have it.
    static func prompts(_ node: JSONNode, _ name: String, most: Int) throws(APIError) -> [Prompt] {
        if let text = node.string { return [.text(text)] }
        guard let list = node.array, !list.isEmpty else {
            throw .invalid(
                "Invalid value for '\(name)': expected a string, or a list of strings or tokens that is not empty.",
                param: name)
        }
        if list[0].integer != nil { return [.tokens(try tokens(list, name))] }
        guard list.count <= most else {
            throw .invalid("'\(name)' has \(list.count) elements; at most \(most) are allowed.", param: name)
        }
        var prompts: [Prompt] = []
        for element in list {
            if let text = element.string {
                prompts.append(.text(text))
            } else if let tokens = element.array {
                prompts.append(.tokens(try self.tokens(tokens, name)))
            } else {
                throw .invalid(
                    "Invalid value for '\(name)': its elements must be all strings, or all tokens, or lists of tokens.",
                    param: name)
            }
        }
        return prompts
    }

    private static func tokens(_ nodes: [JSONNode], _ name: String) throws(APIError) -> [Int32] {
        guard !nodes.isEmpty else { throw .invalid("A list of tokens in '\(name)' is empty.", param: name) }
        var tokens: [Int32] = []
        tokens.reserveCapacity(nodes.count)
        for node in nodes {
            guard let token = node.integer.flatMap({ Int32(exactly: $0) }), token >= 0 else {
                throw .invalid("Invalid value for '\(name)': its elements must all be tokens.", param: name)
            }
            tokens.append(token)
        }
        return tokens
    }
}

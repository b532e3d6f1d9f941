// The body of a request for a chat's answer.

import Conversations
import HTTPServer
import StrictJSON

/// What `/v1/chat/completions` is asked.
struct ChatRequest: Sendable {
    var model: String
    var messages: [Message]
    var drawing: DrawingSettings
    /// nil where the request does not say.
    var maximumTokens: Int?
    /// How many alternatives are told with each token; nil for no probabilities.
    var logprobs: Int?
    /// The functions that the model may call.
    var tools: [ChatTool]
    /// Whether an answer may call several of them.
    var callsInParallel: Bool
    /// Whether to answer from the service's documents, where it has some; nil where the request does not say.
    var usesDocuments: Bool?

    init(_ request: HTTPRequest) throws(APIError) {
        var fields = try RequestFields(request)
        model = try fields.requiredText("model", length: 1...400)
        messages = try ChatMessages.read(&fields)
        drawing = try DrawingSettings(&fields)
        maximumTokens = try ChatRequest.maximumTokens(&fields)
        logprobs = try ChatRequest.logprobs(&fields)
        tools = try ChatTool.read(&fields)
        callsInParallel = try fields.flag("parallel_tool_calls") ?? true
        usesDocuments = try fields.flag("documents")
        try ChatRequest.refuse(&fields)
        fields.ignore(
            "user", "metadata", "store", "service_tier", "safety_identifier", "prompt_cache_key",
            "prompt_cache_retention", "prompt_cache_options", "prediction")
        try fields.finish()
        if !tools.isEmpty { messages[0].tools = ChatTool.json(tools).serializedBytes() }
    }

    private static func maximumTokens(_ fields: inout RequestFields) throws(APIError) -> Int? {
        let old = try fields.integer("max_tokens", in: 1...DrawingSettings.mostTokens)
        let new = try fields.integer("max_completion_tokens", in: 1...DrawingSettings.mostTokens)
        guard old == nil || new == nil else {
            throw .invalid(
                "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.",
                param: "max_tokens", code: "invalid_parameter_combination")
        }
        return new ?? old
    }

    private static func logprobs(_ fields: inout RequestFields) throws(APIError) -> Int? {
        let isAsked = try fields.flag("logprobs") ?? false
        let alternatives = try fields.integer("top_logprobs", in: 0...20)
        guard isAsked || alternatives == nil else {
            throw .invalid("'top_logprobs' needs 'logprobs' to be true.", param: "top_logprobs")
        }
        return isAsked ? alternatives ?? 0 : nil
    }

    /// What would change the meaning of the answer.
    private static func refuse(_ fields: inout RequestFields) throws(APIError) {
        if var format = try fields.fields("response_format") {
            let type = try format.requiredText("type")
            guard type == "text" else {
                throw .invalid(
                    "'response_format' of type '\(APIError.shown(type))' is not supported by this server: answers are plain text.",
                    param: "response_format", code: "unsupported_parameter")
            }
            try format.finish()
        }
        if let modalities = try fields.list("modalities", most: 8), modalities.contains(where: { $0.string != "text" })
        {
            throw .invalid(
                "'modalities' other than text are not supported by this server.", param: "modalities",
                code: "unsupported_parameter")
        }
        for key in ["audio", "moderation", "web_search_options"] { try fields.refuse(key) }
        for key in ["functions", "function_call"] {
            try fields.refuse(key, "is not supported by this server: use 'tools' and 'tool_choice'", harmless: ["none"])
        }
        try fields.refuse("reasoning_effort", harmless: ["none"])
        try fields.refuse("verbosity", harmless: ["medium"])
    }
}

/// Reads the messages of a chat.
enum ChatMessages {
    static let most = 10_000

    static func read(_ fields: inout RequestFields) throws(APIError) -> [Message] {
        guard let list = try fields.list("messages", most: most) else {
            throw .invalid("Missing required parameter: 'messages'.", param: "messages")
        }
        guard !list.isEmpty else {
            throw .invalid(
                "Invalid 'messages': empty array. Expected an array with minimum length 1.", param: "messages",
                code: "empty_array")
        }
        var messages: [Message] = []
        for (place, node) in list.enumerated() {
            guard let object = node.object else { throw fields.wrong("messages", node, "objects") }
            messages.append(try message(RequestFields(object, prefix: "messages[\(place)].")))
        }
        return messages
    }

    private static func message(_ given: RequestFields) throws(APIError) -> Message {
        var fields = given
        let role = try role(&fields)
        // A participant's name is a hint that templates have no place for.
        fields.ignore("name", "refusal", "annotations", "weight")
        try fields.refuse("audio")
        try fields.refuse("function_call", "is not supported by this server: use 'tool_calls'")
        var message = Message(role: role, content: [])
        if role == .assistant, let node = fields.node("tool_calls") {
            let calls = try calls(node, fields)
            if !calls.isEmpty {
                message.members.append(
                    Message.Member(key: "tool_calls", json: JSONOutput.array(calls).serializedBytes()))
            }
        }
        if role == .tool, let id = try fields.text("tool_call_id") {
            message.members.append(Message.Member(key: "tool_call_id", json: JSONOutput.string(id).serializedBytes()))
        }
        guard let content = try content(&fields) else {
            guard role == .assistant, !message.members.isEmpty else {
                throw .invalid(
                    "Missing required parameter: '\(fields.name("content"))'.", param: fields.name("content"))
            }
            try fields.finish()
            return message
        }
        message.content = Array(content.utf8)
        try fields.finish()
        return message
    }

    private static func role(_ fields: inout RequestFields) throws(APIError) -> Role {
        let word = try fields.requiredText("role")
        switch word {
        case "system", "developer": return .system
        case "user": return .user
        case "assistant": return .assistant
        case "tool": return .tool
        default:
            throw .invalid(
                "Invalid value: '\(APIError.shown(word))'. Supported values are: 'system', 'developer', 'user', "
                    + "'assistant' and 'tool'.", param: fields.name("role"), code: "invalid_value")
        }
    }

    /// A text, or the texts of parts, a line each.
    private static func content(_ fields: inout RequestFields) throws(APIError) -> String? {
        guard let node = fields.node("content") else { return nil }
        if let text = node.string { return text }
        guard let parts = node.array else { throw fields.wrong("content", node, "a string or an array of parts") }
        var texts: [String] = []
        for (place, node) in parts.enumerated() {
            let name = fields.name("content") + "[\(place)]"
            guard let part = node.object else { throw fields.wrong("content", node, "parts that are objects") }
            switch part["type"]?.string {
            case "text":
                guard let text = part["text"]?.string else {
                    throw .invalid("Missing required parameter: '\(name).text'.", param: name + ".text")
                }
                texts.append(text)
            case let type:
                throw .invalid(
                    "Invalid value for '\(name).type': '\(APIError.shown(type ?? ""))' is not supported by this server, only 'text' is.",
                    param: name + ".type", code: "unsupported_content")
            }
        }
        return texts.joined(separator: "\n")
    }

    private static func calls(_ node: JSONNode, _ fields: RequestFields) throws(APIError) -> [JSONOutput] {
        guard let list = node.array, list.count <= ChatTool.most else {
            throw fields.wrong("tool_calls", node, "an array of at most \(ChatTool.most) calls")
        }
        var calls: [JSONOutput] = []
        for call in list {
            guard let object = call.object, object["type"]?.string ?? "function" == "function",
                let function = object["function"]?.object, let name = function["name"]?.string,
                let arguments = function["arguments"]?.string
            else {
                throw .invalid(
                    "Invalid value for '\(fields.name("tool_calls"))': a call has a type 'function' and a function with "
                        + "name and arguments, both strings.", param: fields.name("tool_calls"))
            }
            calls.append([
                "id": .string(object["id"]?.string ?? ""), "type": "function",
                "function": ["name": .string(name), "arguments": .string(arguments)],
            ])
        }
        return calls
    }
}

// The functions that a chat's model may call.

import StrictJSON

/// One function as the request describes it.
struct ChatTool: Sendable {
    var name: String
    /// The complete description, as a template is given it.
    var json: JSONOutput

    static let most = 128

    /// Reads `tools` and `tool_choice`; none where the choice is "none".
    static func read(_ fields: inout RequestFields) throws(APIError) -> [ChatTool] {
        let list = try fields.list("tools", most: most) ?? []
        var tools: [ChatTool] = []
        for (place, node) in list.enumerated() {
            let param = "tools[\(place)]"
            guard let object = node.object else { throw fields.wrong("tools", node, "objects") }
            guard object["type"]?.string == "function" else {
                throw .invalid(
                    "Invalid value for '\(param).type': only 'function' is supported by this server.",
                    param: param + ".type", code: "unsupported_parameter")
            }
            guard let function = object["function"]?.object, let name = function["name"]?.string, isName(name) else {
                throw .invalid(
                    "Invalid '\(param).function.name': expected 1 to 64 letters, digits, underscores and dashes.",
                    param: param + ".function.name")
            }
            if let strict = function["strict"], strict.bool == true {
                throw .invalid(
                    "'\(param).function.strict' is not supported by this server: arguments are what the model writes.",
                    param: param + ".function.strict", code: "unsupported_parameter")
            }
            tools.append(ChatTool(name: name, json: JSONOutput(node)))
        }
        return try isChoiceNone(&fields, tools) ? [] : tools
    }

    private static func isChoiceNone(_ fields: inout RequestFields, _ tools: [ChatTool]) throws(APIError) -> Bool {
        guard let node = fields.node("tool_choice") else { return false }
        guard let word = node.string, word == "auto" || word == "none" else {
            let shown = node.string.map { "'\(APIError.shown($0))'" } ?? node.typeName
            throw .invalid(
                "'tool_choice' \(shown) is not supported by this server, only 'auto' and 'none': a model here cannot be "
                    + "made to call a function.", param: "tool_choice", code: "unsupported_parameter")
        }
        guard word == "none" || !tools.isEmpty else {
            throw .invalid("'tool_choice' is only allowed when 'tools' are specified.", param: "tool_choice")
        }
        return word == "none"
    }

    private static func isName(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }

    static func json(_ tools: [ChatTool]) -> JSONOutput { .array(tools.map(\.json)) }
}

// One message of a conversation.

/// The author of a message.
package enum Role: String, Sendable, CaseIterable {
    case system, user, assistant
    /// The result of a function that the assistant called.
    case tool
}

/// A message: its author, its text, and its weight in the loss.
package struct Message: Sendable, Equatable {
    /// What a message says next to its text, such as `tool_calls`: a key and its value as JSON. Only a model's own
    /// template can express it.
    package struct Member: Sendable, Equatable {
        package var key: String
        package var json: [UInt8]

        package init(key: String, json: [UInt8]) {
            self.key = key
            self.json = json
        }
    }

    package var role: Role
    /// UTF-8.
    package var content: [UInt8]
    /// Weight in the loss if the assistant is the author: 1, or 0 if the model must not learn it.
    package var weight: Float
    package var members: [Member] = []
    /// The functions that the model may call, as a list in JSON; only in a conversation's first message.
    package var tools: [UInt8] = []

    package init(role: Role, content: [UInt8], weight: Float = 1) {
        self.role = role
        self.content = content
        self.weight = weight
    }

    package init(_ role: Role, _ content: String) { self.init(role: role, content: Array(content.utf8)) }
}

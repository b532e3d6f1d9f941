// One message of a conversation.

/// The author of a message.
package enum Role: String, Sendable, CaseIterable {
    case system, user, assistant
}

/// A message: its author, its text, and its weight in the loss.
package struct Message: Sendable, Equatable {
    package var role: Role
    /// UTF-8.
    package var content: [UInt8]
    /// Weight in the loss if the assistant is the author: 1, or 0 if the model must not learn it.
    package var weight: Float

    package init(role: Role, content: [UInt8], weight: Float = 1) {
        self.role = role
        self.content = content
        self.weight = weight
    }

    package init(_ role: Role, _ content: String) { self.init(role: role, content: Array(content.utf8)) }
}

// One message of a conversation.

/// The author of a message.
public enum Role: String, Sendable, CaseIterable {
    case system, user, assistant
}

/// A message: its author, its text, and its weight in the loss.
public struct Message: Sendable, Equatable {
    public var role: Role
    /// UTF-8.
    public var content: [UInt8]
    /// Weight in the loss if the assistant is the author: 1, or 0 if the model must not learn it.
    public var weight: Float

    public init(role: Role, content: [UInt8], weight: Float = 1) {
        self.role = role
        self.content = content
        self.weight = weight
    }

    public init(_ role: Role, _ content: String) { self.init(role: role, content: Array(content.utf8)) }
}

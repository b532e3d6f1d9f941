// One turn of a conversation.

/// Who speaks.
public enum Role: String, Sendable, CaseIterable {
    case system, user, assistant
}

/// A turn: who says what, and how much it counts in the loss.
public struct Message: Sendable, Equatable {
    public var role: Role
    /// UTF-8.
    public var content: [UInt8]
    /// Of an assistant's turn in the loss: 1, or 0 for an example not to be learned.
    public var weight: Float

    public init(role: Role, content: [UInt8], weight: Float = 1) {
        self.role = role
        self.content = content
        self.weight = weight
    }

    public init(_ role: Role, _ content: String) { self.init(role: role, content: Array(content.utf8)) }
}

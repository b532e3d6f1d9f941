// How turns become one text: what stands in front of and behind each, and which of it is learned.

import StrictJSON
import Tokenizer

/// The text around the turns of a conversation. Stored with a model, so that training, evaluation and use agree.
public struct ChatTemplate: Sendable, Equatable {
    /// What stands in front of a turn's content and behind it.
    public struct Frame: Sendable, Equatable {
        public var before: String
        public var after: String

        public init(_ before: String, _ after: String) {
            self.before = before
            self.after = after
        }
    }

    public var name: String
    public var system: Frame
    public var user: Frame
    /// `before` is where generation goes on; `after` stands behind the end-of-text token.
    public var assistant: Frame
    /// Stands between `assistant.before` and an answer, and is learned with it: one space lets the answer's first word
    /// be the token that it is inside a sentence.
    public var answerLead: String
    /// Texts that end an answer even where the model does not.
    public var stop: [String]

    /// Prompt, then completion, nothing between.
    public static let raw = ChatTemplate(
        name: "raw", system: .init("", ""), user: .init("", ""), assistant: .init("", ""), answerLead: "", stop: [])

    /// `System: …`, `User: …`, `Assistant: …`, a line each.
    public static let chat = ChatTemplate(
        name: "chat", system: .init("System: ", "\n"), user: .init("User: ", "\n"),
        assistant: .init("Assistant:", "\n"), answerLead: " ", stop: ["\nUser:", "\nSystem:", "\nAssistant:"])

    /// `Instruction: …`, `Answer: …`.
    public static let instruction = ChatTemplate(
        name: "instruction", system: .init("", "\n"), user: .init("Instruction: ", "\n"),
        assistant: .init("Answer:", "\n"), answerLead: " ", stop: ["\nInstruction:"])

    /// The templates that a config can name.
    public static let named = [raw, chat, instruction]

    /// One piece of a rendered conversation, encoded by itself so that no token straddles two pieces.
    public struct Piece: Sendable, Equatable {
        public enum Content: Sendable, Equatable {
            case text([UInt8])
            /// The special token that ends an answer.
            case endOfText
        }
        public var content: Content
        /// Whether it is part of an answer; everything else is prompt.
        public var isAnswer: Bool
        /// Of an answer in the loss.
        public var weight: Float
    }

    /// A whole conversation, answers with their end.
    public func pieces(_ messages: [Message]) -> [Piece] {
        var pieces: [Piece] = []
        for message in messages {
            switch message.role {
            case .system: pieces.append(prompt(Array(system.before.utf8) + message.content + system.after.utf8))
            case .user: pieces.append(prompt(Array(user.before.utf8) + message.content + user.after.utf8))
            case .assistant:
                pieces.append(prompt(Array(assistant.before.utf8)))
                let answer = Array(answerLead.utf8) + message.content
                pieces.append(Piece(content: .text(answer), isAnswer: true, weight: message.weight))
                pieces.append(Piece(content: .endOfText, isAnswer: true, weight: message.weight))
                pieces.append(prompt(Array(assistant.after.utf8)))
            }
        }
        // What stands behind the last answer teaches and asks nothing.
        if messages.last?.role == .assistant { pieces.removeLast() }
        return pieces.filter { $0.content != .text([]) }
    }

    /// The conversation up to where the assistant is to go on.
    public func prompt(_ messages: [Message], _ tokenizer: Tokenizer) throws(TokenizerError) -> [Int32] {
        var ids: [Int32] = []
        let open = messages.last?.role == .assistant ? [] : [prompt(Array(assistant.before.utf8))]
        for piece in pieces(messages) + open {
            switch piece.content {
            case .text(let bytes): ids += try tokenizer.encode(bytes)
            case .endOfText: if let end = tokenizer.endOfTextID { ids.append(Int32(end)) }
            }
        }
        return ids
    }

    private func prompt(_ bytes: [UInt8]) -> Piece { Piece(content: .text(bytes), isAnswer: false, weight: 0) }
}

extension ChatTemplate {
    /// As JSON, for configs and checkpoints.
    public var json: JSONOutput {
        func frame(_ frame: Frame) -> JSONOutput { .array([.string(frame.before), .string(frame.after)]) }
        return .object([
            ("name", .string(name)), ("system", frame(system)), ("user", frame(user)),
            ("assistant", frame(assistant)), ("answerLead", .string(answerLead)),
            ("stop", .array(stop.map { .string($0) })),
        ])
    }

    /// Reads a template's JSON: a name, or its parts; parts that are missing are those of `raw`. Nil where it is neither.
    public init?(_ node: JSONNode) {
        if let name = node.string {
            guard let known = ChatTemplate.named.first(where: { $0.name == name }) else { return nil }
            self = known
            return
        }
        guard let object = node.object else { return nil }
        self = .raw
        name = "own"
        for member in object.members {
            let texts = member.value.array?.compactMap(\.string) ?? []
            let isPair = texts.count == 2 && member.value.array?.count == 2
            switch member.key {
            case "name": name = member.value.string ?? name
            case "system" where isPair: system = Frame(texts[0], texts[1])
            case "user" where isPair: user = Frame(texts[0], texts[1])
            case "assistant" where isPair: assistant = Frame(texts[0], texts[1])
            case "answerLead":
                guard let lead = member.value.string else { return nil }
                answerLead = lead
            case "stop":
                guard let list = member.value.array, texts.count == list.count else { return nil }
                stop = texts
            default: return nil
            }
        }
    }
}

// How turns become one text: what stands in front of and behind each, and which of it is learned.

import StrictJSON
import Tokenizer

/// The text around the turns of a conversation. Stored with a model, so that training, evaluation and use agree.
package struct ChatTemplate: Sendable, Equatable {
    /// What stands in front of a turn's content and behind it.
    package struct Frame: Sendable, Equatable {
        package var before: String
        package var after: String

        package init(_ before: String, _ after: String) {
            self.before = before
            self.after = after
        }
    }

    package var name: String
    package var system: Frame
    package var user: Frame
    /// `before` is where generation goes on; `after` stands behind the end-of-text token.
    package var assistant: Frame
    /// Stands between `assistant.before` and an answer, and is learned with it: one space lets the answer's first word
    /// be the token that it is inside a sentence.
    package var answerLead: String
    /// Texts that end an answer even where the model does not.
    package var stop: [String]
    /// The template that the model came with, where the frames above cannot express it; they are then empty.
    package var model: ModelTemplate?

    package init(
        name: String, system: Frame, user: Frame, assistant: Frame, answerLead: String, stop: [String]
    ) {
        self.name = name
        self.system = system
        self.user = user
        self.assistant = assistant
        self.answerLead = answerLead
        self.stop = stop
    }

    /// Prompt, then completion, nothing between.
    package static let raw = ChatTemplate(
        name: "raw", system: .init("", ""), user: .init("", ""), assistant: .init("", ""), answerLead: "", stop: [])

    /// `System: …`, `User: …`, `Assistant: …`, a line each.
    package static let chat = ChatTemplate(
        name: "chat", system: .init("System: ", "\n"), user: .init("User: ", "\n"),
        assistant: .init("Assistant:", "\n"), answerLead: " ", stop: ["\nUser:", "\nSystem:", "\nAssistant:"])

    /// `Instruction: …`, `Answer: …`.
    package static let instruction = ChatTemplate(
        name: "instruction", system: .init("", "\n"), user: .init("Instruction: ", "\n"),
        assistant: .init("Answer:", "\n"), answerLead: " ", stop: ["\nInstruction:"])

    /// `<|system|>…<|end|>`, `<|user|>…<|end|>`, `<|assistant|>…<|end|>`, whose marks are single tokens of a tokenizer
    /// that was trained for them. No text becomes one of them, so that a message may contain anything.
    package static let tokens: ChatTemplate = {
        let turns = ["system", "user", "assistant"].enumerated().map { place, role in
            "{% \(place == 0 ? "if" : "elif") message['role'] == '\(role)' %}{{ '<|\(role)|>' + message['content'] + "
                + "'<|end|>' }}"
        }
        var template = raw
        template.name = "tokens"
        template.model = ModelTemplate(
            source: "{% for message in messages %}" + turns.joined() + "{% endif %}{% endfor %}"
                + "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}", endToken: "<|end|>")
        return template
    }()

    /// The special tokens of `tokens`.
    package static let tokenMarks = ["<|system|>", "<|user|>", "<|assistant|>", "<|end|>"]

    /// The templates that a config can name.
    package static let named = [raw, chat, instruction, tokens]

    /// One piece of a rendered conversation, encoded by itself so that no token straddles two pieces.
    package struct Piece: Sendable, Equatable {
        package enum Content: Sendable, Equatable {
            case text([UInt8])
            /// The special token that ends an answer.
            case endOfText
            /// Another special token.
            case token(Int32)
        }
        package var content: Content
        /// Whether it is part of an answer; everything else is prompt.
        package var isAnswer: Bool
        /// Of an answer in the loss.
        package var weight: Float
        /// Whether it continues the text of the piece before, which no special token ends. A tokenizer that puts a
        /// space before every text puts none here.
        package var continuesText = false

        /// Whether a tokenizer that puts a space before texts puts none before this piece.
        ///
        /// - Parameter place: its number among the conversation's pieces, from 0.
        package func continues(at place: Int, _ tokenizer: Tokenizer) -> Bool {
            continuesText || (place > 0 && tokenizer.prefixesOnlyStart)
        }
    }

    /// A complete conversation, answers with their end.
    ///
    /// - Parameter specials: the special tokens that a model's own template may write.
    package func pieces(_ messages: [Message], _ specials: SpecialTokens) throws(TemplateError) -> [Piece] {
        guard let model else {
            try checkMembers(messages)
            return framedPieces(messages)
        }
        return try model.pieces(messages, specials)
    }

    private func framedPieces(_ messages: [Message]) -> [Piece] {
        var pieces: [Piece] = []
        for message in messages {
            switch message.role {
            case .system: pieces.append(prompt(Array(system.before.utf8) + message.content + system.after.utf8))
            case .user, .tool: pieces.append(prompt(Array(user.before.utf8) + message.content + user.after.utf8))
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
        return ChatTemplate.joined(pieces)
    }

    /// The stop text inside of an answer that has weight, which can then never be given; nil if there is none.
    package func stopText(in messages: [Message]) -> String? {
        for message in messages where message.role == .assistant && message.weight > 0 {
            for text in stop where message.content.contains(Array(text.utf8)) { return text }
        }
        return nil
    }

    /// Throws if a message says something that frames have no place for.
    private func checkMembers(_ messages: [Message]) throws(TemplateError) {
        for message in messages {
            if message.role == .tool { throw .cannotExpress(template: name, "a tool's result") }
            if let member = message.members.first { throw .cannotExpress(template: name, "\(member.key) of a message") }
            if !message.tools.isEmpty { throw .cannotExpress(template: name, "the tools of a conversation") }
        }
    }

    /// The pieces that are not empty; a text after a text continues it.
    private static func joined(_ pieces: [Piece]) -> [Piece] {
        var joined: [Piece] = []
        for var piece in pieces where piece.content != .text([]) {
            if case .text = piece.content, case .text = joined.last?.content { piece.continuesText = true }
            joined.append(piece)
        }
        return joined
    }

    /// The conversation up to where the assistant's answer begins.
    package func prompt(_ messages: [Message], _ tokenizer: Tokenizer) throws(TemplateError) -> [Int32] {
        if let model { return try encode(model.prompt(messages, SpecialTokens(tokenizer)), tokenizer) }
        try checkMembers(messages)
        let open = messages.last?.role == .assistant ? [] : [prompt(Array(assistant.before.utf8))]
        let pieces = ChatTemplate.joined(framedPieces(messages) + open)
        let start = start(of: pieces, tokenizer, SpecialTokens(), isAsked: false)
        return try (start.map { [$0] } ?? []) + encode(pieces, tokenizer)
    }

    /// The tokens that are learned of an answer, its end among them.
    package func answer(_ content: [UInt8], _ tokenizer: Tokenizer) throws(TemplateError) -> [Int32] {
        let messages = [Message(role: .user, content: []), Message(role: .assistant, content: content)]
        let pieces = try pieces(messages, SpecialTokens(tokenizer))
        return try encode(pieces.filter(\.isAnswer), tokenizer)
    }

    /// The token to put in front of a conversation; nil where none belongs there, or where the template writes it.
    ///
    /// A model's own template decides whether there is one. In front of the other templates' texts comes what the
    /// tokenizer puts in front of every text.
    ///
    /// - Parameter isAsked: whether it is wanted in any case.
    package func start(
        of pieces: [Piece], _ tokenizer: Tokenizer, _ specials: SpecialTokens, isAsked: Bool
    ) -> Int32? {
        guard let start = tokenizer.startID, isAsked || (tokenizer.addsBegin && model == nil) else { return nil }
        let written = [model?.startToken.flatMap { specials.id(of: $0) }, tokenizer.beginID.map { Int32($0) }]
        let isWritten = written.contains { id in id.map { pieces.first?.content == .token($0) } ?? false }
        return isWritten ? nil : Int32(start)
    }

    /// The texts of `bos_token` and `eos_token` in the template that a model came with.
    package var tokenNames: (start: String?, end: String?) { (model?.startToken, model?.endToken) }

    /// The ids of the tokens that end an answer: the tokenizer's own, and those of the model's template.
    package func endIDs(_ tokenizer: Tokenizer) -> [Int] {
        let specials = SpecialTokens(tokenizer)
        let named = (model?.ends ?? []).compactMap { specials.id(of: $0).map(Int.init) }
        return Array(Set(named + tokenizer.endIDs)).sorted()
    }

    private func encode(_ pieces: [Piece], _ tokenizer: Tokenizer) throws(TemplateError) -> [Int32] {
        var ids: [Int32] = []
        for (place, piece) in pieces.enumerated() {
            switch piece.content {
            case .text(let bytes):
                let continues = piece.continues(at: place, tokenizer)
                do { ids += try tokenizer.encode(bytes, continues: continues) } catch { throw .tokenizer(error) }
            case .endOfText: if let end = tokenizer.endOfTextID { ids.append(Int32(end)) }
            case .token(let id): ids.append(id)
            }
        }
        return ids
    }

    private func prompt(_ bytes: [UInt8]) -> Piece { Piece(content: .text(bytes), isAnswer: false, weight: 0) }
}

extension ChatTemplate {
    /// As JSON, for configs and checkpoints.
    package var json: JSONOutput {
        func frame(_ frame: Frame) -> JSONOutput { .array([.string(frame.before), .string(frame.after)]) }
        if let model, case .object(let members) = model.members {
            return .object([("name", .string(name))] + members)
        }
        return .object([
            ("name", .string(name)), ("system", frame(system)), ("user", frame(user)),
            ("assistant", frame(assistant)), ("answerLead", .string(answerLead)),
            ("stop", .array(stop.map { .string($0) })),
        ])
    }

    /// Reads a template's JSON: a name, or its parts; parts that are missing are those of `raw`; or Jinja under `jinja`,
    /// whose errors show when it is used. Nil where it is none of these.
    package init?(_ node: JSONNode) {
        if let name = node.string {
            guard let known = ChatTemplate.named.first(where: { $0.name == name }) else { return nil }
            self = known
            return
        }
        guard let object = node.object else { return nil }
        self = .raw
        name = "own"
        if object["jinja"] != nil {
            guard let model = ModelTemplate(object) else { return nil }
            name = object["name"]?.string ?? name
            self.model = model
            return
        }
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

extension [UInt8] {
    /// Whether `part` occurs in it.
    fileprivate func contains(_ part: [UInt8]) -> Bool {
        guard let first = part.first, count >= part.count else { return false }
        return withUnsafeBufferPointer { bytes in
            (0...bytes.count - part.count).contains { start in
                bytes[start] == first && part.indices.allSatisfy { bytes[start + $0] == part[$0] }
            }
        }
    }
}

// One answer of a chat as it grows: freed of what the template puts in front, and of the calls in it.

import Conversations
import Inference

/// Turns the engine's events into what clients are told.
struct ChatText: Sendable {
    /// What is told at a time.
    struct Piece: Sendable {
        var text = ""
        var tokens: [DrawnToken] = []

        var isEmpty: Bool { text.isEmpty && tokens.isEmpty }
    }

    private var lead: LeadRemover
    /// The template's lead that is still to be taken from tokens.
    private var tokenLead: [UInt8]
    private var filter: ToolCallFilter?
    private let mostCalls: Int
    private(set) var calls: [ToolCall] = []

    /// - Parameters:
    ///   - calls: how the model calls functions; nil where it has none.
    ///   - mostCalls: that are told.
    init(_ frame: AnswerFrame, calls: ToolCallFormat?, mostCalls: Int) {
        lead = frame.makeLeadRemover()
        tokenLead = Array((frame.template?.answerLead ?? "").utf8)
        filter = calls.map { ToolCallFilter($0) }
        self.mostCalls = mostCalls
    }

    mutating func take(_ tokens: [DrawnToken], _ text: String) -> Piece {
        var piece = Piece(text: lead.take(text), tokens: tokens.compactMap { withoutLead($0) })
        if let text = filter?.take(piece.text) { piece.text = text }
        return piece
    }

    /// What is left at the end.
    mutating func finish() -> Piece {
        guard let rest = filter?.finish() else { return Piece() }
        calls = Array(rest.calls.prefix(mostCalls))
        return Piece(text: rest.text)
    }

    /// A token without its part of the lead; nil where nothing else is in it.
    private mutating func withoutLead(_ token: DrawnToken) -> DrawnToken? {
        guard !tokenLead.isEmpty else { return token }
        let lead = tokenLead
        var token = token
        func shortened(_ bytes: [UInt8]) -> [UInt8] {
            bytes.starts(with: lead) ? Array(bytes.dropFirst(lead.count)) : bytes
        }
        if token.bytes.starts(with: lead) {
            tokenLead = []
            token.bytes = shortened(token.bytes)
            for place in token.alternatives.indices {
                token.alternatives[place].bytes = shortened(token.alternatives[place].bytes)
            }
            return token.bytes.isEmpty ? nil : token
        }
        tokenLead = lead.starts(with: token.bytes) ? Array(lead.dropFirst(token.bytes.count)) : []
        return tokenLead.isEmpty ? token : nil
    }
}

// The fixed texts that a Jinja template puts around turns, found by rendering; for programs with simpler templates.

/// What a template writes around turns, if that depends on the role of a turn alone.
package struct TurnFrames: Sendable, Equatable {
    /// Stands in front of the first turn.
    package private(set) var start: String
    package private(set) var system: ChatTemplate.Frame
    package private(set) var user: ChatTemplate.Frame
    /// Of an answer that the conversation already has.
    package private(set) var assistant: ChatTemplate.Frame
    /// Stands in front of a new answer, in place of `assistant.before`.
    package private(set) var generation: String
    /// The system message of a conversation that has none; nil where there is no turn of the system then.
    package private(set) var defaultSystem: String?

    /// Renders short conversations, takes their texts apart, and compares what the parts make of others.
    ///
    /// White space at the ends of a turn, which many templates trim, is not looked at.
    ///
    /// - Parameter startToken: the text of the token in front of every text, so that it becomes a part of its own.
    /// - Returns: nil where a template cannot be rendered, or does more than put texts around turns: merges a system
    ///   message with a user's, numbers them.
    package init?(_ template: ModelTemplate, startToken: String?) {
        guard let found = TurnFrames.find(template, startToken: startToken) else { return nil }
        self = found
        for texts in TurnFrames.probes {
            for hasSystem in [true, false] {
                let turns = TurnFrames.turns(texts, hasSystem: hasSystem)
                guard TurnFrames.text(template, turns, asks: true) == text(turns) else { return nil }
            }
        }
    }

    /// The text of a conversation up to where an answer begins.
    func text(_ turns: [Turn]) -> String {
        var result = start
        if let defaultSystem, !turns.contains(where: { $0.role == .system }) {
            result += system.before + defaultSystem + system.after
        }
        for turn in turns {
            let frame = turn.role == .system ? system : turn.role == .user ? user : assistant
            result += frame.before + turn.content + frame.after
        }
        return result + generation
    }

    typealias Turn = (role: Role, content: String)

    /// Texts of conversations: of the system, then of the user and the assistant in turn.
    private static let probes = [
        ["Answer.", "Why?"], ["Be kind.", "One two", "Three.", "Four"], ["s", "a", "b", "c", "d", "e"],
        ["Ünï", "{x}\nline", "“quoted” <tag>", "?"],
    ]

    private static func turns(_ texts: [String], hasSystem: Bool) -> [Turn] {
        let roles = [Role.system] + (1..<texts.count).map { $0 % 2 == 1 ? .user : .assistant }
        return Array(zip(roles, texts).map { (role: $0, content: $1) }.dropFirst(hasSystem ? 0 : 1))
    }

    private static func text(_ template: ModelTemplate, _ turns: [Turn], asks: Bool) -> String? {
        guard let text = try? template.render(turns.map { Message($0.role, $0.content) }, asks: asks) else {
            return nil
        }
        var result = String.UnicodeScalarView()
        result.append(contentsOf: text.scalars)
        return String(result)
    }

    /// Between marks stand the parts; where one frame ends and the next begins is seen where no turn follows.
    private static func find(_ template: ModelTemplate, startToken: String?) -> TurnFrames? {
        let marks = ["qsq", "quq", "qaq", "qvq"]
        func parts(_ places: [Int], asks: Bool) -> [String]? {
            let roles = [Role.system, .user, .assistant, .user]
            guard var rest = text(template, places.map { (roles[$0], marks[$0]) }, asks: asks) else { return nil }
            var result: [String] = []
            for place in places {
                guard let mark = rest.firstRange(of: marks[place]) else { return nil }
                result.append(String(rest[..<mark.lowerBound]))
                rest = String(rest[mark.upperBound...])
            }
            return result + [rest]
        }
        guard var all = parts([0, 1, 2, 3], asks: true), var bare = parts([1], asks: true),
            let asked = parts([0, 1], asks: false), let answered = parts([0, 1, 2], asks: false)
        else { return nil }
        var start = ""
        if let startToken, all[0].hasPrefix(startToken), bare[0].hasPrefix(startToken) {
            start = startToken
            (all[0], bare[0]) = (String(all[0].dropFirst(start.count)), String(bare[0].dropFirst(start.count)))
        }
        let (beforeSystem, systemToUser, userToAnswer, answerToUser) = (all[0], all[1], all[2], all[3])
        // What follows the last turn belongs to its frame if the same text follows a turn inside.
        let afterUser = userToAnswer.hasPrefix(asked[2]) && all[4].hasPrefix(asked[2]) ? asked[2] : ""
        var afterAnswer = answerToUser.hasPrefix(answered[3]) ? answered[3] : ""
        if !systemToUser.hasSuffix(answerToUser.dropFirst(afterAnswer.count)) { afterAnswer = "" }
        let beforeUser = String(answerToUser.dropFirst(afterAnswer.count))
        guard systemToUser.hasSuffix(beforeUser) else { return nil }
        var frames = TurnFrames(
            start: start, system: .init(beforeSystem, String(systemToUser.dropLast(beforeUser.count))),
            user: .init(beforeUser, afterUser),
            assistant: .init(String(userToAnswer.dropFirst(afterUser.count)), afterAnswer),
            generation: String(all[4].dropFirst(afterUser.count)))
        if bare[0] != beforeUser {
            guard bare[0].hasPrefix(beforeSystem), bare[0].hasSuffix(systemToUser),
                bare[0].count >= beforeSystem.count + systemToUser.count
            else { return nil }
            frames.defaultSystem = String(bare[0].dropFirst(beforeSystem.count).dropLast(systemToUser.count))
        }
        return frames
    }

    private init(
        start: String, system: ChatTemplate.Frame, user: ChatTemplate.Frame, assistant: ChatTemplate.Frame,
        generation: String
    ) {
        (self.start, self.system, self.user, self.assistant) = (start, system, user, assistant)
        self.generation = generation
    }
}

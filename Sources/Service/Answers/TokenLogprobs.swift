// Log-probabilities of tokens in the shapes of both of OpenAI's interfaces.

import Inference
import StrictJSON

/// A token's bytes as a text, and its probability as a number that JSON has.
enum TokenText {
    /// A half character is written as its bytes: `\xe2\x80`.
    static func text(_ bytes: [UInt8], prefix: String = "") -> String {
        String(validating: bytes, as: UTF8.self)
            ?? prefix
            + bytes.map { byte in "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
    }

    /// -9999 stands for "very unlikely".
    static func number(_ logProbability: Double) -> Double { max(logProbability, -9999) }
}

/// Those of a chat's answer: a list with one object for each token.
enum ChatLogprobs {
    static func json(_ tokens: [DrawnToken]) -> JSONOutput {
        [
            "content": .array(
                tokens.map { token in
                    var members = members(token.bytes, token.logProbability ?? 0)
                    let others = token.alternatives.map { JSONOutput.object(self.members($0.bytes, $0.logProbability)) }
                    members.append(("top_logprobs", .array(others)))
                    return .object(members)
                }), "refusal": .null,
        ]
    }

    private static func members(_ bytes: [UInt8], _ logProbability: Double) -> [(key: String, value: JSONOutput)] {
        [
            ("token", .string(TokenText.text(bytes))), ("bytes", .array(bytes.map { .integer(Int($0)) })),
            ("logprob", .number(TokenText.number(logProbability))),
        ]
    }
}

/// Those of a completion: lists side by side, with each token's place in prompt and text together.
struct CompletionLogprobs {
    /// How many of the most probable tokens are told.
    let alternatives: Int
    /// Characters before the next token.
    private var offset = 0

    init(alternatives: Int) { self.alternatives = alternatives }

    /// Continues after a text whose tokens are not told.
    mutating func skip(_ bytes: [UInt8]) { offset += CompletionLogprobs.characters(bytes) }

    /// The lists for the next tokens. A token without probability, the first of a prompt, has null.
    mutating func json(_ tokens: [DrawnToken]) -> JSONOutput {
        var (texts, numbers, tops, offsets): ([JSONOutput], [JSONOutput], [JSONOutput], [JSONOutput]) = ([], [], [], [])
        for token in tokens {
            let text = CompletionLogprobs.key(token.bytes)
            texts.append(.string(text))
            numbers.append(.real(token.logProbability.map(TokenText.number)))
            tops.append(token.logProbability.map { top(token, text, $0) } ?? .null)
            // A token that continues a character belongs to it.
            let continues = token.bytes.first.map { $0 & 0xC0 == 0x80 } ?? false
            offsets.append(.integer(continues ? max(0, offset - 1) : offset))
            offset += CompletionLogprobs.characters(token.bytes)
        }
        return [
            "tokens": .array(texts), "token_logprobs": .array(numbers),
            "top_logprobs": alternatives == 0 ? .null : .array(tops), "text_offset": .array(offsets),
        ]
    }

    /// The most probable tokens, and the one that was drawn. Of tokens with the same text the most probable one is told.
    private func top(_ token: DrawnToken, _ text: String, _ logProbability: Double) -> JSONOutput {
        var members: [(key: String, value: JSONOutput)] = []
        let own = [(text, logProbability)]
        for (key, value) in token.alternatives.map({ (CompletionLogprobs.key($0.bytes), $0.logProbability) }) + own
        where !members.contains(where: { Array($0.key.utf8) == Array(key.utf8) }) {
            members.append((key, .number(TokenText.number(value))))
        }
        return .object(members)
    }

    private static func key(_ bytes: [UInt8]) -> String { TokenText.text(bytes, prefix: "bytes:") }

    private static func characters(_ bytes: [UInt8]) -> Int { bytes.count { $0 & 0xC0 != 0x80 } }
}

// Random rows of every shape, whose texts all differ, so that each can be found again in a reading.

import Kernels
import StrictJSON

struct RandomRows {
    /// The shapes that training reads.
    enum Shape: CaseIterable {
        case pair, weightedPair, systemPair, inputOutput, questionAnswer, squad, alpaca, fullAlpaca, dolly, shareGPT
        case listedPair, messages, weightedMessages, messagesText, parts, contents, dialog, text, chatML
    }

    var generator: SplitMix64
    private var count = 0

    init(seed: UInt64) { generator = SplitMix64(seed: seed) }

    private static let words = [
        "spade", "barn", "goose", "pond", "lantern", "mill", "river", "oak", "copper", "seven", "quiet", "Über", "1.10",
        "naïve", "ОК", "水", "<b>", "\"red\"", "x=3;", "🌲", "O'Neil", "back\\slash", "north", "ferry", "SELECT", "a/b",
        "winter", "ladder", "gently", "before", "twelve", "salt", "window", "green", "under", "letter", "often",
        "stone",
    ]

    /// Words with a number that no other text has. Answers start with a space where `lead` says so.
    mutating func text(_ end: String = ".", lead: String = "") -> String {
        count += 1
        let words = (0..<(2 + generator.below(6))).map { _ in Self.words[generator.below(Self.words.count)] }
        let inner = generator.below(8) == 0 ? "\n" : " "
        return lead + (words + ["n\(count)"]).joined(separator: inner) + end
    }

    private mutating func question() -> JSONOutput { .string(text("?")) }
    private mutating func answer(_ lead: String = "") -> JSONOutput { .string(text(lead: lead)) }

    private mutating func turns(
        _ user: String, _ assistant: String, role: String, content: String, isWeighted: Bool = false
    ) -> [JSONOutput] {
        (0..<(1 + generator.below(3))).flatMap { _ -> [JSONOutput] in
            var reply: [(key: String, value: JSONOutput)] = [(role, .string(assistant)), (content, answer())]
            if isWeighted { reply.append(("weight", .integer(generator.below(2)))) }
            return [.object([(role, .string(user)), (content, question())]), .object(reply)]
        }
    }

    private mutating func messages() -> [JSONOutput] {
        let system: [JSONOutput] =
            generator.below(2) == 0 ? [.object([("role", .string("system")), ("content", answer())])] : []
        return system + turns("user", "assistant", role: "role", content: "content")
    }

    /// A list with one part, which is a text.
    private mutating func parts(_ text: JSONOutput) -> JSONOutput {
        .array([.object([("type", .string("text")), ("text", text)])])
    }

    /// A row as an object.
    mutating func row(_ shape: Shape) -> JSONOutput {
        switch shape {
        case .pair: return .object([("prompt", question()), ("completion", answer(" "))])
        case .weightedPair:
            return .object([("prompt", question()), ("completion", answer(" ")), ("weight", .number(0.5))])
        case .systemPair: return .object([("system", answer()), ("prompt", question()), ("completion", answer())])
        case .inputOutput: return .object([("input", question()), ("output", answer(" "))])
        case .questionAnswer: return .object([("question", question()), ("answer", answer(" "))])
        case .squad:
            let texts = JSONOutput.array([answer()])
            return .object([
                ("id", .string("q\(count)")), ("context", answer()), ("question", question()),
                ("answers", .object([("text", texts), ("answer_start", .array([.integer(3)]))])),
            ])
        case .alpaca: return .object([("instruction", question()), ("input", answer()), ("output", answer())])
        case .fullAlpaca:
            return .object([
                ("instruction", question()), ("input", .string("")), ("output", answer()), ("system", answer()),
                ("history", .array([.array([question(), answer()])])),
            ])
        case .dolly:
            return .object([
                ("instruction", question()), ("context", answer()), ("response", answer()),
                ("category", .string("open_qa")),
            ])
        case .shareGPT:
            return .object([
                ("id", .string("s\(count)")),
                ("conversations", .array(turns("human", "gpt", role: "from", content: "value"))),
            ])
        case .listedPair:
            return .object([
                ("prompt", .array([.object([("role", .string("user")), ("content", question())])])),
                ("completion", .array([.object([("role", .string("assistant")), ("content", answer())])])),
            ])
        case .messages: return .object([("messages", .array(messages()))])
        case .weightedMessages:
            let turns = turns("user", "assistant", role: "role", content: "content", isWeighted: true)
            let last: [JSONOutput] = [
                .object([("role", .string("user")), ("content", question())]),
                .object([("role", .string("assistant")), ("content", answer()), ("weight", .integer(1))]),
            ]
            return .object([("messages", .array(turns + last))])
        case .messagesText: return .object([("messages", .string(JSONOutput.array(messages()).serialized()))])
        case .parts:
            return .object([
                (
                    "messages",
                    .array([
                        .object([("role", .string("user")), ("content", parts(question()))]),
                        .object([("role", .string("assistant")), ("content", parts(answer()))]),
                    ])
                )
            ])
        case .contents:
            let turn = { (role: String, text: JSONOutput) -> JSONOutput in
                .object([("role", .string(role)), ("parts", .array([.object([("text", text)])]))])
            }
            return .object([("contents", .array([turn("user", question()), turn("model", answer())]))])
        case .dialog:
            return .object([("dialog", .array(turns("customer", "agent", role: "speaker", content: "utterance")))])
        case .text: return .object([("text", answer())])
        case .chatML:
            return .object([
                (
                    "text",
                    .string(
                        "<|im_start|>user\n\(text("?"))<|im_end|>\n<|im_start|>assistant\n\(text())<|im_end|>\n")
                )
            ])
        }
    }
}

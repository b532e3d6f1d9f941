// Shared text does not make rows near duplicates; similar prompts keep rows in one split.

import Datasets
import Kernels
import Preparation
import StrictJSON
import TestSupport
import Testing

@Suite struct BoilerplateTests {
    private struct Writer {
        var generator = SplitMix64(seed: 21)

        mutating func sentence(_ count: Int) -> String {
            (0..<count).map { _ in "w\(generator.below(4000))" }.joined(separator: " ")
        }
    }

    private static func line(_ members: [(key: String, value: JSONOutput)]) -> String {
        JSONOutput.object(members).serialized() + "\n"
    }

    private static func chat(_ turns: (String, String)...) -> String {
        line([
            (
                "messages",
                .array(turns.map { .object([("role", .string($0.0)), ("content", .string($0.1))]) })
            )
        ])
    }

    private static func names(_ files: [(name: String, text: String)]) throws -> [String: Int] {
        let report = try Checked.report(files.map { ($0.name, Array($0.text.utf8)) }) { $0.contextLength = 4000 }
        return report.findings.reduce(into: [:]) { $0[$1.rule.name] = $1.findings.count }
    }

    /// One system message for all conversations, ten times as long as the other messages.
    @Test func aSharedSystemMessageIsNotASimilarity() throws {
        var writer = Writer()
        let system = writer.sentence(80)
        func rows(_ count: Int) -> String {
            (0..<count).map { _ in
                Self.chat(("system", system), ("user", writer.sentence(8)), ("assistant", writer.sentence(8)))
            }.joined()
        }
        let found = try Self.names([("train.jsonl", rows(200)), ("validation.jsonl", rows(40))])
        #expect(found.isEmpty)
    }

    @Test func aSharedPromptPrefixIsNotASimilarity() throws {
        var writer = Writer()
        let start = writer.sentence(60)
        func rows(_ count: Int) -> String {
            (0..<count).map { _ in
                Self.line([
                    ("prompt", .string("\(start) \(writer.sentence(8)) ->")),
                    ("completion", .string(" \(writer.sentence(8))\n")),
                ])
            }.joined()
        }
        let found = try Self.names([("train.jsonl", rows(200)), ("validation.jsonl", rows(40))])
        #expect(Set(found.keys) == ["common-prompt-prefix"])
    }

    /// Different system messages are part of the row's content.
    @Test func otherSystemMessagesCount() throws {
        var writer = Writer()
        let rows = (0..<100).map { _ in
            (writer.sentence(20), writer.sentence(4), writer.sentence(4))
        }
        func text(_ rows: [(String, String, String)]) -> String {
            rows.map { Self.chat(("system", $0.0), ("user", $0.1), ("assistant", $0.2)) }.joined()
        }
        let leaked = rows[..<10].map { ($0.0, $0.1, $0.2 + " too") }
        let found = try Self.names([("train.jsonl", text(rows)), ("validation.jsonl", text(leaked))])
        #expect(found["leak"] == 10)
    }

    /// More validation rows are similar than a row is paired with: each is still compared with training.
    @Test func manySimilarValidationRowsAreAllLeaks() throws {
        var writer = Writer()
        let base = (0..<40).map { _ in writer.sentence(1) }
        func near(_ place: Int) -> String {
            var words = base
            words[place % 40] = writer.sentence(1)
            return Self.line([("text", .string(words.joined(separator: " ")))])
        }
        let train = near(0)
        let validation = (0..<300).map { near(20 + $0 % 20) }.joined()
        let found = try Self.names([("train.jsonl", train), ("validation.jsonl", validation)])
        #expect(found["leak"] ?? 0 >= 294, "98 % of 300")
    }

    @Test func nearlyEqualPromptsStayTogether() throws {
        var writer = Writer()
        var text = ""
        for _ in 0..<150 {
            var words = (0..<20).map { _ in writer.sentence(1) }
            for _ in 0..<2 {
                words[writer.generator.below(20)] = writer.sentence(1)
                text += Self.line([
                    ("prompt", .string(words.joined(separator: " ") + " ->")),
                    ("completion", .string(" \(writer.sentence(30)).")),
                ])
            }
        }
        try withTemporaryFolder { folder in
            var request = PreparationRequest(inputs: [try folder.write(text, as: "a.jsonl")])
            request.tokenizer = .bytes
            request.contextLength = 4000
            request.shares = SplitShares(validation: 0.2, test: 0.2, seed: 4)
            let splits = try Preparer.check(request).drawnSplits
            #expect(splits.count == 300)
            for split in [Split.validation, .test] { #expect(abs(splits.count { $0 == split } - 60) <= 2) }
            let separated = stride(from: 0, to: 300, by: 2).count { splits[$0] != splits[$0 + 1] }
            #expect(separated <= 3, "\(separated) of 150 pairs")
        }
    }
}

// Rows that decline, mixed into training: how many, where, what is told of them, and what they say.

import Conversations
import Datasets
import Evaluation
import Foundation
import StrictJSON
import TestSupport
import Testing
import Tokenizer
import Training

@Suite struct SafetyMixTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    private func read(_ text: String, share: Double) throws -> RunDocuments {
        let place = try TemporaryFolder()
        try place.write(text, as: "rows.jsonl")
        var data = RunConfig().data
        data.train = [place.path + "/rows.jsonl"]
        data.validationFraction = 0.1
        data.safetyMix = share
        return try RunDocuments.read(data)
    }

    private static func rows(_ count: Int) -> String {
        (0..<count).map { "{\"prompt\": \"question \($0)\", \"completion\": \"answer \($0)\"}\n" }.joined()
    }

    /// The places of the mix among all rows.
    private func places(_ documents: RunDocuments) -> [Int] {
        documents[.train].indices.filter { documents[.train][$0].path == "data.safetyMix" }
    }

    @Test func aShareOfTrainingIsLuthiers() throws {
        let documents = try read(Self.rows(100), share: 0.1)
        #expect(documents[.validation].count == 10 && documents[.train].count == 100)
        // Ten among ninety, one after each nine.
        #expect(places(documents) == (0..<10).map { 10 * $0 + 9 })
        let plain = try read(Self.rows(100), share: 0)
        #expect(places(plain).isEmpty && plain.hash != documents.hash && plain.contentKey != documents.contentKey)
        let kept = documents[.train].filter { $0.path != "data.safetyMix" }
        #expect(kept.map(\.line) == plain[.train].map(\.line))
        var options = EncodingOptions()
        (options.template, options.contextLength) = (.raw, 1024)
        let data = try RunData.encode(documents, tokenizer: .bytes, options)
        #expect(data.summary.contains("safety mix: 10 of the 100 training rows are Luthier's own"), "\(data.summary)")
        let ledger = try JSONText.parse(data.ledger.serializedBytes())
        #expect(ledger.object?["safetyMixRows"]?.integer == 10)
        let train = ledger.object?["splits"]?.object?["train"]?.object
        #expect(train?["read"]?.integer == 100 && train?["trained"]?.integer == 100)
    }

    /// More rows than there are: each as often as another.
    @Test func rowsAreUsedInTurn() throws {
        let documents = try read(Self.rows(600), share: 0.5)
        let mixed = documents[.train].filter { $0.path == "data.safetyMix" }
        #expect(mixed.count == 540 && documents[.train].count == 1080)
        let uses = Dictionary(grouping: mixed, by: \.line).values.map(\.count)
        #expect(uses.count == 108 && uses.min() == 5 && uses.max() == 5)
    }

    @Test func rowsSayWhatTheyAreFor() throws {
        let rows = try Document.documents(
            of: TextFile(path: Self.root + "/Sources/Training/Safety/rows.jsonl"))
        let asked = try SafetyProbe(path: Self.root + "/data/safety/questions.jsonl").questions.map { words($0.text) }
        #expect(rows.count == 108)
        for (place, row) in rows.enumerated() {
            guard case .conversation(let messages) = row.content, messages.count == 2 else {
                Issue.record("row \(place + 1) is not a question with an answer")
                continue
            }
            let texts = messages.map { String(decoding: $0.content, as: UTF8.self) }
            #expect((Refusal.phrase(in: texts[1]) == nil) == (place % 3 == 2), "row \(place + 1): \(texts[1])")
            let own = words(texts[0])
            // What is measured is not what was learned.
            #expect(
                asked.allSatisfy { 5 * own.intersection($0).count < 3 * own.union($0).count },
                "row \(place + 1): \(texts[0])")
        }
    }

    private func words(_ text: String) -> Set<Substring> { Set(text.lowercased().split { !$0.isLetter }) }

    @Test func otherRowsAreRefused() throws {
        func refusal(_ text: String, judged: Bool = false) throws -> String {
            let place = try TemporaryFolder()
            try place.write(text, as: "rows.jsonl")
            var data = RunConfig().data
            (data.train, data.safetyMix, data.validationFraction) = ([place.path + "/rows.jsonl"], 0.1, 0)
            do {
                _ = try RunDocuments.read(data, readsJudgements: judged)
                return "nothing was thrown"
            } catch let error as DatasetError { return "\(error)" }
        }
        #expect(
            try refusal("{\"text\": \"abc\"}\n").contains(
                "rows.jsonl, line 1, column 1: data.safetyMix is for rows with one answer, and this is a text"))
        #expect(
            try refusal("{\"prompt\": \"a\", \"chosen\": \"b\", \"rejected\": \"c\"}\n", judged: true).contains(
                "this is a pair of answers"))
    }

    @Test func theShareIsBounded() {
        func message(_ value: String) -> String {
            do {
                var reader = ConfigReader()
                try reader.set(assignment: "data.safetyMix=\(value)")
                return ""
            } catch { return "\(error)" }
        }
        #expect(message("0.5").isEmpty)
        #expect(message("0.6").contains("it takes number from 0 to 0.5"), "\(message("0.6"))")
    }
}

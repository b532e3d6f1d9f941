// Planted leaks between splits, and rows that are not leaks; splits that keep similar rows together.

import Datasets
import Foundation
import Kernels
import Preparation
import StrictJSON
import TestSupport
import Testing

@Suite struct LeakTests {
    /// Weather conversations of at least twenty words, each as one text.
    private static func rows(_ name: String) throws -> [String] {
        let path = TestData.packageRoot.appendingPathComponent("data/weather/" + name).path
        return try Document.documents(of: TextFile(path: path)).compactMap { document in
            guard case .conversation(let messages) = document.content else { return nil }
            let text = messages.map { String(decoding: $0.content, as: UTF8.self) }.joined(separator: " ")
            return text.split(separator: " ").count >= 20 ? text : nil
        }
    }

    private static func file(_ rows: [String]) -> [UInt8] {
        rows.flatMap { JSONOutput.object([("text", .string($0))]).serializedBytes() + [0x0A] }
    }

    private static func leaks(_ train: [String], _ validation: [String]) throws -> Set<Int> {
        let report = try Checked.report([("train.jsonl", file(train)), ("validation.jsonl", file(validation))]) {
            $0.contextLength = 4000
        }
        let places = report.findings.first { $0.rule.name == "leak" }?.findings.places ?? []
        #expect(places.allSatisfy { report.files[$0.file].path.hasSuffix("validation.jsonl") })
        return Set(places.map(\.line))
    }

    @Test func plantedLeaksAreFound() throws {
        let train = try Self.rows("train.jsonl")
        var generator = SplitMix64(seed: 7)
        func planted(_ change: (String) -> String) -> [String] {
            (0..<600).map { _ in change(train[generator.below(train.count)]) }
        }
        let exact = try Self.leaks(train, planted { $0 })
        #expect(exact.count == 600)
        let normalized = try Self.leaks(
            train, planted { " " + $0.uppercased().replacing(",", with: " ;").replacing("?", with: "") + "  " })
        #expect(normalized.count == 600)
        var words = SplitMix64(seed: 8)
        let changed = try Self.leaks(
            train,
            planted { row in
                var list = row.split(separator: " ").map(String.init)
                list[words.below(list.count)] = "elsewhere"
                return list.joined(separator: " ")
            })
        #expect(changed.count >= 588, "98 % of 600")
    }

    @Test func weatherHasNoFalseAlarms() throws {
        let train = try Self.rows("train.jsonl")
        for name in ["validation.jsonl", "test.jsonl"] {
            let rows = try Self.rows(name)
            let alarms = try Self.leaks(train, rows)
            #expect(alarms.count * 100 <= rows.count, "\(alarms.count) of \(rows.count)")
        }
    }

    /// Classification rows in which some prompts occur several times.
    private static func corpus(order: [Int]) throws -> Preparer {
        let rows = order.map { index in
            "{\"prompt\":\"question \(index / 2) about topic \(index % 7) ->\",\"completion\":\" class\(index % 3)\"}"
        }
        return try withTemporaryFolder { folder in
            let half = rows.count / 2
            var request = PreparationRequest(inputs: [
                try folder.write(rows[half...].joined(separator: "\n"), as: "b.jsonl"),
                try folder.write(rows[..<half].joined(separator: "\n"), as: "a.jsonl"),
            ])
            request.tokenizer = .bytes
            request.shares = SplitShares(validation: 0.2, test: 0.1, seed: 3)
            return try Preparer.check(request)
        }
    }

    @Test func drawnSplitsAreStratifiedAndGrouped() throws {
        let preparer = try Self.corpus(order: Array(0..<600))
        let splits = preparer.drawnSplits
        let rows = preparer.identities
        #expect(preparer.report.task == .classification)
        for (split, share) in [(Split.validation, 0.2), (.test, 0.1)] {
            for label in Set(rows.map(\.answer)) {
                let all = rows.indices.filter { rows[$0].answer == label }
                let part = all.count { splits[$0] == split }
                #expect(abs(Double(part) - share * Double(all.count)) <= 2)
            }
        }
        var sides: [UInt64: Set<Split>] = [:]
        for (row, split) in zip(rows, splits) { sides[row.prompt, default: []].insert(split) }
        #expect(sides.values.allSatisfy { $0.count == 1 })
    }

    @Test func splitsDependOnContentAndSeedAlone() throws {
        func validation(_ preparer: Preparer) -> Set<UInt64> {
            Set(zip(preparer.identities, preparer.drawnSplits).filter { $0.1 == .validation }.map(\.0.row))
        }
        let straight = try Self.corpus(order: Array(0..<600))
        var generator = SplitMix64(seed: 5)
        let shuffled = try Self.corpus(order: generator.permutation(600).map { Int($0) })
        #expect(validation(straight) == validation(shuffled))
    }

    @Test func findingsDoNotDependOnTheOrderOfNames() throws {
        try withTemporaryFolder { folder in
            let broken = try RuleTests.rows.enumerated().map { index, test in
                try folder.write(MarkedText(test.text).bytes, as: "\(index)-" + test.name)
            }
            func report(_ inputs: [String]) throws -> String {
                var request = PreparationRequest(inputs: inputs)
                request.contextLength = 40
                return try Preparer.check(request).report.findingsJSON.serialized()
            }
            let forward = try report(broken)
            #expect(try report(broken.reversed()) == forward)
            #expect(try report([folder.path]) == forward)
        }
    }
}

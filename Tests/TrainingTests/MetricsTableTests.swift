// metrics.csv: the numbers of metrics.jsonl as rows under one header, in runs that are left alone and in resumed ones.

import Foundation
import Models
import StrictJSON
import TestSupport
import Testing
import Training

@Suite struct MetricsTableTests {
    private static let settings = ["training.logAccuracy=true", "evaluation.batchEvery=4"]

    /// Header and rows, each row's cells under their names; empty ones are omitted.
    private static func rows(_ text: String) throws -> [[String: String]] {
        let lines = text.split(separator: "\n").map { $0.split(separator: ",", omittingEmptySubsequences: false) }
        let header = try #require(lines.first)
        return lines.dropFirst().map { cells in
            #expect(cells.count == header.count)
            return Dictionary(uniqueKeysWithValues: zip(header, cells).map { (String($0), String($1)) })
                .filter { !$0.value.isEmpty }
        }
    }

    @Test(arguments: [[], settings]) func theSameValues(settings: [String]) throws {
        try withTemporaryFolder { place in
            let runs = try TinyRuns(place)
            try runs.go("a", settings)
            let table = try runs.read("metrics.csv", of: "a")
            #expect(
                table.hasPrefix(
                    "step,epoch,loss,learningRate,gradientNorm,skippedSteps,validationLoss,validationPerplexity,"
                        + "validationBitsPerByte,validationTokenAccuracy" + (settings.isEmpty ? "\n" : ",")))
            let lines = try runs.read("metrics.jsonl", of: "a").split(separator: "\n").map { line in
                try #require(try JSONText.parse(String(line)).object).members.filter { !$0.value.isNull }.map {
                    ($0.key, JSONOutput($0.value).serialized())
                }
            }
            #expect(try Self.rows(table) == lines.map { Dictionary(uniqueKeysWithValues: $0) })
            #expect(table.contains("batchValidationLoss") == !settings.isEmpty)
        }
    }

    @Test func resumedRunsHaveTheSameBytes() throws {
        try withTemporaryFolder { place in
            let runs = try TinyRuns(place)
            try runs.go("full", Self.settings)
            for (index, step) in [2, 7, 12, 23].enumerated() {
                try runs.go("stopped", resume: index > 0, Self.settings) { $0.steps.last?.step ?? 0 >= step }
            }
            // A process that dies may leave half a row.
            let half = try runs.read("metrics.csv", of: "stopped") + "24,0.9"
            try place.write(half, as: "stopped/metrics.csv")
            try runs.go("stopped", resume: true, Self.settings)
            #expect(try runs.read("metrics.csv", of: "full") == runs.read("metrics.csv", of: "stopped"))
        }
    }

    @Test func aRunFromBeforeGetsIt() throws {
        try withTemporaryFolder { place in
            let runs = try TinyRuns(place)
            try runs.go("full")
            try runs.go("old") { $0.steps.last?.step ?? 0 >= 12 }
            try FileManager.default.removeItem(atPath: runs.run("old").file("metrics.csv"))
            try runs.go("old", resume: true)
            #expect(try runs.read("metrics.csv", of: "full") == runs.read("metrics.csv", of: "old"))
        }
    }
}

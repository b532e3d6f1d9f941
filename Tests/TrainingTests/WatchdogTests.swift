// The watchdog: what it warns of, once each, and that it stops nothing.

import Foundation
import StrictJSON
import TestSupport
import Testing
import Training

@Suite struct WatchdogTests {
    private static func warnings(_ losses: [Double], hasPatience: Bool = false) -> [[String]] {
        var watchdog = Watchdog(hasPatience: hasPatience)
        return losses.enumerated().map { watchdog.evaluated(step: 10 * $0, loss: $1).map(\.text) }
    }

    @Test func aboveTheStart() {
        let said = Self.warnings([2, 1.5, 2.25, 2.25, 1.9, 2.1])
        #expect(said.map(\.count) == [0, 0, 1, 0, 0, 1])
        #expect(
            said[2][0].hasPrefix("the validation loss is above that before the first step: 2.2500, and 2.0000 then;"))
        #expect(said[2][0].contains("training.learningRate") && said[2][0].contains("luthier inspect DATA --row 1"))
        #expect(Self.warnings([2, 2.5])[1].count == 1)
        #expect(Self.warnings([2, 2])[1].isEmpty)
    }

    @Test func risingTwiceRunning() {
        let said = Self.warnings([3, 2, 1, 1.1, 1.2, 1.3, 1.25, 1.5, 1.75])
        #expect(said.map(\.count) == [0, 0, 0, 0, 1, 0, 0, 0, 1])
        #expect(said[4][0].contains("has risen twice running: 1.0000, 1.1000, 1.2000; "))
        #expect(said[4][0].contains("Step 20 is the best so far"))
        #expect(said[4][0].hasSuffix("training.earlyStoppingPatience ends a run by itself"))
        #expect(
            Self.warnings([3, 1, 1.1, 1.2], hasPatience: true)[3][0].hasSuffix("ends the run if it continues to rise"))
    }

    /// A resumed run says what an undisturbed one would.
    @Test func earlierEvaluationsCount() {
        let losses = [(step: 0, loss: 2.0), (step: 10, loss: 1.0), (step: 20, loss: 1.5)]
        var watchdog = Watchdog(earlier: losses)
        #expect(watchdog.evaluated(step: 30, loss: 1.6).count == 1)
        // An evaluation that is made once more replaces the earlier one.
        var again = Watchdog(earlier: losses)
        #expect(again.evaluated(step: 20, loss: 1.5).isEmpty)
        #expect(again.evaluated(step: 30, loss: 1.6).count == 1)
        // Without an evaluation before the first step, nothing is known of the base.
        var unknown = Watchdog(earlier: [(step: 10, loss: 1.0)])
        #expect(unknown.evaluated(step: 20, loss: 9).isEmpty)
    }

    @Test func memoryAndDiskRunShort() {
        var watchdog = Watchdog()
        let (memory, checkpoint) = (Watchdog.leastMemory, 1 << 30)
        let disk = 2 * checkpoint + Watchdog.leastDisk
        func measure(_ memory: Int?, _ disk: Int?) -> [String] {
            watchdog.measured(memory: memory, disk: disk, checkpointBytes: checkpoint).map(\.text)
        }
        #expect(measure(memory, disk).isEmpty && measure(nil, nil).isEmpty)
        let said = measure(memory - 1, disk - 1)
        #expect(said.count == 2 && measure(0, 0).isEmpty)
        #expect(said.first?.hasPrefix("memory is running short: 255 MiB are left.") == true)
        #expect(
            said.last?.hasPrefix("the disk is running full: 2111 MiB are left, and a checkpoint needs 1024 MiB.")
                == true)
        // Once it was better, it is said again.
        #expect(measure(memory, disk).isEmpty && measure(0, disk).count == 1)
    }

    /// A rate at which the loss can only rise: the run warns, continues, and ends as always.
    @Test func aRunWarnsAndContinues() throws {
        try withTemporaryFolder { place in
            let runs = try TinyRuns(place)
            let (result, report) = try runs.go("hot", ["training.learningRate=3", "training.warmupSteps=0"])
            #expect(result.stopped == .finished && result.steps == 30)
            #expect(report.warnings.contains { $0.hasPrefix("the validation loss is above") }, "\(report.warnings)")
            let lines = try runs.read("warnings.jsonl", of: "hot").split(separator: "\n").map {
                try JSONText.parse(String($0))
            }
            #expect(lines.map { $0.object?["text"]?.string } == report.warnings)
            #expect(lines.first?.object?["warning"]?.string == Watchdog.Warning.Kind.aboveStart.rawValue)
            #expect(try !runs.go("calm").report.warnings.contains { $0.hasPrefix("the validation") })
            #expect(!FileManager.default.fileExists(atPath: runs.run("calm").file("warnings.jsonl")))
        }
    }
}

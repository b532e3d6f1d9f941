// A run's folder as a record; lists of runs, and two runs compared.

import Checkpoint
import Foundation
import Models
import Reports
import StrictJSON
import Testing

@Suite struct RunRecordTests {
    @Test func everythingIsRead() throws {
        let fixture = try RunFixture()
        let run = try fixture.run(
            "a", losses: [3, nil, 2], validations: [(0, 3.5), (3, 2.5)], ending: #"{"step":4,"lo"#)
        #expect(run.name == "a" && run.base == "smollm2-135m" && run.method == "LoRA, rank 16")
        #expect(run.training.map(\.loss) == [3, nil, 2] && run.lastLoss == 2 && run.lastStep == 3)
        #expect(run.validations.map(\.step) == [0, 3] && run.bestValidation?.loss == 2.5)
        #expect(run.plannedSteps == 12 && run.bestStep == 8 && run.checkpoints.map(\.step) == [8])
        #expect(run.checkpoints.map(\.byteCount) == [1500])
        #expect(run.seconds == 6 && run.tokensPerSecond == 501 && run.peakMemoryBytes == 3_000_000)
        #expect(run.samples.map(\.prompt) == ["<b>Hi</b>"])
        #expect(run.origins.map(\.key) == ["model.base", "training.learningRate"])
        #expect(run.byteCount > 1500 && !run.isRunning)
    }

    @Test func anEmptyFolderHasARecordToo() throws {
        let fixture = try RunFixture()
        let run = RunRecord(RunFolder(path: fixture.place.path))
        #expect(run.training.isEmpty && run.bestValidation == nil && run.tokensPerSecond == nil && run.lastStep == 0)
        #expect(run.findings.isEmpty)
        #expect(ReportPage(run).html.contains("</html>"))
    }

    /// It is seen without taking it.
    @Test func aLockIsSeen() throws {
        let fixture = try RunFixture()
        try fixture.run("a", losses: [1])
        let folder = RunFolder(path: fixture.place.path + "/a")
        let lock = try RunLock(directory: folder.path)
        #expect(RunRecord(folder).isRunning)
        #expect(RunTable.text([RunRecord(folder)]).contains("running"))
        lock.release()
        #expect(!RunRecord(folder).isRunning)
    }

    @Test func runsAreSorted() throws {
        let fixture = try RunFixture()
        let good = try fixture.run("run-10", losses: [1], validations: [(1, 0.5)])
        let bad = try fixture.run("run-9", losses: [1, 1, 1, 1], validations: [(1, 0.7)])
        let none = try fixture.run("run-11", losses: [1])
        let runs = [none, bad, good]
        #expect(RunTable.sorted(runs, by: .loss).map(\.name) == ["run-10", "run-9", "run-11"])
        #expect(RunTable.sorted(runs, by: .name).map(\.name) == ["run-9", "run-10", "run-11"])
        #expect(RunTable.sorted(runs, by: .size).map(\.name).first == "run-9")
        #expect(RunTable.sorted(runs, by: .date).count == 3)
    }

    @Test func theTableIsAligned() throws {
        let fixture = try RunFixture()
        let runs = [
            try fixture.run("a", losses: [1.25], validations: [(1, 0.5)]),
            try fixture.run("a-longer-name", losses: [], config: #"{"model": {}, "training": {"steps": null}}"#),
        ]
        let text = RunTable.text(runs, now: (runs.map(\.changed).max() ?? Date()).addingTimeInterval(7300))
        let lines = text.split(separator: "\n").map(String.init)
        #expect(lines.count == 3)
        #expect(lines[1].hasSuffix("2 hours ago") && lines[1].contains("LoRA, rank 16") && lines[1].contains("1/12"))
        #expect(lines[2].contains("from scratch") && lines[2].contains("all weights"))
        let column = lines[0].range(of: "changed")?.lowerBound.utf16Offset(in: lines[0])
        #expect(lines.dropFirst().allSatisfy { $0.range(of: "2 hours")?.lowerBound.utf16Offset(in: $0) == column })
        guard case .array(let list) = RunTable.json(runs) else { return #expect(Bool(false)) }
        #expect(list.count == 2)
    }

    @Test func differencesAreNamed() throws {
        let fixture = try RunFixture()
        let one = try fixture.run("a", losses: [1], validations: [(1, 0.5)])
        let other = try fixture.run(
            "b", losses: [2],
            config:
                #"{"model": {"base": "smollm2-135m"}, "method": {"type": "lora", "rank": 8}, "training": {"steps": 12, "learningRate": 0.001, "epochs": 2}}"#
        )
        let difference = RunDifference(one, other)
        #expect(difference.settings.map(\.key) == ["method.rank", "training.epochs"])
        #expect(difference.settings.map(\.first) == ["16", nil] && difference.settings.map(\.second) == ["8", "2"])
        #expect(difference.text.contains("method.rank") && difference.text.contains("not set  →  2"))
        #expect(!difference.text.contains("learningRate"))
        #expect(RunDifference(one, one).text.contains("the configs are the same"))
        let losses = difference.results.first { $0.title == "validation loss" }
        #expect(losses?.first == "0.5000 at step 1" && losses?.second == "–")
    }
}

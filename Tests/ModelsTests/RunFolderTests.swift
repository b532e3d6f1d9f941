// A run's folder: the names in it, which checkpoint counts, and what is thrown away.

import Checkpoint
import Foundation
import Models
import TestSupport
import Testing

@Suite struct RunFolderTests {
    /// Writes small models as the checkpoints of these steps.
    static func write(_ steps: [Int], to folder: RunFolder) throws {
        let model = TinyModel.make()
        let saved = SavedModel(
            model: model, tokenizer: .bytes, info: ModelInfo(model.architecture), configText: Array("{}".utf8))
        for step in steps { try saved.write(to: folder.checkpoint(step: step)) }
    }

    @Test func names() {
        let folder = RunFolder(path: "checkpoints/weather-1/")
        #expect(folder.path == "checkpoints/weather-1" && folder.name == "weather-1" && !folder.exists)
        #expect(folder.file("latest") == "checkpoints/weather-1/latest")
        #expect(folder.checkpoint(step: 200) == "checkpoints/weather-1/step-000200.h5")
        #expect(RunFolder.checkpointName(step: 0) == "step-000000.h5")
        #expect(RunFolder.checkpointName(step: 999_999) == "step-999999.h5")
        #expect(RunFolder.checkpointName(step: 1_234_567) == "step-1234567.h5")
        #expect(RunFolder(path: "/").path == "/")
    }

    @Test func stepsAreReadFromNames() throws {
        try withTemporaryFolder { place in
            let folder = RunFolder(path: place.path)
            #expect(folder.exists && folder.checkpointSteps().isEmpty && !RunFolder.isRun(place.path))
            for name in [
                "step-000030.h5", "step-1000000.h5", "step-000007.h5", "step-.h5", "step-x.h5", "step-000001.h5.tmp",
                "astep-000002.h5", "latest",
            ] { try place.write("", as: name) }
            #expect(folder.checkpointSteps() == [7, 30, 1_000_000])
            #expect(RunFolder.isRun(place.path))
        }
        #expect(RunFolder(path: "/nowhere/at/all").checkpointSteps().isEmpty)
    }

    @Test func aBrokenNewestIsSkipped() throws {
        try withTemporaryFolder { place in
            let folder = RunFolder(path: place.path)
            try Self.write([5, 10, 15, 20], to: folder)
            let original = try place.read("step-000020.h5")
            try place.write(Array(original.dropLast(100)), as: "step-000020.h5")
            try place.write([], as: "step-000015.h5")
            var messages: [String] = []
            let newest = try #require(folder.newestValid { messages.append($0) })
            #expect(newest.step == 10 && newest.reader.path == folder.checkpoint(step: 10))
            #expect(
                messages == [
                    "\(place.path)/step-000020.h5 should have \(original.count) bytes but has \(original.count - 100); "
                        + "skipped",
                    "\(place.path)/step-000015.h5 has 0 bytes; a checkpoint has between 520 and 1099511627776; "
                        + "skipped",
                ])
            // Without a note, the newest valid one stands for the best.
            #expect(try folder.best() == folder.checkpoint(step: 10))
        }
    }

    @Test func theBestIsTheOneThatIsNamed() throws {
        try withTemporaryFolder { place in
            let folder = RunFolder(path: place.path)
            #expect(throws: ModelError.noCheckpoint(path: place.path)) { try folder.best() }
            #expect(folder.newestValid { _ in } == nil)
            try Self.write([5, 10], to: folder)
            try place.write("step-000005.h5\n", as: "best")
            #expect(try folder.best() == folder.checkpoint(step: 5))
            // A name that is gone, empty, or leads out of the folder is not a name.
            for text in ["step-000007.h5\n", "", "../\(folder.name)/step-000005.h5", "\n", "..", "."] {
                try place.write(text, as: "best")
                #expect(try folder.best() == folder.checkpoint(step: 10), "\(text)")
            }
        }
    }

    @Test(
        arguments: [
            (2, [], [9, 12]), (1, [], [12]), (0, [], [12]), (2, [3], [3, 9, 12]), (3, [9], [6, 9, 12]),
            (9, [], [3, 6, 9, 12]), (1, [3, 6, 99], [3, 6, 12]),
        ] as [(Int, Set<Int>, [Int])])
    func pruning(keepLast: Int, keep: Set<Int>, left: [Int]) throws {
        try withTemporaryFolder { place in
            for step in [3, 6, 9, 12] { try place.write("", as: RunFolder.checkpointName(step: step)) }
            try place.write("", as: "config.json")
            RunFolder(path: place.path).prune(keepLast: keepLast, keep: keep)
            #expect(RunFolder(path: place.path).checkpointSteps() == left)
            #expect(try place.names().contains("config.json"))
        }
    }

    @Test func freeNamesAndTheNewestRun() throws {
        try withTemporaryFolder { place in
            #expect(RunFolder.free(name: "weather", in: place.path).name == "weather-1")
            #expect(RunFolder.all(in: place.path).first == nil)
            for (name, age) in [("weather-1", 30.0), ("weather-2", 10), ("other", 20)] {
                let path = "\(place.path)/\(name)"
                try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
                try place.write("{}", as: "\(name)/origins.json")
                try FileManager.default.setAttributes(
                    [.modificationDate: Date(timeIntervalSinceNow: -age)], ofItemAtPath: path)
            }
            // No run, though newer.
            try FileManager.default.createDirectory(atPath: place.path + "/notes", withIntermediateDirectories: false)
            #expect(RunFolder.free(name: "weather", in: place.path).name == "weather-3")
            #expect(RunFolder.all(in: place.path).first?.name == "weather-2")
        }
    }
}

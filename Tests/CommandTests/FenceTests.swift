// A checkpoint of somebody else is opened by another process first; one of the user's own runs is not.

import Checkpoint
import Foundation
import StrictJSON
import Testing

@Suite struct FenceTests {
    /// A folder with a checkpoint of a run, and what its bytes are.
    private static func trained() throws -> (place: Workplace, checkpoint: String, bytes: Data) {
        let place = try Workplace()
        try place.write(SampleText.paragraphs, to: "text.txt")
        try place.write(ResumeTests.config, to: "small.json")
        let result = try place.luthier("train", "--config", "small.json", "--steps", "2", "--run", "run")
        try #require(result.code == 0, "\(result.errors)")
        let path = "checkpoints/run/step-000002.h5"
        return (place, path, try place.read(path))
    }

    @Test func theProcessAnswers() throws {
        let (place, path, bytes) = try Self.trained()
        func answer(_ content: Data) throws -> JSONObject {
            try place.write(content, to: "file.h5")
            let process = Process()
            let output = Pipe()
            process.executableURL = Running.executable
            process.arguments = ["list-objects", "named.h5"]
            process.standardInput = FileHandle(forReadingAtPath: place.file("file.h5"))
            process.standardOutput = output
            try process.run()
            let text = output.fileHandleForReading.readDataToEndOfFile()
            process.waitUntilExit()
            #expect(process.terminationStatus == 0)
            return try #require(try JSONText.parse([UInt8](text)).object)
        }
        let count = try #require(try answer(bytes)["sound"]?.integer)
        let reader = try CheckpointReader(path: place.file(path))
        #expect(count == reader.arrays.count + reader.texts.count)
        // It does not look at the hash, which the program has checked.
        let renamed = try answer(Self.replacing("ln_f.bias", with: "ln_f bias", in: bytes))
        #expect(renamed["refusal"]?.string == "named.h5: /model/ln_f bias is not a valid name in a checkpoint")
        #expect(renamed["sound"] == nil && renamed["hint"]?.isNull == true)
        let cut = try answer(bytes.prefix(2000))
        #expect(cut["refusal"]?.string?.hasPrefix("named.h5: HDF5 failed in opening") == true)
    }

    /// The words are those of the program's own check.
    @Test func refusalsHaveTheSameWords() throws {
        let (place, _, bytes) = try Self.trained()
        let other = Self.replacing("ln_f.bias", with: "ln_f bias", in: bytes)
        for path in ["other.h5", "checkpoints/run/own.h5"] {
            try place.write(other, to: path)
            try CheckpointFile.seal(place.file(path))
            let outcome = try place.luthier("inspect", path)
            #expect(outcome.code == 1)
            #expect(outcome.errors == "error: \(path): /model/ln_f bias is not a valid name in a checkpoint\n")
        }
    }

    #if os(Linux)
        /// Where the loader is what runs, it is the loader that is started again, and gives no answer.
        @Test func withoutAnAnswerTheFileStaysClosed() throws {
            let (place, path, bytes) = try Self.trained()
            let loader = "/lib64/ld-linux-x86-64.so.2"
            guard FileManager.default.fileExists(atPath: loader) else { return }
            try place.write(bytes, to: "other.h5")
            func inspect(_ path: String) throws -> (code: Int32, errors: String) {
                let process = Process()
                let errors = Pipe()
                process.executableURL = URL(fileURLWithPath: loader)
                process.arguments = [Running.executable.path, "inspect", path]
                process.currentDirectoryURL = URL(fileURLWithPath: place.path)
                process.standardOutput = FileHandle.nullDevice
                process.standardError = errors
                try process.run()
                let text = errors.fileHandleForReading.readDataToEndOfFile()
                process.waitUntilExit()
                return (process.terminationStatus, String(decoding: text, as: UTF8.self))
            }
            let refused = try inspect("other.h5")
            #expect(refused.code == 1)
            #expect(
                refused.errors.hasPrefix(
                    "error: other.h5 is not opened, because the process that looks at it first gave no answer"))
            #expect(try inspect(path).code == 0)
            #expect(try inspect("checkpoints/run").code == 0)
        }
    #endif

    private static func replacing(_ old: String, with new: String, in data: Data) -> Data {
        var copy = data
        while let range = copy.range(of: Data(old.utf8)) { copy.replaceSubrange(range, with: Data(new.utf8)) }
        return copy
    }
}

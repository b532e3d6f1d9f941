// What memory the program takes to load a model, and that it refuses one for which there is none.

import Foundation
import Model
import StrictJSON
import TestSupport
import Testing

@Suite(
    .serialized,
    .enabled(
        if: FileManager.default.fileExists(atPath: "/proc/self/status"), "this system does not list memory in /proc"))
struct MemoryTests {
    /// A folder `model` with such a model and a tokenizer of bytes. Gives the model's size in float32.
    private func writeModel(_ config: ModelShape, type: String = "F32", to place: Workplace) throws -> Int {
        try place.write("some text\n", to: "a.txt")
        let made = try place.luthier(
            "tokenizer", "train", "a.txt", "--vocabulary-size", "257", "--output", "model")
        #expect(made.code == 0, "\(made.errors)")
        try SparseModelFolder.write(config, type: type, to: place.file("model"))
        return 4 * ParameterLayout(config).parameterCount
    }

    /// Runs `luthier` in a place and gives its exit code and the most memory that it held, pages of mapped files
    /// included. What `wait4` says would count the pages of whoever started it.
    private func peak(_ arguments: [String], in place: Workplace) throws -> (code: Int32, bytes: Int) {
        let running = try Running(arguments, in: place.path, input: "")
        let status = "/proc/\(running.process.processIdentifier)/status"
        var peak = 0
        _ = running.wait {
            let text = (try? String(contentsOfFile: status, encoding: .utf8)) ?? ""
            let line = text.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
            peak = max(peak, line?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0)
            return false
        }
        return (running.wait().code, peak << 10)
    }

    /// The float32 numbers and 64 MiB, for the complete program: the file's own pages do not stay.
    @Test(arguments: ["F32", "F16"]) func loadingTakesTheWeightsAndLittleMore(type: String) throws {
        let place = try Workplace()
        let config = ModelShape(
            vocabularySize: 300, contextLength: 64, blockCount: 7, headCount: 12, modelWidth: 768)
        let size = try writeModel(config, type: type, to: place)
        #expect(size > 190_000_000)
        let found = try peak(
            ["eval", "--checkpoint", "model", "--data", "a.txt", "--threads", "1"], in: place)
        #expect(found.code == 0)
        #expect(found.bytes > size, "not loaded at all")
        #expect(
            found.bytes <= size + 64 << 20, "\(type): \(found.bytes >> 20) MiB for \(size >> 20) MiB of weights")
    }

    /// GPT-2's largest under a limit of 3 GiB. Taking what it needs would kill the program; it says what is missing.
    @Test(arguments: [
        (["eval", "--checkpoint", "model", "--data", "text.txt"], 5_941...5_945),
        (["generate", "--checkpoint", "model", "--prompt", "a"], 11_882...11_890),
        (["train", "--config", "small.json", "--base", "model", "--run", "r"], 23_700...24_200),
        (["train", "--config", "small.json", "--base", "model", "--run", "r", "--method", "lora"], 6_000...6_400),
    ]) func aModelOfTooManyParametersIsRefused(arguments: [String], expected: ClosedRange<Int>) throws {
        let place = try Workplace()
        let config = ModelShape(
            vocabularySize: 50_257, contextLength: 1024, blockCount: 48, headCount: 25, modelWidth: 1600)
        _ = try writeModel(config, to: place)
        try place.write(SampleText.paragraphs, to: "text.txt")
        try place.write(
            "{\"model\": {\"contextLength\": 16}, \"data\": {\"train\": \"text.txt\"}, \"training\": "
                + "{\"batchSize\": 1, \"precision\": \"f32\"}}",
            to: "small.json")
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        let script = "ulimit -d 3145728 && exec '\(Running.executable.path)' \"$@\""
        process.arguments = ["-c", script, "sh"] + arguments
        process.currentDirectoryURL = URL(fileURLWithPath: place.path)
        let errors = Pipe()
        process.standardError = errors
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationReason == .exit && process.terminationStatus == 1, "\(text)")
        let pattern = /error: the (?:model|run) needs about (\d+) MiB of memory; (\d+) MiB are free/
        let match = try #require(text.firstMatch(of: pattern), "\(text)")
        #expect(expected.contains(Int(match.1) ?? 0), "\(match.1)")
        #expect((1_000...3_072).contains(Int(match.2) ?? 0), "\(match.2)")
        #expect(!FileManager.default.fileExists(atPath: place.file("checkpoints")))
    }
}

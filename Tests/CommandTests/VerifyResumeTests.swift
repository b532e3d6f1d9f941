// `luthier verify-resume`: what it says, what it leaves, and that it finds a difference.

import Foundation
import StrictJSON
import Testing

@Suite(.serialized) struct VerifyResumeTests {
    private static func place() throws -> Workplace {
        let place = try Workplace()
        try place.write(SampleText.paragraphs, to: "text.txt")
        try place.write(
            ResumeTests.config.replacingOccurrences(of: "256", with: "64"), to: "small.json")
        return place
    }

    @Test func aRunIsKilledAndComparedAndNothingIsLeft() throws {
        let place = try Self.place()
        let outcome = try place.luthier(
            "verify-resume", "--config", "small.json", "--kills", "6", "--steps", "24", "--seed", "3", "--json")
        #expect(outcome.code == 0, "\(outcome.errors)")
        let json = try outcome.json()
        #expect(json["equal"]?.bool == true && json["kills"]?.integer == 6 && json["steps"]?.integer == 24)
        #expect((json["files"]?.integer ?? 0) >= 8 && (json["bytes"]?.integer ?? 0) > 100_000)
        #expect(json["difference"]?.isNull == true)
        #expect(outcome.errors.contains("kill 6: "), "\(outcome.errors)")
        #expect(place.names(in: ".") == ["small.json", "text.txt"])
    }

    /// The data changes while the runs are trained: the second one is not the same.
    @Test func whatCannotBeTheSameIsNamed() throws {
        let place = try Self.place()
        let running = try place.start(
            "verify-resume", "--config", "small.json", "--kills", "1", "--steps", "12", "--set",
            "training.learningRate=0.01")
        try #require(running.wait { running.errorsSoFar.contains("straight run: ") }, "\(running.errorsSoFar)")
        // Same length, other words: every check of a resumed run passes, because the killed run starts with these.
        try place.write(SampleText.paragraphs.replacingOccurrences(of: "Dover", with: "Revod"), to: "text.txt")
        let outcome = running.wait()
        // The change can come between the start of a run and its kill, which is refused with the names of both hashes.
        #expect(outcome.code == 1, "\(outcome.output) \(outcome.errors)")
        #expect(
            outcome.output.contains("different: metrics.jsonl, line ") || outcome.errors.contains("training failed"),
            "\(outcome.output) \(outcome.errors)")
        #expect(place.names(in: ".") == ["small.json", "text.txt"])
    }

    @Test func aConfigThatCannotTrainIsAnError() throws {
        let place = try Self.place()
        try FileManager.default.removeItem(atPath: place.file("text.txt"))
        let outcome = try place.luthier("verify-resume", "--config", "small.json")
        #expect(outcome.code == 1 && outcome.errors.contains("training failed with exit code 1"), "\(outcome.errors)")
        #expect(outcome.errors.contains("text.txt"), "\(outcome.errors)")
        #expect(place.names(in: ".") == ["small.json"])
        #expect(try place.luthier("verify-resume").code == 2)
        #expect(try place.luthier("verify-resume", "--config", "small.json", "--kills", "0").code == 2)
    }

    @Test(arguments: [SIGINT, SIGTERM])
    func aSignalEndsItAndNothingIsLeft(_ signal: Int32) throws {
        let place = try Self.place()
        let running = try place.start("verify-resume", "--config", "small.json", "--steps", "5000")
        let folder = "checkpoints/.verify-resume-\(running.process.processIdentifier)/straight"
        try #require(running.wait { place.names(in: folder).contains("metrics.jsonl") }, "\(running.errorsSoFar)")
        running.send(signal)
        #expect(running.wait().code == 128 + signal)
        #expect(place.names(in: ".") == ["small.json", "text.txt"])
    }
}

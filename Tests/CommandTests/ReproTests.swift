// `luthier repro`: equal runs, other threads, changed data, and exit codes.

import Foundation
import StrictJSON
import Testing

@Suite struct ReproTests {
    private func place() throws -> Workplace {
        let place = try Workplace()
        try place.write(SampleText.paragraphs, to: "text.txt")
        try place.write(ResumeTests.config, to: "small.json")
        let made = try place.luthier("train", "--config", "small.json", "--run", "a", "--steps", "12")
        try #require(made.code == 0, "\(made.errors)")
        return place
    }

    @Test func equalAndChanged() throws {
        let place = try place()
        let equal = try place.luthier("repro", "a", "--json")
        #expect(equal.code == 0, "\(equal.output) \(equal.errors)")
        #expect(equal.output.contains("equal: the run gives the same bytes again\n"))
        let json = try equal.json()
        #expect(json["equal"]?.bool == true && json["run"]?.string == "a" && json["steps"]?.integer == 12)
        #expect(json["machine"]?.array?.isEmpty == true && json["repetition"]?.isNull == true)
        #expect(place.names(in: "checkpoints") == ["a"])

        // Whether one thread gives other bytes depends on the machine; what is said does not.
        let other = try place.luthier("repro", "a", "--threads", "1", "--json")
        #expect(other.code == 1, "\(other.output)")
        #expect(other.errors.contains("differs here: threads: 2 then, 1 now"))
        #expect(other.output.contains("checkpoint/state: threads: 2 recorded, 1 repeated\n"), "\(other.output)")
        #expect(
            other.output.contains("here is different: threads (2 then, 1 now); the repetition is checkpoints/a-repro-1")
        )
        #expect(try other.json()["repetition"]?.string == "checkpoints/a-repro-1")
        #expect(place.names(in: "checkpoints").contains("a-repro-1"))

        try place.write(SampleText.paragraphs + "More.\n", to: "text.txt")
        let changed = try place.luthier("repro", "a")
        #expect(changed.code == 1 && changed.output.isEmpty)
        #expect(changed.errors.contains("error: the data is not what the run was trained on"), "\(changed.errors)")
        #expect(changed.errors.contains("changed: text.txt ("))
    }

    @Test func usage() throws {
        let place = try Workplace()
        let missing = try place.luthier("repro", "nothing")
        #expect(missing.code == 2 && missing.errors.contains("checkpoints/nothing is not a run"))
    }
}

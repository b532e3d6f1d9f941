// What happens to a job when its process or its service ends in the middle, and when a client stops it.

import Foundation
import Service
import StrictJSON
import Testing

@Suite(.serialized) struct JobFaultTests {
    /// 300 steps, with a checkpoint after every sixth: long enough to be met in the middle.
    private static let many =
        ", \"seed\": 5, \"hyperparameters\": {\"n_epochs\": 50, \"batch_size\": 2, \"learning_rate_multiplier\": 1}"

    /// The texts of a job without its id and without names, which are drawn.
    private func texts(_ fixture: JobFixture, _ id: String) throws -> [String] {
        try fixture.messages(id).filter { !$0.contains("ft:") && !$0.contains("file-") }
            .map { $0.replacingOccurrences(of: id, with: "ID") }
    }

    private func expectEqual(_ fixture: JobFixture, _ id: String, _ full: String) throws {
        let job = try fixture.waitForEnd(id)
        try #require(job.phase == .succeeded, "\(job.errorMessage ?? "")")
        #expect(try fixture.metrics(id) == fixture.metrics(full), "an event is lost, told twice or another one")
        let (found, expected) = (try fixture.checkpoints(id), try fixture.checkpoints(full))
        #expect(found.keys.sorted() == expected.keys.sorted())
        #expect(found == expected, "the bytes of an interrupted run differ")
    }

    @Test func aKilledProcessLosesNothing() throws {
        let fixture = try JobFixture()
        let full = try fixture.job(Self.many)
        #expect(try fixture.waitForEnd(full).phase == .succeeded)
        let id = try fixture.job(Self.many)
        for steps in [4, 14] {
            try fixture.wait(id, steps: steps)
            let process = try #require(fixture.process(id))
            kill(process, SIGKILL)
        }
        try expectEqual(fixture, id, full)
        #expect(try texts(fixture, id) == texts(fixture, full))
    }

    @Test func aJobSurvivesItsService() throws {
        let fixture = try JobFixture()
        let full = try fixture.job(Self.many)
        #expect(try fixture.waitForEnd(full).phase == .succeeded)
        let id = try fixture.job(Self.many)
        for steps in [5, 15] {
            try fixture.wait(id, steps: steps)
            try fixture.restart()
        }
        try expectEqual(fixture, id, full)
        #expect(try texts(fixture, id) == texts(fixture, full))
    }

    @Test func pauseAndResume() throws {
        let fixture = try JobFixture()
        let full = try fixture.job(Self.many)
        let id = try fixture.job(Self.many)
        #expect(try fixture.waitForEnd(full).phase == .succeeded)
        try fixture.wait(id, steps: 4)
        let answer = try fixture.call("POST", "/v1/fine_tuning/jobs/\(id)/pause").json
        #expect(answer["luthier"]?["state"]?.string == "pausing" && answer["status"]?.string == "running")
        try fixture.wait(id) { $0.phase == .paused }
        let next = try fixture.job(Self.many)
        try fixture.wait(next, steps: 1)
        #expect(try fixture.call("POST", "/v1/fine_tuning/jobs/\(next)/cancel").json["status"]?.string == "cancelled")
        #expect(try fixture.call("POST", "/v1/fine_tuning/jobs/\(id)/resume").status == 200)
        // For clients the job is over at once; its process ends later.
        let (finished, told) = (try fixture.service.store.job(next)?.finished, try fixture.messages(next))
        #expect(finished != nil && told.last == "The job has been cancelled")
        try expectEqual(fixture, id, full)
        let job = try fixture.waitForEnd(next)
        #expect(job.phase == .cancelled && job.fineTunedModel == nil && job.finished == finished)
        #expect(try fixture.messages(next) == told)
    }

    @Test func nothingIsToldAfterACancellation() throws {
        let fixture = try JobFixture(works: false)
        let id = try fixture.job("")
        let store = fixture.service.store
        try store.move(id, from: [.validating], to: .running)
        #expect(try fixture.call("POST", "/v1/fine_tuning/jobs/\(id)/cancel").json["finished_at"]?.integer != nil)
        let told = try fixture.messages(id)
        #expect(told.last == "The job has been cancelled")
        try store.add([NewEvent("step", place: 1, "Step 1/2: training loss=1.00")], of: id)
        try store.move(id, from: [.cancelling], to: .cancelled)
        #expect(try fixture.messages(id) == told)
    }
}

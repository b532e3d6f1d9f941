// `luthier sweep`: ranks, resumes after a kill without repeating anything, and names mistakes.

import Foundation
import StrictJSON
import Testing

@Suite(.serialized) struct SweepTests {
    private static let rates = "training.learningRate=1e-9,1e-3,1e-8,3e-3"

    private func place() throws -> Workplace {
        let place = try Workplace()
        try place.write(SampleText.paragraphs, to: "text.txt")
        try place.write(ResumeTests.config, to: "small.json")
        return place
    }

    private func sweep(_ place: Workplace, _ name: String, _ more: String...) throws -> Running {
        try Running(
            ["sweep", "--config", "small.json", "--set", Self.rates, "--steps", "16", "--json", "--run", name] + more,
            in: place.path, input: "")
    }

    @Test func ranksAndResumes() throws {
        let place = try place()
        let straight = try sweep(place, "straight").wait()
        try #require(straight.code == 0, "\(straight.errors)")
        let json = try straight.json()
        let trials = try #require(json["trials"]?.array).compactMap(\.object)
        // Rates of next to nothing lose at the first rung.
        #expect(Set(trials.prefix(2).compactMap { $0["trial"]?.integer }) == [2, 4])
        #expect(trials.map { $0["stoppedEarly"]?.bool } == [false, false, true, true])
        #expect(trials.map { $0["steps"]?.integer } == [16, 16, 8, 8])
        #expect(trials[1]["difference"]?.number ?? -1 > 0 && trials[1]["standardError"]?.number ?? 0 > 0)
        let best = try #require(trials[0]["settings"]?.object?["training.learningRate"]?.string)
        #expect(
            json["command"]?.string == "luthier train --config small.json --set training.learningRate=\(best)")
        #expect(straight.output.contains("train with the best:\n  luthier train --config small.json "))
        #expect(straight.errors.contains("4 to step 8, 2 to step 16; 48 steps instead of 64"), "\(straight.errors)")
        #expect(straight.errors.contains("the 48 steps to take need about "))
        let page = String(decoding: try place.read("checkpoints/straight/sweep.html"), as: UTF8.self)
        #expect(page.contains("luthier sweep --config small.json --set \(Self.rates) --steps 16 --limit 500"))
        #expect(page.contains("luthier train --config small.json --set"))
        let plot = String(decoding: try place.read("checkpoints/straight/sweep.svg"), as: UTF8.self)
        #expect(plot.hasPrefix("<svg ") && plot.contains("training.learningRate=\(best), 16 steps"))
        #expect(place.names(in: "checkpoints/straight-trial-2").contains("step-000016.h5"))

        // Killed in the third trial, and stopped by a signal in the last rung.
        let killed = try sweep(place, "killed")
        try #require(killed.wait { place.names(in: "checkpoints").contains("killed-trial-3") }, "\(killed.errorsSoFar)")
        killed.send(SIGKILL)
        #expect(killed.wait().code == SIGKILL)
        let stopped = try sweep(place, "killed", "--resume")
        try #require(stopped.wait { stopped.errorsSoFar.contains(", to step 16: ") }, "\(stopped.errorsSoFar)")
        stopped.send(SIGINT)
        let outcome = stopped.wait()
        #expect(outcome.code == 130, "\(outcome.errors)")
        #expect(!outcome.errors.contains("trial 1, to step 8") && !outcome.errors.contains("trial 2, to step 8"))
        let resumed = try sweep(place, "killed", "--resume").wait()
        try #require(resumed.code == 0, "\(resumed.errors)")
        #expect(!resumed.errors.contains("to step 8: "))
        let again = try #require(try resumed.json()["trials"]?.array).compactMap(\.object)
        #expect(again.map { $0["bitsPerByte"]?.number } == trials.map { $0["bitsPerByte"]?.number })

        // Once finished, resuming trains nothing.
        let finished = try sweep(place, "killed", "--resume").wait()
        #expect(finished.code == 0 && !finished.errors.contains("to step") && finished.output == resumed.output)
        let taken = try sweep(place, "killed").wait()
        #expect(taken.code == 1 && taken.errors.contains("the sweep checkpoints/killed exists already"))
    }

    @Test func mistakes() throws {
        let place = try place()
        let key = try place.luthier("sweep", "--config", "small.json", "--set", "training.learningRat=1,2")
        #expect(key.code != 0 && key.errors.contains("training.learningRat; did you mean training.learningRate?"))
        let value = try place.luthier("sweep", "--config", "small.json", "--set", "training.learningRate=1e-5,fast")
        #expect(value.code != 0 && value.errors.contains("training.learningRate is \"fast\""), "\(value.errors)")
        #expect(place.names(in: "checkpoints").isEmpty)
        let rows = try place.luthier(
            "sweep", "--config", "small.json", "--set", Self.rates, "--set", "data.validationFraction=0")
        #expect(rows.code == 1 && rows.errors.contains("the config holds out no rows"), "\(rows.errors)")
        #expect(place.names(in: "checkpoints").isEmpty)
    }
}

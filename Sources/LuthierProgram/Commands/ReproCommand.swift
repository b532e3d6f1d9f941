// `luthier repro`: runs a run again and compares the bytes.

import Arguments
import Checkpoint
import Foundation
import Kernels
import Models
import StrictJSON
import Training

struct ReproCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "repro", abstract: "Run a run again and compare weights, optimizer state and metrics.",
        discussion:
            "Config, data, base, seed, threads and kernel are the run's own, and what differs from them here is "
            + "shown first. The repetition is deleted if it is equal; otherwise it stays for you to look at. The exit "
            + "code is 0 only if all bytes are equal.",
        examples: ["luthier repro weather-1"])

    @Argument(help: ArgumentHelp("Name or folder of a run.", valueName: "run"))
    var name: String
    @Option(help: ArgumentHelp("Number of threads.", defaultText: "the run's"))
    var threads: Int?
    @Flag(help: "Print one JSON object as the last line of stdout.")
    var json = false

    mutating func validate() throws(ValidationError) {
        if let threads, !(1...1024).contains(threads) {
            throw ValidationError("--threads \(threads) must be between 1 and 1024")
        }
    }

    mutating func run() throws {
        StopSignal.install()
        let folder = try RunsCommand.folder(name)
        guard !RunLock.isHeld(directory: folder.path) else {
            throw ValidationError("\(folder.path) is being trained now", hint: "wait for it, or stop it")
        }
        let repetition = try RunRepetition(of: folder) { Console.message("note: \($0)") }
        repetition.prepareMachine(threads: threads)
        let machine = repetition.machineDifferences
        Console.message(
            "recorded: \(folder.path), step \(repetition.state.step), \(repetition.state.threads) threads, kernel "
                + repetition.state.kernel)
        for row in machine { Console.message("differs here: \(row.name): \(row.recorded) then, \(row.here) now") }
        for note in repetition.machineNotes { Console.message("note: \(note)") }
        let base = try repetition.checkSources()
        Console.message("data: the same, SHA-256 \(repetition.state.dataHash)")
        if let base {
            let known = repetition.recordedBaseHash == nil ? "not recorded" : "the same"
            Console.message("base: \(known), SHA-256 of its weights \(base)")
        }
        let parent = (folder.path as NSString).deletingLastPathComponent
        let target = RunFolder.free(name: folder.name + "-repro", in: parent.isEmpty ? "." : parent)
        let start = monotonicSeconds()
        let result = try repeatRun(repetition, into: target)
        let comparison = try RepetitionComparison(repetition, target, result)
        if comparison.isEqual { try FileManager.default.removeItem(atPath: target.path) }
        show(comparison, machine, target)
        if json {
            var members: [(key: String, value: JSONOutput)] = [
                ("run", .string(folder.name)), ("equal", .bool(comparison.isEqual)), ("steps", .integer(result.steps)),
                ("repetition", comparison.isEqual ? .null : .string(target.path)),
            ]
            members += ReproReport.members(comparison, machine, base: base)
            members.append(("seconds", .number(monotonicSeconds() - start)))
            Console.json(members)
        }
        if !comparison.isEqual { throw ExitCode.failure }
    }

    /// Trains; what a signal or an error leaves is deleted.
    private func repeatRun(_ repetition: RunRepetition, into target: RunFolder) throws -> RunResult {
        let printer = ProgressPrinter(logEvery: repetition.logEvery)
        do {
            let result = try repetition.run(
                into: target, threads: threads, report: { printer.show($0) }, shouldStop: { StopSignal.reason })
            Console.endProgress()
            if let result { return result }
        } catch {
            try? FileManager.default.removeItem(atPath: target.path)
            throw error
        }
        try? FileManager.default.removeItem(atPath: target.path)
        Console.message("stopped; the unfinished repetition is deleted, and repro starts again from step 0")
        throw StopSignal.reason?.exitCode ?? ExitCode.failure
    }

    private func show(_ comparison: RepetitionComparison, _ machine: [RecordedDifference], _ target: RunFolder) {
        for line in ReproReport.lines(comparison) { Console.output(line + "\n") }
        if comparison.isEqual {
            Console.output("equal: the run gives the same bytes again\n")
            return
        }
        let reason =
            machine.isEmpty
            ? "nothing is known to differ here, see the lines above"
            : "here is different: "
                + machine.map { "\($0.name) (\($0.recorded) then, \($0.here) now)" }
                .joined(separator: ", ")
        Console.output("not equal; \(reason); the repetition is \(target.path)\n")
    }
}

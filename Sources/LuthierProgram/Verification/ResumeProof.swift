// Proves exact resume: trains a run straight and a second one that is killed again and again, and compares all bytes.

import Checkpoint
import Foundation
import Kernels
import Models
import Processes
import Reports
import Training

/// What `verify-resume` was asked for.
struct ResumeProofRequest {
    let config: String
    let assignments: [String]
    let kills: Int
    let seed: UInt64
    /// Of each run.
    let steps: Int
    let saveEvery: Int
}

/// Why the proof could not be completed; a difference is a result, not an error.
enum ResumeProofError: Error, Equatable, CustomStringConvertible {
    /// A child process failed by itself.
    case trainingFailed(code: Int32, messages: String)
    case endedBySignal(Int32, messages: String)
    /// The run was over before any kill, several times.
    case tooFast(kills: Int, asked: Int)

    var description: String {
        switch self {
        case .trainingFailed(let code, let messages): "training failed with exit code \(code):\n\(messages)"
        case .endedBySignal(let signal, let messages): "training was ended by signal \(signal):\n\(messages)"
        case .tooFast(let kills, let asked): "only \(kills) of \(asked) kills hit: the run ends too early"
        }
    }

    var hint: String? {
        switch self {
        case .trainingFailed, .endedBySignal: "`luthier train` with the same config shows what is wrong"
        case .tooFast: "give more --steps"
        }
    }
}

/// One kill that hit.
struct Kill: Equatable {
    /// The last step in the log; nil while the run was starting.
    let step: Int?
    /// The file that was being written, if any.
    let file: String?

    var description: String {
        let place = step.map { "after step \($0)" } ?? "while starting"
        return place + (file.map { ", while \($0) was written" } ?? "")
    }
}

/// The two runs, in a folder next to other runs: a rename must not cross file systems.
final class ResumeProof {
    struct Result {
        var kills: [Kill] = []
        /// How many runs were killed and resumed until their end.
        var killedRuns = 0
        var comparisons: [RunComparison] = []

        var isEqual: Bool { comparisons.allSatisfy(\.differences.isEmpty) }
    }

    private let request: ResumeProofRequest
    private let place: String
    private let madeParent: Bool
    private var generator: SplitMix64
    private var result = Result()

    init(_ request: ResumeProofRequest, in parent: String) throws {
        self.request = request
        generator = SplitMix64(seed: request.seed)
        place = "\(parent)/.verify-resume-\(getpid())"
        madeParent = !FileManager.default.fileExists(atPath: parent)
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
    }

    /// Removes everything that was written. Child processes have ended by then.
    func clean() {
        try? FileManager.default.removeItem(atPath: place)
        // Fails where something else is in it, as it should.
        if madeParent { rmdir((place as NSString).deletingLastPathComponent) }
    }

    /// Trains, kills and compares; throws the exit code of a signal that stops it.
    func run() throws -> Result {
        let straight = ObservedRun(folder: RunFolder(path: place + "/straight"))
        let start = monotonicSeconds()
        let durations = try trainStraight(straight)
        Console.endProgress()
        Console.message(
            "straight run: \(straight.step) steps in \(ProgressPrinter.duration(monotonicSeconds() - start))")
        let fixed = try settings(of: straight)
        var misses = 0
        while result.kills.count < request.kills {
            let before = result.kills.count
            let folder = RunFolder(path: place + "/killed")
            try trainKilled(ObservedRun(folder: folder), steps: max(1, straight.step), durations, fixed)
            result.killedRuns += 1
            result.comparisons.append(try RunComparison(straight.folder, folder))
            guard result.isEqual else { break }
            try FileManager.default.removeItem(atPath: folder.path)
            misses = result.kills.count == before ? misses + 1 : 0
            if misses == 3 { throw ResumeProofError.tooFast(kills: result.kills.count, asked: request.kills) }
        }
        return result
    }

    /// What a run measures when it begins must be the same in both: precision, threads and OpenBLAS's kernel.
    private func settings(of run: ObservedRun) throws -> (assignments: [String], environment: [String: String]) {
        var reader = ConfigReader()
        try reader.read(path: run.folder.file("config.json"))
        let step = run.folder.checkpointSteps().last ?? 0
        let checkpoint = try CheckpointReader(path: run.folder.checkpoint(step: step))
        let state = try TrainingState(serialized: checkpoint.text("/state"))
        return (
            ["training.precision=\(reader.config.training.precision)"],
            [BLASKernel.environmentVariable: state.kernel]
        )
    }

    private func start(
        _ run: ObservedRun, _ assignments: [String] = [], environment: [String: String] = [:]
    ) throws -> TrainingChild {
        let own = [
            "training.steps=\(request.steps)", "training.saveEvery=\(request.saveEvery)", "training.logEvery=1",
            "training.threads=\(ParallelFor.threadCount)",
        ]
        let all = (request.assignments + own + assignments).flatMap { ["--set", $0] }
        return try TrainingChild(
            ["train-folder", run.folder.path, "--config", request.config] + all, environment: environment, log: log)
    }

    /// Trains a run without a kill, and sees how long its parts take.
    private func trainStraight(_ run: ObservedRun) throws -> KillMoment.Durations {
        let child = try start(run)
        let begin = monotonicSeconds()
        var (opened, writing, longest) = (Double?.none, Double?.none, 0.002)
        let end = try watch(child, run) { _ in
            let now = monotonicSeconds()
            if opened == nil, run.logNumber != nil { opened = now - begin }
            if run.temporaryFiles.isEmpty {
                writing = nil
            } else {
                longest = max(longest, now - (writing ?? now))
                writing = writing ?? now
            }
            return false
        }
        if let end { try check(end) }
        let (seconds, start) = (monotonicSeconds() - begin, opened ?? 0.1)
        return .init(
            startSeconds: start, stepSeconds: max(0.001, (seconds - start) / Double(max(1, run.step))),
            writeSeconds: longest)
    }

    /// Trains a run that is killed at planned moments and resumed until its end.
    private func trainKilled(
        _ run: ObservedRun, steps: Int, _ durations: KillMoment.Durations,
        _ fixed: (assignments: [String], environment: [String: String])
    ) throws {
        let count = min(request.kills - result.kills.count, steps)
        for moment in KillMoment.plan(count, steps: steps, durations, &generator) {
            let before = run.logNumber
            let child = try start(run, fixed.assignments, environment: fixed.environment)
            let end = try wait(for: moment, child, run, isTraining: { run.logNumber != before })
            if let end {
                // Over before the moment came; what remains is for another run.
                try check(end)
                return
            }
            guard case .killed(SIGKILL) = child.kill() else { return try check(child.kill()) }
            let kill = Kill(
                step: run.logNumber == before ? nil : run.step,
                file: run.temporaryFiles.first.map(ObservedRun.destination))
            result.kills.append(kill)
            Console.message("kill \(result.kills.count): \(kill.description)")
        }
        let child = try start(run, fixed.assignments, environment: fixed.environment)
        if let end = try watch(child, run, until: { _ in false }) { try check(end) }
        Console.endProgress()
        Console.message("killed run: resumed until step \(run.step)")
    }

    /// - Parameter isTraining: whether the log is the process's own, not that of the process before it.
    /// - Returns: nil where the moment has come, otherwise how the process has ended before.
    private func wait(
        for moment: KillMoment, _ child: TrainingChild, _ run: ObservedRun, isTraining: () -> Bool
    ) throws -> ChildProcess.End? {
        let begin = monotonicSeconds()
        let delay: Double
        let end: ChildProcess.End?
        switch moment {
        case .starting(let seconds):
            delay = 0
            end = try watch(child, run) { _ in monotonicSeconds() - begin >= seconds }
        case .training(let step, let seconds):
            delay = seconds
            end = try watch(child, run) { $0 >= max(1, step) && isTraining() }
        case .writing(let step, let seconds):
            delay = seconds
            end = try watch(child, run) { now in
                now >= step && isTraining() && run.temporaryFiles.contains { $0.contains(".h5.tmp.") }
            }
        }
        if end == nil, delay > 0 { usleep(UInt32(delay * 1e6)) }
        return end
    }

    /// Looks at a run until a condition holds.
    ///
    /// - Returns: nil where it holds, otherwise how the process has ended.
    private func watch(
        _ child: TrainingChild, _ run: ObservedRun, until condition: (_ step: Int) -> Bool
    ) throws -> ChildProcess.End? {
        var shown = -1
        while true {
            if let reason = StopSignal.reason {
                child.kill()
                Console.endProgress()
                throw reason.exitCode ?? .failure
            }
            if let end = child.end() { return end }
            let step = run.step
            if condition(step) { return nil }
            if Console.isTerminal, step != shown {
                Console.progress("\(run.folder.name) run: step \(step) of \(request.steps)")
                shown = step
            }
            usleep(500)
        }
    }

    private func check(_ end: ChildProcess.End) throws {
        switch end {
        case .exited(0): return
        case .exited(let code): throw ResumeProofError.trainingFailed(code: code, messages: lastMessages)
        case .gone: throw ResumeProofError.trainingFailed(code: end.code, messages: lastMessages)
        case .killed(let signal): throw ResumeProofError.endedBySignal(signal, messages: lastMessages)
        }
    }

    private var log: String { place + "/log" }

    /// What the last child process has said at its end.
    private var lastMessages: String {
        let text = String(decoding: FileManager.default.contents(atPath: log) ?? Data(), as: UTF8.self)
        return text.split(separator: "\n").suffix(4).map { "  " + $0 }.joined(separator: "\n")
    }
}

// The work of a job's own process, `luthier job DIR`: checks the data, or trains from where an earlier process stopped.

import Checkpoint
import Datasets
import Files
import Foundation
import Kernels
import Models
import StrictJSON
import Training

/// One step of a job. Everything that it finds out is in files of the job's folder and of the run's.
package struct JobProcess {
    /// What the program exits with where another process has the job.
    package static let heldCode: Int32 = 75

    let folder: JobFolder
    let order: JobOrder
    private let lock: RunLock

    /// Takes the job, for which a process that is just looking at the lock is waited for.
    ///
    /// - Throws: `RunLockError.held` where another process works on it.
    package init(path: String) throws {
        folder = JobFolder(path: path)
        guard let order = folder.order else {
            throw JobFailure(code: "server_error", message: "\(path) holds no order of a job")
        }
        self.order = order
        lock = try JobProcess.lock(path)
        try folder.write(ProcessIdentity.own.json, as: .process)
    }

    private static func lock(_ path: String) throws(RunLockError) -> RunLock {
        for _ in 0..<30 {
            do throws(RunLockError) { return try RunLock(directory: path) } catch {
                guard case .held = error else { throw error }
                usleep(100_000)
            }
        }
        return try RunLock(directory: path)
    }

    /// Checks the files, and writes what they hold or what is wrong with them.
    ///
    /// - Returns: whether training can begin.
    package func check() throws -> Bool {
        defer { lock.release() }
        return try failing {
            try folder.write(try DataCheck(order).run().json, as: .check)
        }
    }

    /// Trains until the end, or until it is told to stop.
    ///
    /// - Returns: why it stopped; nil where the job has failed, which the folder then tells.
    package func train(
        report: @escaping (Training.Progress) -> Void, shouldStop: @escaping () -> StopReason?
    ) throws -> StopReason? {
        defer { lock.release() }
        if folder.outcome != nil { return .finished }
        var reason: StopReason?
        _ = try failing {
            let result = try JobTraining(folder: folder, order: order).run(report: report, shouldStop: shouldStop)
            reason = result.stopped
            guard result.stopped == .finished || result.stopped == .earlyStopping else { return }
            let outcome = JobOutcome(
                stopped: result.stopped.rawValue, steps: result.steps, epochs: result.epochs, seconds: result.seconds,
                tokensPerSecond: result.tokensPerSecond, peakMemoryBytes: result.peakMemoryBytes)
            try folder.write(outcome.json, as: .outcome)
        }
        return reason
    }

    /// Runs a part of the work. What can go wrong with it is written for the service, as clients will read it.
    private func failing(_ body: () throws -> Void) throws -> Bool {
        do {
            try body()
            return true
        } catch {
            let failure = JobFailure(error, order)
            FileHandle.standardError.write(Data("error: \(failure.message)\n".utf8))
            try folder.write(failure.json, as: .failure)
            return false
        }
    }
}

extension JobFailure {
    /// What an error of checking or training means for the job. Paths become the names that the client gave.
    init(_ error: any Error, _ order: JobOrder) {
        var text = "\(error)"
        var param = "training_file"
        if let path = order.validation, text.contains(path) {
            param = "validation_file"
            text = text.replacing(path, with: order.validationName ?? "the validation file")
        }
        text = text.replacing(order.training, with: order.trainingName)
        switch error {
        case let failure as JobFailure: self = failure
        case is DatasetError:
            let file = param == "training_file" ? "training" : "validation"
            self.init(
                code: "invalid_\(param)",
                message: "The job failed due to a file format error in the \(file) file. Invalid file format. \(text)",
                param: param)
        case is ConfigError: self.init(code: "invalid_hyperparameters", message: text, param: "hyperparameters")
        case is ModelError, is CheckpointError: self.init(code: "model_error", message: text, param: "model")
        case TrainingError.diverged, TrainingError.spikesInARow: self.init(code: "training_diverged", message: text)
        case is TrainingError: self.init(code: "invalid_\(param)", message: text, param: param)
        default: self.init(code: "server_error", message: text)
        }
    }
}

/// A process as one that nobody else can be: its number, and when it was started.
package struct ProcessIdentity: Sendable, Equatable {
    package var process: Int32
    /// In the system's own unit; "" where it does not say.
    package var started: String
    /// The start of the machine.
    package var boot: String

    package static var own: ProcessIdentity { ProcessIdentity(of: getpid()) }

    package init(of process: Int32) {
        (self.process, started) = (process, ProcessIdentity.start(of: process) ?? "")
        boot = ProcessIdentity.bootID
    }

    package init?(_ node: JSONNode) {
        guard let object = node.object, let process = object["process"]?.integer, let number = Int32(exactly: process),
            let started = object["started"]?.string, let boot = object["boot"]?.string
        else { return nil }
        (self.process, self.started, self.boot) = (number, started, boot)
    }

    package var json: JSONOutput {
        ["process": .integer(Int(process)), "started": .string(started), "boot": .string(boot)]
    }

    /// Whether this process still runs: not another one of the same number, nor one that nobody has waited for.
    package var isAlive: Bool {
        guard boot == ProcessIdentity.bootID, kill(process, 0) == 0 || errno == EPERM else { return false }
        guard let now = ProcessIdentity.start(of: process) else { return started.isEmpty }
        return now == started
    }

    /// Field 22 of /proc/PID/stat (man 5 proc); nil where there is none, and for a zombie.
    private static func start(of process: Int32) -> String? {
        guard let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
            let end = text.lastIndex(of: ")")
        else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ")
        return fields.count > 19 && fields[0] != "Z" ? String(fields[19]) : nil
    }

    private static let bootID: String =
        ((try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8)) ?? "")
        .trimmingCharacters(in: .whitespacesAndNewlines)
}

// How far a job is, for Luthier's own member of a job: read from the files of its run.

import Foundation
import StrictJSON
import Synchronization

/// Reads runs; what jobs that are over have reached is read once.
final class JobProgress: Sendable {
    private let settings: ServiceSettings
    private let store: Store
    private let known = Mutex<[String: Reached]>([:])

    init(_ store: Store, _ settings: ServiceSettings) { (self.store, self.settings) = (store, settings) }

    /// What a run's files say.
    struct Reached: Sendable {
        var step = 0
        var steps: Int?
        var epoch = 0.0
        var epochs: Int?
        var trainLoss: Double?
        var validationLoss: Double?
        var bestStep: Int?
        var tokensPerSecond: Double?
        var seconds = 0.0
        var peakMemoryBytes: Int?
        var stopped: String?
        var choices: JSONOutput = .array([])
    }

    func reached(_ job: StoredJob) -> Reached {
        if let found = known.withLock({ $0[job.id] }) { return found }
        let reached = read(job)
        if job.phase.isOver { known.withLock { $0[job.id] = reached } }
        return reached
    }

    private func read(_ job: StoredJob) -> Reached {
        var reached = Reached()
        let folder = JobFolder(path: settings.path(ofJob: job.id))
        if let plan = folder.plan {
            (reached.steps, reached.epochs) = (plan.totalSteps, plan.epochs)
        }
        for line in RunLines.read(settings.path(ofRun: job.id) + "/metrics.jsonl") {
            if line.object["learningRate"] != nil {
                reached.step = max(reached.step, line.step)
                reached.epoch = line.object["epoch"]?.number ?? reached.epoch
                reached.trainLoss = line.object["loss"]?.number ?? reached.trainLoss
            } else if let loss = line.object["validationLoss"]?.number {
                if reached.bestStep == nil || loss < reached.validationLoss ?? .infinity {
                    reached.bestStep = line.step
                }
                reached.validationLoss = loss
            }
        }
        for line in RunLines.read(settings.path(ofRun: job.id) + "/timings.jsonl") {
            reached.seconds += line.object["seconds"]?.number ?? 0
            reached.tokensPerSecond = line.object["tokensPerSecond"]?.number ?? reached.tokensPerSecond
            reached.peakMemoryBytes = max(
                reached.peakMemoryBytes ?? 0, line.object["peakMemoryBytes"]?.integer ?? 0)
        }
        if let outcome = folder.outcome { reached.stopped = outcome.stopped }
        return reached
    }

    /// Luthier's own member of a job.
    func json(_ job: StoredJob) -> JSONOutput {
        let reached = reached(job)
        let isRunning = job.phase == .running || job.phase == .pausing
        var left: Double?
        if isRunning, reached.step > 0, let steps = reached.steps {
            left = reached.seconds / Double(reached.step) * Double(max(0, steps - reached.step))
        }
        var position: Int?
        if job.phase == .queued {
            position = (try? store.jobs(in: [.queued]))?.firstIndex { $0.id == job.id }
        }
        return [
            "state": .string(job.phase.rawValue), "queuePosition": .count(position),
            "step": .integer(reached.step), "steps": .count(reached.steps), "epoch": .number(reached.epoch),
            "epochs": .count(reached.epochs), "tokensPerSecond": .real(isRunning ? reached.tokensPerSecond : nil),
            "secondsLeft": .real(left), "seconds": .number(reached.seconds), "trainLoss": .real(reached.trainLoss),
            "validationLoss": .real(reached.validationLoss), "bestStep": .count(reached.bestStep),
            "peakMemoryBytes": .count(reached.peakMemoryBytes), "stopped": .text(reached.stopped),
        ]
    }
}

/// The lines of a run's file of JSON objects that have a step.
enum RunLines {
    struct Line {
        let step: Int
        let object: JSONObject
        let bytes: [UInt8]
    }

    /// Complete lines, in order; none where there is no file.
    static func read(_ path: String, from first: Int = 0) -> [Line] {
        guard let data = FileManager.default.contents(atPath: path) else { return [] }
        var lines: [Line] = []
        for line in data.split(separator: 0x0A) {
            let bytes = [UInt8](line)
            guard let object = (try? JSONText.parse(bytes))?.object, let step = object["step"]?.integer, step >= first
            else { continue }
            lines.append(Line(step: step, object: object, bytes: bytes))
        }
        return lines
    }
}

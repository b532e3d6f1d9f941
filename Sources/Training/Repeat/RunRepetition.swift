// A run done again: from its own config, data, base and seed, phase by phase as it went, up to its newest checkpoint.

import Checkpoint
import Foundation
import Kernels
import Models
import StrictJSON

/// Everything that a run's folder says of how it went, checked against what is here now.
package struct RunRepetition {
    /// The run as it was recorded.
    package let folder: RunFolder
    /// The newest intact checkpoint, which the repetition is compared with.
    package let checkpoint: String
    /// Of that checkpoint.
    package let state: TrainingState
    /// Whether the run was continued with another length or schedule.
    package var isContinued: Bool { !config.training.earlierPlans.isEmpty }
    let config: RunConfig
    private let reader: ConfigReader

    /// Opens a run's folder.
    ///
    /// - Throws: where it holds nothing that could be repeated.
    package init(of folder: RunFolder, notice: (String) -> Void) throws {
        let configPath = folder.file("config.json")
        guard FileManager.default.fileExists(atPath: configPath) else {
            throw RepetitionError.noConfig(path: configPath)
        }
        var reader = ConfigReader()
        try reader.read(path: configPath)
        guard let newest = folder.newestValid(report: notice) else {
            throw RepetitionError.noCheckpoint(path: folder.path)
        }
        guard newest.reader.texts.contains("/state") else {
            throw RepetitionError.noState(path: folder.checkpoint(step: newest.step))
        }
        state = try TrainingState(serialized: newest.reader.text("/state"))
        checkpoint = folder.checkpoint(step: newest.step)
        guard state.step > 0 else { throw RepetitionError.noSteps(path: checkpoint) }
        (self.folder, self.reader, config) = (folder, reader, reader.config)
    }

    /// Settles threads and kernel as the run had them.
    ///
    /// - Parameter threads: nil for the run's own number.
    package func prepareMachine(threads: Int?) {
        Machine.prepare(threads: threads ?? state.threads, kernel: state.kernel)
    }

    /// Checks that data and base are what the run had. Reads all of both.
    ///
    /// - Returns: SHA-256 of the base's weights; nil from scratch.
    /// - Throws: where one of them is gone or different, so that the bytes could not be the same.
    package func checkSources() throws -> String? {
        let documents: RunDocuments
        do { documents = try RunDocuments.read(config.data) } catch {
            throw RepetitionError.dataUnreadable(reason: "\(error)")
        }
        guard documents.hash == state.dataHash else {
            throw RepetitionError.dataChanged(
                recorded: state.dataHash, now: documents.hash, files: changedFiles(documents))
        }
        guard let base = config.model.base else { return nil }
        let now: String
        do { now = try baseHash(base) } catch {
            throw RepetitionError.baseUnreadable(base: base, reason: "\(error)")
        }
        if let recorded = recordedBaseHash, recorded != now {
            throw RepetitionError.baseChanged(base: base, recorded: recorded, now: now)
        }
        return now
    }

    /// Of the base's weights, its context as short as the run's.
    private func baseHash(_ base: String) throws -> String {
        var source = try ModelSource(path: base)
        if config.model.contextLength < source.shape.contextLength {
            source.shortenContext(to: config.model.contextLength)
        }
        guard config.method.baseWeights == .f32 else { return try source.loadFrozen(config.method.baseWeights).hash }
        return SavedModel.hash(of: try source.load().model)
    }

    /// The files whose size or number of lines is not that of `ledger.json`, and those that it does not list.
    private func changedFiles(_ documents: RunDocuments) -> [String] {
        let ledger = FileManager.default.contents(atPath: folder.file("ledger.json"))
            .flatMap { try? JSONText.parse([UInt8]($0)).object }
        let recorded = ledger?["files"]?.array?.compactMap(\.object) ?? []
        return documents.files.compactMap { file in
            guard let entry = recorded.first(where: { $0["file"]?.string == file.path }) else { return file.path }
            let (bytes, lines) = (entry["bytes"]?.integer ?? 0, entry["lines"]?.integer ?? 0)
            guard bytes != file.bytes || lines != file.lines else { return nil }
            return "\(file.path) (\(bytes) bytes, \(lines) lines then; \(file.bytes) bytes, \(file.lines) lines now)"
        }
    }

    /// What this process computes with and the run did not; empty where nothing is different. `prepareMachine` comes first.
    package var machineDifferences: [RecordedDifference] {
        let (here, recorded) = (MachineRecord.here(), MachineRecord.read(folder).last)
        var rows = [
            RecordedDifference("threads", "\(state.threads)", "\(here.threads)"),
            RecordedDifference("OpenBLAS kernel", state.kernel, here.kernel),
        ]
        if let recorded {
            rows += [
                RecordedDifference("OpenBLAS", recorded.openBLAS, here.openBLAS),
                RecordedDifference("oneDNN", recorded.oneDNN, here.oneDNN),
                RecordedDifference("processor", recorded.processor, here.processor),
            ]
        }
        return rows.filter { $0.recorded != $0.here }
    }

    /// What a person should know before it runs.
    package var machineNotes: [String] {
        var notes: [String] = []
        let records = MachineRecord.read(folder)
        if records.isEmpty {
            notes.append("the run has no \(MachineRecord.fileName): its library versions are not known")
        }
        if records.count > 1 {
            notes.append(
                "the run was resumed with other libraries, threads or kernels: it computed with \(records.count) settings, "
                    + "and only the last can be repeated")
        }
        if ParallelFor.threadCount > ParallelFor.availableProcessors {
            notes.append(
                "\(ParallelFor.threadCount) threads share \(ParallelFor.availableProcessors) processors: slower, but the same "
                    + "bytes")
        }
        return notes
    }

    /// SHA-256 of the base's weights when the run began; nil from scratch, and where it was not recorded.
    package var recordedBaseHash: String? { MachineRecord.read(folder).last?.baseHash }

    /// Steps between two lines of the log.
    package var logEvery: Int { config.training.logEvery }

    /// Trains again into `target`, a new folder.
    ///
    /// A run that was continued is repeated as it went: each plan up to the step that it was followed to, then the next, so
    /// that the evaluations at the end of each are there too.
    ///
    /// - Parameter threads: nil for the run's own number.
    /// - Returns: how the last phase ended; nil where `shouldStop` ended it.
    package func run(
        into target: RunFolder, threads: Int?, report: @escaping (Progress) -> Void,
        shouldStop: @escaping () -> StopReason?
    ) throws -> RunResult? {
        var result: RunResult?
        for (index, phase) in try phases().enumerated() {
            var request = RunRequest(reader: phase.reader, folder: target, resume: index > 0)
            request.machine = (threads ?? state.threads, state.kernel)
            let run = try TrainingRun.prepare(request, report: report, shouldStop: shouldStop)
            run.stopsAfter = phase.until
            result = try run.run()
            if shouldStop() != nil { return nil }
        }
        return result
    }

    private struct Phase {
        var reader: ConfigReader
        var until: Int
    }

    private func phases() throws(ConfigError) -> [Phase] {
        var phases: [Phase] = []
        /// The first phase has the complete config; a later one has what changed, as a person gives it on resume.
        func add(
            until: Int, _ plan: LearningRateSchedule.Plan, epochs: Int? = nil, steps: Int?
        ) throws(ConfigError) {
            var next = phases.isEmpty ? reader : ConfigReader()
            func set(_ key: String, _ value: JSONOutput) throws(ConfigError) {
                try next.set(key, toText: value.serialized(), source: "repro", origin: "repro")
            }
            if phases.isEmpty { try set("training.earlierPlans", .array([])) }
            if let epochs { try set("training.epochs", .integer(epochs)) }
            try set("training.steps", steps.map { .integer($0) } ?? .null)
            try set("training.schedule", .string(plan.shape.rawValue))
            try set("training.cooldownFraction", .number(plan.cooldownFraction))
            phases.append(Phase(reader: next, until: until))
        }
        for earlier in config.training.earlierPlans {
            try add(until: earlier.until, earlier.plan, steps: earlier.plan.totalSteps)
        }
        guard !phases.isEmpty else { return [Phase(reader: reader, until: state.step)] }
        try add(
            until: state.step, config.learningRatePlan(totalSteps: state.totalSteps), epochs: config.training.epochs,
            steps: config.training.steps)
        return phases
    }
}

/// One thing that was recorded with a run, and what it is here.
package struct RecordedDifference: Sendable, Equatable {
    package let name: String
    package let recorded: String
    package let here: String

    package init(_ name: String, _ recorded: String, _ here: String) {
        (self.name, self.recorded, self.here) = (name, recorded, here)
    }
}

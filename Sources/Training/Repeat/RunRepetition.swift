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
        do { documents = try config.readDocuments() } catch {
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

    /// The files whose size, number of lines or content is not that of `ledger.json`, and those that it does not list.
    private func changedFiles(_ documents: RunDocuments) -> [String] {
        let ledger = FileManager.default.contents(atPath: folder.file("ledger.json"))
            .flatMap { try? JSONText.parse([UInt8]($0)).object }
        let recorded = ledger?["files"]?.array?.compactMap(\.object) ?? []
        return documents.files.compactMap { file in
            guard let entry = recorded.first(where: { $0["file"]?.string == file.path }) else { return file.path }
            let (bytes, lines) = (entry["bytes"]?.integer ?? 0, entry["lines"]?.integer ?? 0)
            guard bytes != file.bytes || lines != file.lines else {
                // Runs of earlier versions have no hashes of files.
                let recorded = entry["sha256"]?.string
                return recorded == nil || recorded == file.hash
                    ? nil : "\(file.path) (as long as then; its SHA-256 differs)"
            }
            return "\(file.path) (\(bytes) bytes, \(lines) lines then; \(file.bytes) bytes, \(file.lines) lines now)"
        }
    }

    /// What this process computes with and the run did not; empty where nothing is different. `prepareMachine` comes first.
    package var machineDifferences: [RecordedDifference] {
        var rows = [
            RecordedDifference("threads", "\(state.threads)", "\(ParallelFor.threadCount)"),
            RecordedDifference("OpenBLAS kernel", state.kernel, BLASKernel.name),
        ]
        if let recorded = MachineRecord.read(folder).last {
            rows += [
                RecordedDifference("OpenBLAS", recorded.openBLAS, BLASKernel.library),
                RecordedDifference("oneDNN", recorded.oneDNN, RoundedWeight.libraryVersion),
                RecordedDifference("processor", recorded.processor, MachineRecord.processorName ?? "unknown"),
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
        let machines = records.map { [$0.processor, $0.openBLAS, $0.oneDNN, $0.kernel] }
        if Set(machines).count > 1 {
            notes.append("the run was resumed with another processor or other libraries; only the last can be repeated")
        }
        if ParallelFor.threadCount > ParallelFor.availableProcessors {
            notes.append(
                "\(ParallelFor.threadCount) threads share \(ParallelFor.availableProcessors) processors: slower, but the "
                    + "same bytes")
        }
        return notes
    }

    /// SHA-256 of the base's weights when the run began; nil from scratch, and where it was not recorded.
    package var recordedBaseHash: String? { MachineRecord.read(folder).last?.baseHash }

    /// Steps between two lines of the log.
    package var logEvery: Int { config.training.logEvery }

    /// Trains again into `target`, a new folder.
    ///
    /// A run that was continued is repeated part by part: each plan up to the step that it was followed to, then the next, so
    /// that the evaluation and the line of the log at the end of each are there too.
    ///
    /// - Parameter threads: nil for the run's own number.
    /// - Returns: how the last part ended; nil where `shouldStop` ended it.
    package func run(
        into target: RunFolder, threads: Int?, report: @escaping (Progress) -> Void,
        shouldStop: @escaping () -> StopReason?
    ) throws -> RunResult? {
        var result: RunResult?
        for (index, part) in parts.enumerated() {
            let own = try index == 0 ? firstReader(part) : laterReader(part)
            var request = RunRequest(reader: own, folder: target, resume: index > 0)
            request.machine = (threads ?? part.threads, state.kernel)
            let run = try TrainingRun.prepare(request, report: report, shouldStop: shouldStop)
            run.stopsAfter = part.until
            result = try run.run()
            if shouldStop() != nil { return nil }
        }
        return result
    }

    /// Steps in a row that followed one plan on one machine.
    private struct Part {
        var plan: LearningRateSchedule.Plan
        /// Steps that are taken at its end.
        var until: Int
        var threads: Int
        var isLast = false
    }

    /// As the run recorded them; of a run of an earlier version, what its schedule says.
    private var parts: [Part] {
        let records = MachineRecord.read(folder).filter { $0.firstStep < state.step }
        var parts = zip(records, records.dropFirst().map(\.firstStep) + [state.step]).map { record, until in
            Part(plan: record.plan, until: until, threads: record.threads)
        }
        if parts.isEmpty {
            parts = config.training.earlierPlans.map { Part(plan: $0.plan, until: $0.until, threads: state.threads) }
            let plan = config.learningRatePlan(totalSteps: state.totalSteps)
            parts.append(Part(plan: plan, until: state.step, threads: state.threads))
        }
        parts[parts.count - 1].isLast = true
        return parts
    }

    /// The complete config, with the length of the first part.
    private func firstReader(_ part: Part) throws(ConfigError) -> ConfigReader {
        var own = reader
        guard !part.isLast else { return own }
        try own.set("training.earlierPlans", toText: "[]", source: "repro", origin: "repro")
        try setPlan(part, &own)
        return own
    }

    /// What changed, as a person gives it on resume.
    private func laterReader(_ part: Part) throws(ConfigError) -> ConfigReader {
        var own = ConfigReader()
        try setPlan(part, &own)
        return own
    }

    private func setPlan(_ part: Part, _ own: inout ConfigReader) throws(ConfigError) {
        // The last part has what the run's config says, which may count epochs.
        let steps = part.isLast ? config.training.steps : part.plan.totalSteps
        let values: [(key: String, value: JSONOutput)] = [
            ("training.epochs", .integer(config.training.epochs)),
            ("training.steps", steps.map { .integer($0) } ?? .null),
            ("training.schedule", .string(part.plan.shape.rawValue)),
            ("training.cooldownFraction", .number(part.plan.cooldownFraction)),
        ]
        for (key, value) in values {
            try own.set(key, toText: value.serialized(), source: "repro", origin: "repro")
        }
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

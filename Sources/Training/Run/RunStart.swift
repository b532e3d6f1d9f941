// Where a run starts: at step 0, or at the newest valid checkpoint of its folder.

import Checkpoint
import Foundation
import Kernels
import Models
import StrictJSON

/// What a run was asked for, and the checkpoint that it resumes from.
struct RunStart {
    /// As it was given; on resume, the run's own with what may change.
    let config: RunConfig
    /// Key path → where its value came from.
    let origins: [String: String]
    /// The config that a resumed run had; nil at step 0.
    let earlier: RunConfig?
    /// nil at step 0.
    private(set) var checkpoint: CheckpointReader?
    private(set) var state: TrainingState?

    var isResumed: Bool { checkpoint != nil }

    /// Opens the newest valid checkpoint of a run that is resumed, and settles what the process computes with.
    static func open(_ request: RunRequest, notice: (String) -> Void) throws -> RunStart {
        var reader = request.reader
        let checkpoint = request.resume ? request.folder.newestValid { notice($0) }?.reader : nil
        if request.resume, checkpoint == nil, !request.folder.checkpointSteps().isEmpty {
            throw TrainingError.noIntactCheckpoint(path: request.folder.path)
        }
        let state = try checkpoint.map { try TrainingState(serialized: $0.text("/state")) }
        let earlier =
            state == nil ? nil : try keepRunConfig(&reader, of: request.folder, notice: notice)
        try prepareMachine(reader.config, state, request, notice: notice)
        guard !reader.config.data.train.isEmpty else { throw TrainingError.nothingToTrain("data.train names no file") }
        return RunStart(
            config: reader.config, origins: reader.origins, earlier: earlier, checkpoint: checkpoint, state: state)
    }

    /// The same run at an earlier checkpoint.
    func rewound(to reader: CheckpointReader) throws -> RunStart {
        var copy = self
        copy.checkpoint = reader
        copy.state = try TrainingState(serialized: reader.text("/state"))
        return copy
    }

    /// Keys that a resumed run may change: they say how long it runs and what is kept, not what is computed.
    private static let changeable: Set<String> = [
        "training.epochs", "training.steps", "training.schedule", "training.cooldownFraction", "training.saveEvery",
        "training.keepLast", "training.logEvery", "training.threads", "training.shardOptimizer",
        "training.earlyStoppingPatience",
        "evaluation.every", "evaluation.batchSize", "evaluation.samples", "data.train", "data.validation", "data.test",
        "generation.maximumTokens", "generation.temperature", "generation.topK", "generation.topP",
        "generation.repetitionPenalty", "generation.stop",
    ]

    /// A resumed run keeps its own config; what is given now may change how long it runs and what it keeps.
    ///
    /// - Returns: the run's own config.
    private static func keepRunConfig(
        _ reader: inout ConfigReader, of folder: RunFolder, notice: (String) -> Void
    ) throws -> RunConfig {
        var earlier = ConfigReader()
        try earlier.read(path: folder.file("config.json"))
        for difference in try reader.merge(into: earlier, changeable: changeable) where difference.here != "null" {
            notice("\(difference.path) changes from \(difference.there) to \(difference.here)")
        }
        let origins = FileManager.default.contents(atPath: folder.file("origins.json"))
            .flatMap { try? JSONText.parse([UInt8]($0)).object }
        for member in origins?.members ?? [] where member.value.string == RunPlan.measuredOrigin {
            reader.note(origin: RunPlan.measuredOrigin, of: member.key)
        }
        return earlier.config
    }

    /// Sets threads and OpenBLAS's kernel; a resumed run keeps the kernel it was started with.
    private static func prepareMachine(
        _ config: RunConfig, _ state: TrainingState?, _ request: RunRequest, notice: (String) -> Void
    ) throws(ModelError) {
        let given = request.machine
        let threads = given?.threads ?? config.training.threads
        try Memory.checkLimits(threads: threads)
        // A run that was killed before its first checkpoint starts again with what it had chosen.
        let earlier = request.resume ? MachineRecord.read(request.folder).last?.kernel : nil
        let kernel = Machine.prepare(threads: threads, kernel: state?.kernel ?? given?.kernel ?? earlier)
        guard let state else { return }
        if kernel != state.kernel {
            notice("OpenBLAS has no kernel \(state.kernel) here: \(kernel) continues, and the last bits will differ")
        }
        let ranks = request.ranks?.count ?? 1
        if ranks != state.ranks {
            notice(
                "the run was started with \(RunStart.text(ranks: state.ranks)) and continues with \(RunStart.text(ranks: ranks)): "
                    + "the last bits may differ")
        }
        if ParallelFor.threadCount != state.threads {
            notice(
                "the run was started with \(state.threads) threads and continues with \(ParallelFor.threadCount): "
                    + "the last bits may differ")
        }
    }

    private static func text(ranks: Int) -> String { ranks == 1 ? "1 process" : "\(ranks) processes" }
}

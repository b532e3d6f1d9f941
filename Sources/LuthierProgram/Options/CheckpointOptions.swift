// The model that a command uses: the given one, otherwise the newest run.

import Arguments
import Foundation
import Kernels
import Models

struct CheckpointOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Checkpoint, run, Hugging Face or PEFT folder, fetched model; by default the newest run.",
            valueName: "path",
            completion: .model
        ))
    var checkpoint: String?
    @Option(help: "Number of threads (0 = all cores).")
    var threads: Int = 0

    func validate() throws(ValidationError) {
        guard (0...1024).contains(threads) else {
            throw ValidationError("--threads \(threads) must be between 0 and 1024")
        }
    }

    /// Sets threads and kernel, opens the model, says which one it is, and prints notes about unused parts of its files.
    ///
    /// - Parameter config: where no model is named, the newest run that was started with this file is meant.
    func open(config: String? = nil) throws -> ModelSource {
        try Memory.checkLimits(threads: threads)
        Machine.prepare(threads: threads)
        let source = try ModelSource(path: path(config: config))
        Console.message("model: \(source.path)")
        for note in source.notes { Console.message("note: \(note)") }
        return source
    }

    /// The path of the model; a run's name means its folder.
    func path(config: String? = nil) throws(ModelError) -> String {
        if let checkpoint {
            let run = RunFolder(path: "checkpoints/\(checkpoint)")
            return !checkpoint.contains("/") && run.exists ? run.path : checkpoint
        }
        let runs = RunFolder.all(in: "checkpoints")
        if let config {
            guard let run = runs.first(where: { $0.wasStarted(with: config) }) else {
                throw .noRunOfConfig(config, runs: runs.map(\.name))
            }
            return run.path
        }
        guard let newest = runs.first else { throw .notFound(path: "checkpoints/") }
        return newest.path
    }

    /// The folder of the model's run; nil if it is not from a run.
    func runFolder(config: String? = nil) throws -> RunFolder? {
        let path = try path(config: config)
        let folder = RunFolder(path: path.hasSuffix(".h5") ? (path as NSString).deletingLastPathComponent : path)
        return FileManager.default.fileExists(atPath: folder.file("origins.json")) ? folder : nil
    }
}

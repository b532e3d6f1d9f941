// Which model a command works with: the one named, else the newest run.

import Arguments
import Foundation
import Kernels
import Models

struct CheckpointOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Checkpoint, run, Hugging Face or PEFT folder; the newest run by default.", valueName: "path"))
    var checkpoint: String?
    @Option(help: "Threads; 0 for one a core.")
    var threads: Int = 0

    /// Opens the model and reads its weights.
    ///
    /// - Parameter format: of the copy that generation will make of them.
    func load(copying format: WeightFormat? = nil) throws -> SavedModel { try open().load(copying: format) }

    /// Opens the model after setting threads and kernel, and says what of its files is not used.
    func open() throws -> ModelSource {
        Machine.prepare(threads: threads)
        let source = try ModelSource(path: path())
        for note in source.notes { Console.message("note: \(note)") }
        return source
    }

    /// The path of the model; a bare run name stands for its folder.
    func path() throws(ModelError) -> String {
        if let checkpoint {
            let run = RunFolder(path: "checkpoints/\(checkpoint)")
            return !checkpoint.contains("/") && run.exists ? run.path : checkpoint
        }
        guard let newest = RunFolder.newest(in: "checkpoints") else { throw .notFound(path: "checkpoints/") }
        return newest.path
    }

    /// The folder of the run that the model belongs to; nil for a model of other origin.
    func runFolder() throws -> RunFolder? {
        let path = try path()
        let folder = RunFolder(path: path.hasSuffix(".h5") ? (path as NSString).deletingLastPathComponent : path)
        return FileManager.default.fileExists(atPath: folder.file("origins.json")) ? folder : nil
    }
}

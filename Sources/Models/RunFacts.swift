// What the files of a checkpoint's run say for its model card: data, measurements, machine and config.

import Fetching
import Foundation
import StrictJSON

/// Facts from the folder that a checkpoint is in; empty where it is not a run's.
struct RunFacts {
    struct File {
        var name: String
        var split: String
        var lines: Int
        var bytes: Int
        /// SHA-256; empty for a run of an earlier version.
        var hash: String
    }

    /// Each file once, in the order of reading.
    private(set) var files: [File] = []
    /// Of the training split: rows, tokens, and tokens that are learned.
    private(set) var trained: (rows: Int, tokens: Int, predictions: Int)?
    /// The evaluation with the smallest loss.
    private(set) var best: JSONObject?
    /// What the last part of the run computed with.
    private(set) var machine: JSONObject?
    /// The run's config.json, which trains the model again.
    private(set) var config: String?
    /// The run's name.
    private(set) var name: String?

    /// - Parameter checkpoint: path of the checkpoint.
    init(checkpoint: String) {
        let folder = RunFolder(path: (checkpoint as NSString).deletingLastPathComponent)
        guard !folder.path.isEmpty, RunFolder.isRun(folder.path) else { return }
        func contents(_ file: String) -> [UInt8]? {
            FileManager.default.contents(atPath: folder.file(file)).map { [UInt8]($0) }
        }
        name = folder.name
        config = contents("config.json").map { String(decoding: $0, as: UTF8.self) }
        machine = contents("machine.json").flatMap { try? JSONText.parse($0).array }?.last?.object
        for line in (contents("metrics.jsonl") ?? []).split(separator: 0x0A) {
            guard let object = try? JSONText.parse([UInt8](line)).object,
                let loss = object["validationLoss"]?.number
            else { continue }
            if loss < best?["validationLoss"]?.number ?? .infinity { best = object }
        }
        guard let ledger = contents("ledger.json").flatMap({ try? JSONText.parse($0).object }) else { return }
        for node in ledger["files"]?.array ?? [] {
            guard let file = node.object, let name = file["file"]?.string else { continue }
            let split = file["split"]?.string ?? ""
            // A file that is read several times is listed as often.
            guard !files.contains(where: { $0.name == name && $0.split == split }) else { continue }
            files.append(
                File(
                    name: name, split: split, lines: file["lines"]?.integer ?? 0, bytes: file["bytes"]?.integer ?? 0,
                    hash: file["sha256"]?.string ?? ""))
        }
        if let train = ledger["splits"]?.object?["train"]?.object {
            trained = (
                train["trained"]?.integer ?? 0, train["tokens"]?.integer ?? 0, train["predictions"]?.integer ?? 0
            )
        }
    }

    /// The licence of a base, as its publisher states it; nil where nothing here knows it.
    static func licence(of base: String) -> String? {
        if let model = PublishedModel.all.first(where: { $0.name == base }) { return model.licence }
        guard !FileManager.default.fileExists(atPath: base), let name = try? ModelName(base) else { return nil }
        return ModelCache(.process).model(name)?.record?.licence
    }
}

// A run small enough that a test trains it in a second, through the library's own interface.

import Foundation
import Luthier
import TestSupport

/// Data, and a tuning of a model of a few thousand parameters on it.
struct TinyRun {
    let folder: TemporaryFolder
    var tuning = FineTuning()

    /// - Parameter rows: whether the data are conversations rather than a text.
    init(in folder: TemporaryFolder, rows: Bool = false) throws {
        self.folder = folder
        _ = QuietMachine.kernel
        let text = String(repeating: "the cat sat on the mat. the dog sat on the log. ", count: 40)
        let row = #"{"messages": [{"role": "user", "content": "NUMBER?"}, {"role": "assistant", "content": "yes"}]}"#
        let data = rows ? (1...40).map { row.replacing("NUMBER", with: "\($0)") + "\n" }.joined() : text
        let path = try folder.write(data, as: rows ? "rows.jsonl" : "text.txt")
        try tuning.set("data.train", to: [path])
        let values = [
            "model.blockCount": "1", "model.headCount": "2", "model.modelWidth": "32", "model.contextLength": "64",
            "tokenizer.vocabularySize": "257", "training.steps": "20", "training.batchSize": "2",
            "training.learningRate": "1e-2", "training.threads": "1", "evaluation.every": "10",
            "generation.maximumTokens": "8",
        ]
        for (key, value) in values { try tuning.set(key, to: value) }
    }
}

// Writes the bits of a checkpoint's logits: the one figure for comparing revisions that the program does not print.

import Foundation
import Kernels
import Model

#if canImport(Models)
    import Models
#else
    import Training
#endif

/// `logits CHECKPOINT OUTPUT`. `Tests/compare_revisions.py` adds this program to copies of two revisions.
@main enum Logits {
    static func main() throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 3 else {
            print("usage: logits CHECKPOINT OUTPUT")
            exit(2)
        }
        ParallelFor.configure(threads: 2)
        BLASKernel.choose()
        let model = try SavedModel(path: arguments[1]).model
        // Sequences of several lengths in one pass, then one so short that other products do the work.
        var bits = Data()
        for lengths in [[model.config.contextLength, 1, 37], [5]] {
            let logits = model.logits(batch(lengths, vocabularySize: model.config.vocabularySize))
            withExtendedLifetime(logits) { bits.append(Data(buffer: logits.buffer)) }
        }
        try bits.write(to: URL(fileURLWithPath: arguments[2]))
    }

    /// Sequences of fixed tokens that run through the whole vocabulary.
    private static func batch(_ lengths: [Int], vocabularySize: Int) -> SequenceBatch {
        var batch = SequenceBatch()
        for (example, length) in lengths.enumerated() {
            let tokens = (0..<length).map { Int32((101 * $0 + 29 * example + 3) % vocabularySize) }
            batch.append(tokens: tokens, targets: tokens, example: example)
        }
        return batch
    }
}

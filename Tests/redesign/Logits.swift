// Writes the bits of a checkpoint's logits: the one result for comparing revisions that the program does not print.

import Foundation
import Kernels
import Model

#if canImport(Models)
    import Models

    extension Transformer {
        var shape: Architecture { architecture }
    }
#else
    import Training

    extension Transformer {
        var shape: ModelConfig { config }
    }
#endif

/// `logits CHECKPOINT FOLDER`. `Tests/compare_revisions.py` adds this program to copies of two revisions.
@main enum Logits {
    static func main() throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 3 else {
            print("usage: logits CHECKPOINT FOLDER")
            exit(2)
        }
        ParallelFor.configure(threads: 2)
        BLASKernel.choose()
        let model = try SavedModel(path: arguments[1]).model
        let folder = URL(fileURLWithPath: arguments[2])
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try passes(model).write(to: folder.appendingPathComponent("passes"))
        for format in [WeightFormat.f32, .bf16, .int8] {
            try decoded(model, format).write(to: folder.appendingPathComponent("decoded \(format.rawValue)"))
        }
    }

    /// Sequences of several lengths in one pass, then one so short that other products do the work.
    private static func passes(_ model: Transformer) -> Data {
        var bits = Data()
        for lengths in [[model.shape.contextLength, 1, 37], [5]] {
            var batch = SequenceBatch()
            for (example, length) in lengths.enumerated() {
                let tokens = tokens(length, model.shape.vocabularySize, start: example)
                batch.append(tokens: tokens, targets: tokens, example: example)
            }
            let logits = model.logits(batch)
            withExtendedLifetime(logits) { bits.append(Data(buffer: logits.buffer)) }
        }
        return bits
    }

    /// A prompt read at once, then token by token up to the context's end, from weights copied in `format`.
    private static func decoded(_ model: Transformer, _ format: WeightFormat) -> Data {
        var bits = Data()
        let (decoder, cache) = (Decoder(model, format: format), KeyValueCache(model.shape))
        let tokens = tokens(model.shape.contextLength, model.shape.vocabularySize, start: 0)
        for part in [tokens[..<20]] + (20..<tokens.count).map({ tokens[$0...$0] }) {
            let logits = decoder.advance(cache, by: Array(part))
            withExtendedLifetime(decoder) {
                bits.append(Data(buffer: UnsafeBufferPointer(start: logits.base, count: logits.count)))
            }
        }
        return bits
    }

    /// Fixed tokens from all of the vocabulary.
    private static func tokens(_ count: Int, _ vocabularySize: Int, start: Int) -> [Int32] {
        (0..<count).map { Int32((101 * $0 + 29 * start + 3) % vocabularySize) }
    }
}

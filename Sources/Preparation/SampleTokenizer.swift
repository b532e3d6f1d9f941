// A tokenizer for counting if none is given: trained on the beginning of each input.

import Datasets
import Tokenizer

enum SampleTokenizer {
    /// Bytes to train on, and the vocabulary size, the default of training from scratch.
    static let sampleBytes = 2 << 20
    static let vocabularySize = 4096

    static func learn(_ files: [InputFile], _ request: PreparationRequest) throws -> Tokenizer {
        let scan = CorpusScan(
            files: files, text: request.text, options: request.options, fixer: Fixer(),
            contextLength: request.contextLength, tokenizer: .bytes, findsNearDuplicates: false)
        var texts: [[UInt8]] = []
        let share = sampleBytes / max(1, files.count)
        for number in files.indices {
            var taken = 0
            try scan.firstRows(of: number, while: { taken < share }) { row in
                for part in row.parts {
                    taken += part.text.count
                    texts.append(Array(part.text.prefix(share)))
                }
            }
        }
        guard texts.contains(where: { !$0.isEmpty }) else { return .bytes }
        return try Tokenizer.train(on: texts, vocabularySize: vocabularySize, split: .gpt2)
    }
}

extension CorpusScan {
    /// Reads the rows of one file from its beginning while `needsMore` returns true.
    func firstRows(of number: Int, while needsMore: () -> Bool, _ body: (Row) -> Void) throws {
        let only = CorpusScan(
            files: [files[number]], text: text, options: options, fixer: fixer, contextLength: contextLength,
            tokenizer: tokenizer, findsNearDuplicates: false)
        struct Enough: Error {}
        do {
            try only.forEachBatch { batch, parser, _ in
                var findings = FindingLedger()
                try batch.bytes.withUnsafeBufferPointer { bytes in
                    for (index, record) in batch.records.enumerated() {
                        guard needsMore() else { throw Enough() }
                        parser.rows(of: record, number: index, in: bytes, &findings) { parsed, _ in body(parsed.row) }
                    }
                }
            }
        } catch is Enough {}
    }
}

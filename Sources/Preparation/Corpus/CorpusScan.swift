// One pass over all inputs: splits records, parses, fixes, checks and indexes rows, on all threads.

import Datasets
import Kernels
import Tokenizer

/// Reads the inputs and passes each batch of records to a closure.
struct CorpusScan {
    let files: [InputFile]
    let text: TextCut
    let options: RowOptions
    let fixer: Fixer
    let contextLength: Int
    let tokenizer: Tokenizer
    let findsNearDuplicates: Bool
    /// Shared text that does not make rows similar.
    var boilerplate = Boilerplate()
    /// Endings of all prompts and answers.
    var endings = CommonEndings()

    /// The hash that identifies equal answers, ignoring white space at both ends.
    static func answerHash(_ text: [UInt8]) -> UInt64 {
        var builder = FingerprintBuilder()
        builder.add(text, speaker: FingerprintBuilder.speaker(.assistant))
        return builder.fingerprint.exact
    }

    /// Reads everything into an index.
    ///
    /// - Parameter progress: called after each batch with the bytes and rows so far.
    func corpus(progress: (Int, Int) -> Void) throws -> Corpus {
        var corpus = Corpus(files: files, tokenizer: tokenizer)
        var startedFiles = Set<Int>()
        try forEachBatch { batch, parser, bytesRead in
            if startedFiles.insert(batch.file).inserted {
                var found = parser.headerFindings
                if fixer.accepted.contains(Rule.unknownKeys) { found.remove(Rule.unknownKeys) }
                corpus.findings.add(found)
            }
            let parts = CorpusScan.inParallel(batch.records.count) { range in
                var indexer = RowIndexer(scan: self, split: files[batch.file].split)
                batch.bytes.withUnsafeBufferPointer { bytes in
                    for index in range {
                        indexer.add(batch.records[index], number: batch.firstRecord + index, in: bytes, parser)
                    }
                }
                return indexer
            }
            for part in parts { corpus.add(part) }
            corpus.bytes = bytesRead
            progress(bytesRead, corpus.entries.count)
        } emptyFile: { file in
            corpus.findings.add("empty-file", Finding(file: file, line: 1, column: 1, message: "no row"))
        }
        return corpus
    }

    /// Reads all files in batches, in the order of files and rows.
    func forEachBatch(
        _ body: (RecordBatch, RowParser, Int) throws -> Void, emptyFile: (Int) -> Void = { _ in }
    ) throws {
        var bytesOfEarlierFiles = 0
        for (number, file) in files.enumerated() {
            let reader = try RecordReader(
                path: file.path, file: number, text: text, delimiter: options.delimiter)
            var parser: RowParser?
            while let batch = try reader.next() {
                var batch = batch
                if parser == nil, let first = batch.records.first {
                    let made = try batch.bytes.withUnsafeBufferPointer { bytes in
                        try RowParser(
                            file: number, format: reader.format, options: options, path: file.path, first: first,
                            in: bytes)
                    }
                    if made.hasHeader { batch = batch.withoutFirst }
                    parser = made
                }
                if let parser { try body(batch, parser, bytesOfEarlierFiles + reader.bytesRead) }
            }
            if reader.recordCount == (parser?.hasHeader == true ? 1 : 0) { emptyFile(number) }
            bytesOfEarlierFiles += reader.bytesRead
        }
    }

    /// Runs `body` on consecutive ranges in parallel and returns the results in order.
    static func inParallel<Result>(_ count: Int, _ body: (Range<Int>) -> Result) -> [Result] {
        let parts = max(1, min(count / 64, ParallelFor.threadCount * 4))
        var results = [Result?](repeating: nil, count: parts)
        results.withUnsafeMutableBufferPointer { buffer in
            let shared = SharedBuffer(buffer)
            ParallelFor.tasks(parts) { part in
                shared.buffer[part] = body(count * part / parts..<count * (part + 1) / parts)
            }
        }
        return results.compactMap { $0 }
    }
}

extension Corpus {
    /// Adds one thread's results for the rows after those added before.
    mutating func add(_ part: RowIndexer) {
        signatures.add(part.signatures, after: entries.count)
        promptSignatures.add(part.promptSignatures, after: entries.count)
        entries += part.entries
        prompts.add(part.prompts)
        answers.add(part.answers)
        labels.add(part.labels)
        findings.add(part.findings)
        unreadable += part.unreadable
        for (rule, count) in part.dropped { dropped[rule, default: 0] += count }
        for (rule, effect) in part.effects { effects[rule, default: FixEffect()].add(effect) }
        columns.add(part.columns)
        tokens += part.tokens
    }
}

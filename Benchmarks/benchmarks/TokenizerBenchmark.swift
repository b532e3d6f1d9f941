// Encodes text files on one thread and on all threads.

import Arguments
import Datasets
import Kernels
import StrictJSON
import Tokenizer

struct TokenizerBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tokenizer",
        abstract: "Encode text files on one thread, then on all threads: megabytes per second.")
    @OptionGroup var machine: MachineOptions
    @Option(
        help: ArgumentHelp("Folder of the tokenizer; by default one is trained on the first file.", valueName: "path"))
    var tokenizer: String?
    @Argument(help: "Text files.") var files: [String]
    @Flag(help: "Train a vocabulary of 8,192 on the first file.") var train = false
    @Flag(help: "Print only the JSON line.") var json = false

    mutating func run() throws {
        try machine.prepare()
        let texts = try files.map { path throws(DatasetError) in try TextFile(path: path) }
        let encoder: Tokenizer
        var trainingSeconds: Double?
        if let tokenizer, !train {
            encoder = try Tokenizer(path: tokenizer)
        } else {
            let start = monotonicSeconds()
            encoder = try Tokenizer.train(on: [texts[0].bytes], vocabularySize: 8192, split: .gpt2)
            trainingSeconds = monotonicSeconds() - start
        }
        var (bytes, seconds, ids) = (0, 0.0, 0)
        for text in texts {
            var best = Double.infinity
            for _ in 0..<3 {
                let start = monotonicSeconds()
                ids = try encoder.encode(text.bytes).count
                best = min(best, monotonicSeconds() - start)
            }
            bytes += text.bytes.count
            seconds += best
            if !json {
                let rate = Double(text.bytes.count) / best / 1e6
                print("\(text.path): \(text.bytes.count) bytes, \(ids) tokens, \(Report.column(rate)) MB/s")
            }
        }
        let rate = Double(bytes) / seconds / 1e6
        let together = texts.map { parallelRate(encoder, $0.bytes) }.max() ?? 0
        if !json { print("\(ParallelFor.threadCount) threads: \(Report.column(together, width: 1)) MB/s") }
        Report.json(
            "tokenizer",
            [
                ("vocabularySize", .integer(encoder.vocabularySize)), ("megabytesPerSecond", .number(rate)),
                ("parallelMegabytesPerSecond", .number(together)),
                ("trainingSeconds", trainingSeconds.map { .number($0) } ?? .null),
            ])
    }

    /// MB/s of all threads, each with a part of the text that ends at a line end.
    private func parallelRate(_ encoder: Tokenizer, _ bytes: [UInt8]) -> Double {
        let count = ParallelFor.threadCount
        var bounds = [0]
        for part in 1..<max(count, 1) {
            let middle = max(bounds[part - 1], bytes.count * part / count)
            bounds.append(bytes[middle...].firstIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? bytes.count)
        }
        bounds.append(bytes.count)
        let parts = zip(bounds, bounds.dropFirst()).map { Array(bytes[$0..<$1]) }
        var best = Double.infinity
        for _ in 0..<3 {
            let start = monotonicSeconds()
            ParallelFor.tasks(count) { part in _ = try? encoder.encode(parts[part]) }
            best = min(best, monotonicSeconds() - start)
        }
        return Double(bytes.count) / best / 1e6
    }
}

// Texts, configs and models small enough that a test trains one in a blink.

import Datasets
import Evaluation
import Foundation
import Kernels
import Model
import Models
import TestSupport
import Testing
import Tokenizer
import Training

enum TinyTraining {
    static let tokenizer = Tokenizer.bytes

    /// Two blocks, sixteen wide, eight tokens of context, bytes for tokens; one thread.
    static func config(_ change: (inout RunConfig) -> Void = { _ in }) -> RunConfig {
        var config = RunConfig()
        (config.model.blockCount, config.model.headCount, config.model.modelWidth) = (2, 2, 16)
        config.model.contextLength = 8
        config.tokenizer.vocabularySize = 257
        (config.training.batchSize, config.training.steps, config.training.threads) = (4, 100, 1)
        change(&config)
        config.resolve(totalSteps: config.training.steps ?? 100)
        return config
    }

    /// A model with its initial weights, ten times as large, so that its answers differ from token to token.
    static func model(_ config: RunConfig, vocabularySize: Int = 257, seed: UInt64 = 3) -> Transformer {
        var shape = config.model.shape
        shape.vocabularySize = vocabularySize
        return TinyModel.make(shape, seed: seed)
    }

    /// A text whose lines are documents.
    static func text(_ lines: String, path: String = "t.txt", format: DataFormat = .lines) throws -> TokenizedText {
        let file = try TextFile(path: path, bytes: Array(lines.utf8))
        return try TokenizedText(
            Document.documents(of: file, format: format), tokenizer: tokenizer, EncodingOptions())
    }

    static func trainer(_ text: TokenizedText, _ config: RunConfig, model: Transformer? = nil) -> Trainer {
        let set = TrainingSet(
            text, contextLength: config.model.contextLength, shuffles: config.data.shuffle,
            seed: UInt64(config.training.seed))
        var state = TrainingState()
        state.seed = config.training.seed
        state.totalSteps = config.training.steps ?? 100
        return Trainer(
            model: model ?? self.model(config), data: set, tokenizer: tokenizer, config: config, state: state)
    }
}

/// Floats compared bit by bit, so that NaN equals itself and -0 differs from 0. A failed test does not list them.
struct Bits: Equatable, CustomTestStringConvertible {
    private let words: [UInt32]

    init(_ values: some Sequence<Float>) { words = values.map(\.bitPattern) }

    var testDescription: String { "\(words.count) floats, hash \(words.reduce(0) { $0 &* 31 &+ Int($1) })" }
}

extension FloatArena {
    var bits: Bits { Bits(buffer) }
}

/// Everything that a run reported, for a test to look at.
final class Report {
    private(set) var notices: [String] = []
    private(set) var warnings: [String] = []
    private(set) var estimates: [TimeEstimate] = []
    private(set) var steps: [StepReport] = []
    private(set) var evaluations: [(step: Int, result: EvaluationResult, isBest: Bool)] = []
    private(set) var saved: [Int] = []
    private(set) var samples: [(step: Int, prompt: String)] = []
    private(set) var summaries: [RunSummary] = []
    /// How often the run has asked whether to stop since its last step.
    private(set) var questions = 0

    func take(_ progress: Training.Progress) {
        switch progress {
        case .started(let summary): summaries.append(summary)
        case .notice(let text): notices.append(text)
        case .warning(let text): warnings.append(text)
        case .estimated(let time): estimates.append(time)
        case .step(let report, _, _):
            steps.append(report)
            questions = 0
        case .evaluated(let step, let result, let isBest): evaluations.append((step, result, isBest))
        case .sample(let step, let prompt, _): samples.append((step, prompt))
        case .saved(let step, _, _): saved.append(step)
        }
    }

    func countQuestion() -> Int {
        questions += 1
        return questions
    }
}

/// A place in which runs of one small config are started, stopped and gone on with.
struct TinyRuns {
    let folder: TemporaryFolder
    var config: String

    /// Dropout, accumulation, saves every seven steps, evaluations every five, the end of an epoch inside.
    static let exacting = """
        {
            "model": { "blockCount": 1, "headCount": 2, "modelWidth": 16, "contextLength": 8,
                       "embeddingDropout": 0.1, "attentionDropout": 0.1, "residualDropout": 0.1 },
            "tokenizer": { "vocabularySize": 257 },
            "data": { "train": "TRAIN", "format": "lines" },
            "training": { "steps": 30, "batchSize": 2, "accumulation": 2, "learningRate": 0.001,
                          "precision": "f32", "saveEvery": 7,
                          "keepLast": 3, "logEvery": 3, "threads": 1 },
            "evaluation": { "every": 5, "batchSize": 2, "samples": ["the "] },
            "generation": { "maximumTokens": 5 }
        }
        """

    init(_ folder: TemporaryFolder, config: String = exacting, text: String = TinyText.lines(20)) throws {
        _ = QuietMachine.kernel
        self.folder = folder
        self.config = config.replacingOccurrences(
            of: "TRAIN", with: try folder.write(text, as: "text.txt"))
    }

    func run(_ name: String) -> RunFolder { RunFolder(path: folder.path + "/" + name) }

    /// A file of a run, as text.
    func read(_ name: String, of run: String) throws -> String {
        String(decoding: try folder.read("\(run)/\(name)"), as: UTF8.self)
    }

    func request(_ name: String, resume: Bool = false, _ assignments: [String] = []) throws -> RunRequest {
        var reader = ConfigReader()
        try reader.read(Array(config.utf8), path: "tiny.json")
        for assignment in assignments { try reader.set(assignment: assignment) }
        return RunRequest(reader: reader, folder: run(name), resume: resume)
    }

    /// Prepares a run and lets it go until it is done or `stop` says so.
    @discardableResult
    func go(
        _ name: String, resume: Bool = false, _ assignments: [String] = [], stop: (Report) -> Bool = { _ in false }
    ) throws -> (result: RunResult, report: Report) {
        let report = Report()
        return try withoutActuallyEscaping(stop) { stop in
            let run = try TrainingRun.prepare(
                try request(name, resume: resume, assignments), report: { report.take($0) },
                shouldStop: {
                    _ = report.countQuestion()
                    return stop(report) ? .interrupt : nil
                })
            return (try run.run(), report)
        }
    }
}

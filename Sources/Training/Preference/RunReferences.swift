// The scores of the first model next to a run, so that a resumed run compares with the same numbers.

import Datasets
import Files
import Foundation
import Kernels
import Model
import Models

/// What a run's judged answers are worth to the model that it started from.
struct RunReferences {
    let splits: [Split: ReferenceScores]
    /// What the scores depend on.
    private let key: String

    /// The file of a split's scores in a run's folder.
    private static func fileName(_ split: Split) -> String { "reference-\(split.rawValue).bin" }

    /// From the run's folder where they are there, else computed.
    ///
    /// - Parameter model: the run's, which is the first one where it is not resumed.
    static func find(
        _ plan: RunPlan, _ tokens: RunTokens, model: Transformer, start: RunStart, _ request: RunRequest,
        notice: (String) -> Void
    ) throws -> RunReferences {
        let (config, objective) = (plan.config, plan.config.method.objective)
        let group = objective == .kto ? config.training.batchSize : nil
        let key = "\(tokens.data.hash) \(config.model.contextLength) \(group ?? 0)"
        var first: Transformer? = start.isResumed ? nil : model
        var splits: [Split: ReferenceScores] = [:]
        for split in [Split.train, .validation] {
            guard let text = tokens.data.splits[split] else { continue }
            let count = text.sources.count
            guard objective.needsReference, !request.isRehearsal else {
                // The first model compared with itself.
                let zero = [Double](repeating: 0, count: count)
                splits[split] = ReferenceScores(answers: zero, mismatched: group == nil ? [] : zero)
                continue
            }
            let path = request.folder.file(fileName(split))
            if start.isResumed, let bytes = FileManager.default.contents(atPath: path),
                let known = ReferenceScores([UInt8](bytes), key: key), known.answers.count == count,
                known.mismatched.count == (group == nil ? 0 : count)
            {
                splits[split] = known
                continue
            }
            let one = try first ?? firstModel(config, plan.architecture)
            first = one
            notice(
                "scoring the \(count) answers of the \(split.rawValue) split with the model that the run starts from")
            splits[split] = ReferenceScores(one, text, mismatching: group)
        }
        return RunReferences(splits: splits, key: key)
    }

    /// Writes what is not in the folder yet.
    func write(to folder: RunFolder) throws {
        for (split, scores) in splits {
            let path = folder.file(Self.fileName(split))
            let bytes = scores.serialized(key: key)
            guard FileManager.default.contents(atPath: path).map({ [UInt8]($0) }) != bytes else { continue }
            try AtomicFile.write(bytes, to: path)
        }
    }

    /// The model that a resumed run started from.
    fileprivate static func firstModel(_ config: RunConfig, _ architecture: Architecture) throws -> Transformer {
        guard let base = config.model.base else {
            let model = Transformer(architecture)
            model.layout.initialize(model.weights, seed: UInt64(config.training.seed))
            return model
        }
        var source = try ModelSource(path: base)
        if config.model.contextLength < source.shape.contextLength {
            source.shortenContext(to: config.model.contextLength)
        }
        return config.method.baseWeights == .f32
            ? try source.load().model : try source.loadFrozen(config.method.baseWeights).model
    }
}

extension ReferenceScores {
    /// What the model that a run started from thinks of the answers of any text; zeros where the objective does not ask.
    ///
    /// - Parameter architecture: of the run's model.
    package init(ofRun config: RunConfig, _ architecture: Architecture, _ text: TokenizedText) throws {
        let objective = config.method.objective
        guard objective.needsReference else {
            self.init(answers: [Double](repeating: 0, count: text.sources.count))
            return
        }
        self.init(
            try RunReferences.firstModel(config, architecture), text,
            mismatching: objective == .kto ? config.training.batchSize : nil)
    }
}

// Settings with which a run that is too large for the machine's memory would fit.

import Kernels
import Model
import Models

/// Looks for changes of a config, those that do not change its results first.
struct MemoryFit {
    let config: RunConfig
    let architecture: Architecture
    let length: RunLength
    let tokens: RunTokens
    /// Processes that train together.
    let ranks: Int
    /// Bytes that the run may take.
    let available: Int

    private typealias Change = [(key: String, value: String)]

    /// The most suggestions.
    private static let count = 3

    /// `--set` arguments with the MiB that the run then needs; the first of each kind that fits, at most three.
    func suggestions() -> [String] {
        let kinds = config.model.base == nil ? fromScratch : fromBase
        return Array(kinds.lazy.compactMap { $0.lazy.compactMap(fitted).first }.prefix(Self.count))
    }

    /// Smaller micro-batches with the results of the present ones, then the same with activations computed again.
    private var sameResults: [[Change]] {
        let (size, accumulation) = (config.training.batchSize, config.training.accumulation)
        let smaller = stride(from: size, through: 1, by: -1).filter { size % $0 == 0 }.map { part -> Change in
            part == size
                ? []
                : [
                    ("training.batchSize", "\(part)"), ("training.accumulation", "\(accumulation * size / part)"),
                    ("evaluation.batchSize", "\(min(part, config.evaluation.batchSize))"),
                ]
        }
        guard !config.training.recomputeActivations else { return [smaller.filter { !$0.isEmpty }] }
        return [
            smaller.filter { !$0.isEmpty }, smaller.map { $0 + [("training.recomputeActivations", "true")] },
        ]
    }

    private var smallest: Change { sameResults.last?.last ?? [] }

    /// Adapters instead of all weights, and a base that is held rounded.
    private var fromBase: [[Change]] {
        let lora: Change = config.adapter == nil ? [("method.type", "lora")] : []
        let precise: Change =
            config.training.precision == Precision.bf16.rawValue ? [("training.precision", "f32")] : []
        let rounded = [WeightFormat.int8, .q4].filter { $0.bitsPerWeight < config.method.baseWeights.bitsPerWeight }
            .map { lora + precise + [("method.baseWeights", $0.rawValue)] }
        return sameResults + (lora.isEmpty ? [] : [[lora, smallest + lora]]) + rounded.map { [$0, smallest + $0] }
    }

    /// A narrower model, one of fewer blocks, and one of both.
    private var fromScratch: [[Change]] {
        let (width, blocks) = (config.model.modelWidth, config.model.blockCount)
        let narrower = sequence(first: width / 2, next: { $0 / 2 }).prefix { $0 >= config.model.headCount }
            .filter { $0 % config.model.headCount == 0 }
        let fewer = sequence(first: blocks / 2, next: { $0 / 2 }).prefix { $0 >= 1 }
        func change(_ width: Int?, _ blocks: Int?) -> Change {
            // A width that was settled from the old one would stay.
            (width.map { [("model.modelWidth", "\($0)"), ("model.feedForwardWidth", "\(4 * $0)")] } ?? [])
                + (blocks.map { [("model.blockCount", "\($0)")] } ?? [])
        }
        return sameResults + [
            narrower.map { change($0, nil) }, fewer.map { change(nil, $0) },
            zip(narrower, fewer).map { change($0, $1) },
        ]
    }

    /// The change as arguments, with what it needs; nil where that is still too much.
    private func fitted(_ change: Change) -> String? {
        var reader = ConfigReader(config)
        for (key, value) in change {
            do { try reader.set(key, toText: value, source: key, origin: key) } catch { return nil }
        }
        let isFromScratch = config.model.base == nil
        let changed =
            isFromScratch
            ? try? reader.config.architecture(vocabularySize: architecture.vocabularySize) : architecture
        guard let changed else { return nil }
        let bytes = RunPlan.memory(reader.config, changed, length, tokens, ranks: ranks).bytes
        guard bytes <= available else { return nil }
        return change.map { "--set \($0.key)=\($0.value)" }.joined(separator: " ") + " (\(bytes >> 20) MiB)"
    }
}

// What `luthier tune` chooses for a run, and why: a pure function of what was measured.

import Foundation
import Kernels
import Model
import Models

/// One config key, its value and the reason in one line.
package struct TuningChoice: Sendable, Equatable {
    package let key: String
    /// As JSON.
    package let value: String
    package let reason: String

    package init(_ key: String, _ value: String, _ reason: String) {
        (self.key, self.value, self.reason) = (key, value, reason)
    }
}

/// What is given and not chosen.
package struct TuningWishes: Sendable, Equatable {
    package var epochs: Int?
    /// Sequences of a step.
    package var batchSize: Int?
    /// Multiplies the learning rate that is chosen.
    package var learningRateFactor: Double?
    /// Whether training may end before its last epoch.
    package var stopsEarly = true
    /// What is learned.
    package var objective: Objective

    package init(
        epochs: Int? = nil, batchSize: Int? = nil, learningRateFactor: Double? = nil, stopsEarly: Bool = true,
        objective: Objective = .likelihood
    ) {
        (self.epochs, self.batchSize) = (epochs, batchSize)
        (self.learningRateFactor, self.stopsEarly, self.objective) = (learningRateFactor, stopsEarly, objective)
    }
}

/// The rules. Sources: Schulman et al. 2025, "LoRA Without Regret" (LoRA equals full training while the data fits its
/// parameters; on all layers; small batches; a learning rate about ten times that of full training); Allen-Zhu and Li
/// 2024, arXiv 2404.05405 (a parameter stores about two bits of knowledge); the defaults of peers for the number of epochs
/// and batch sizes.
package enum Tuning {
    /// Bits that a trained parameter can store, and that a token of an answer needs: its loss is rarely larger than one
    /// bit where a base knows the language.
    static let bitsPerParameter = 2.0
    static let bitsPerToken = 1.0
    static let ranks = [8, 16, 32, 64]
    /// Fewer steps rarely reach the lowest validation loss.
    static let leastSteps = 150
    static let mostEpochs = 10
    /// Epochs of a preference objective, which is learned soon and then overdone.
    static let preferenceEpochs = 3
    /// Part of the available memory that a run may take.
    static let memoryShare = 0.8

    /// Everything that is not left at its default, in the order in which it is decided.
    package static func choices(for facts: TuningFacts, _ wishes: TuningWishes = .init()) -> [TuningChoice] {
        var method = method(facts)
        let length = length(facts, wishes)
        let fit = TuningFit.find(facts, batchSize: length.batchSize, rank: method.rank)
        if fit.baseWeights != .f32, method.rank == nil { method = adapters(rank: ranks[0], facts) }
        let all =
            method.choices + [learningRate(isFull: method.rank == nil, wishes)] + length.choices
            + fit.choices(facts)
            + generation(facts)
        // What memory demands replaces what the data asks for.
        return all.indices.filter { index in !all[(index + 1)...].contains { $0.key == all[index].key } }.map {
            all[$0]
        }
    }

    private typealias Method = (rank: Int?, choices: [TuningChoice])

    private static func adapters(rank: Int, _ facts: TuningFacts) -> Method {
        let parameters = adapterParameters(rank, facts.architecture)
        let room = Int(bitsPerParameter / bitsPerToken * Double(parameters))
        return (
            rank,
            [
                .init(
                    "method.type", "\"lora\"",
                    "trains \(count(parameters)) new parameters next to the base's: less memory, and less is forgotten"),
                .init(
                    "method.rank", "\(rank)",
                    "has room for about \(count(room)) tokens of answers; yours have \(count(facts.answerTokens))"),
                .init("method.alpha", "\(2 * rank)", "twice the rank, as usual"),
                .init("method.targets", "[\"all\"]", "adapters on all layers learn more than on attention alone"),
            ]
        )
    }

    /// The smallest rank whose parameters can hold the answers; full training where none can and memory is there.
    private static func method(_ facts: TuningFacts) -> Method {
        let bits = bitsPerToken * Double(facts.answerTokens)
        let rank = ranks.first { bitsPerParameter * Double(adapterParameters($0, facts.architecture)) >= bits }
        if let rank { return adapters(rank: rank, facts) }
        let full = TuningFit.find(facts, batchSize: 1, rank: nil)
        guard full.fits, full.baseWeights == .f32 else { return adapters(rank: ranks[ranks.count - 1], facts) }
        return (
            nil,
            [
                .init(
                    "method.type", "\"full\"",
                    "\(count(facts.answerTokens)) tokens of answers are more than adapters can hold")
            ]
        )
    }

    private static func adapterParameters(_ rank: Int, _ architecture: Architecture) -> Int {
        ParameterLayout(adapters: AdapterConfig(rank: rank, targets: ["all"]), of: architecture).parameterCount
    }

    private static func learningRate(isFull: Bool, _ wishes: TuningWishes) -> TuningChoice {
        var choice =
            isFull
            ? TuningChoice("training.learningRate", "5e-5", "usual where all weights are trained")
            : TuningChoice("training.learningRate", "5e-4", "ten times what training of all weights takes")
        if wishes.objective.isPreference {
            choice = .init(
                choice.key, isFull ? "5e-6" : "5e-5",
                "a tenth of what answers take: preferences are about complete answers")
        }
        if let factor = wishes.learningRateFactor, factor != 1, let rate = Double(choice.value) {
            // Not 0 and not infinite, whatever the factor.
            let scaled = min(max(rate * factor, Double.leastNormalMagnitude), 1e6)
            choice = .init(choice.key, "\(scaled)", "\(choice.value), \(choice.reason), times \(factor), as given")
        }
        return choice
    }

    /// Batch, epochs, schedule, evaluations.
    private static func length(
        _ facts: TuningFacts, _ wishes: TuningWishes
    ) -> (batchSize: Int, choices: [TuningChoice]) {
        let (usual, size) =
            facts.rows < 100 ? (4, "few") : facts.rows < 1000 ? (8, "some") : (16, "many")
        let batchSize = wishes.batchSize ?? usual
        let perEpoch = max(1, (facts.rows + batchSize - 1) / batchSize)
        let least = facts.rows < 5_000 ? 3 : facts.rows < 50_000 ? 2 : 1
        let usualEpochs =
            wishes.objective.isPreference
            ? preferenceEpochs : min(mostEpochs, max(least, (leastSteps + perEpoch - 1) / perEpoch))
        let epochs = wishes.epochs ?? usualEpochs
        let steps = epochs * perEpoch
        var choices = [
            TuningChoice(
                "training.batchSize", "\(batchSize)",
                (wishes.batchSize == nil ? "\(size) rows" : "as given")
                    + ": the \(count(facts.rows)) to train on give \(count(perEpoch)) steps an epoch"),
            .init(
                "training.epochs", "\(epochs)",
                wishes.epochs != nil
                    ? "as given: \(count(steps)) steps"
                    : wishes.objective.isPreference
                        ? "\(count(steps)) steps: preferences are learned soon and then overdone"
                        : epochs > least
                            ? "\(steps) steps: few rows have to be seen more often"
                            : "\(count(steps)) steps: so many rows need no more"),
            .init("training.schedule", "\"wsd\"", "constant, then a cooldown: the run can be made longer later"),
        ]
        guard facts.heldOut > 0, wishes.stopsEarly else { return (batchSize, choices) }
        if epochs < 3 {
            choices.append(
                .init(
                    "evaluation.every", "\(max(1, steps / 8))",
                    "eight evaluations on the \(count(facts.heldOut)) rows held out"))
        }
        choices.append(
            .init(
                "training.earlyStoppingPatience", "3",
                "stops after three evaluations without a better one; the best is kept"))
        return (batchSize, choices)
    }

    /// Short answers are cheap to make, but one that is cut off is useless.
    private static func generation(_ facts: TuningFacts) -> [TuningChoice] {
        let room = max(32, (facts.longestAnswer * 3 / 2 + 15) / 16 * 16)
        return [
            .init(
                "generation.maximumTokens", "\(min(room, max(1, facts.architecture.contextLength / 2)))",
                "the longest answer has \(facts.longestAnswer) tokens"),
            .init("generation.temperature", "0", "the most likely answer, the same each time"),
        ]
    }

    static func count(_ number: Int) -> String {
        if number < 10_000 { return "\(number)" }
        return number < 1_000_000
            ? "\((number + 500) / 1000) thousand" : String(format: "%.1f million", Double(number) / 1e6)
    }
}

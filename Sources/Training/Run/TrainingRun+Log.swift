// What lines of a run's logs say beyond their first numbers.

import Evaluation
import StrictJSON

extension TrainingRun {
    /// How the ranks got on: the share of the step for which each waited, of which the slowest has the least; how long sums
    /// were under way, and the share of that during which this rank computed.
    static func times(of step: StepReport) -> [(key: String, value: JSONOutput)] {
        guard let ranks = step.ranks else { return [] }
        let shares = ranks.waited.map { $0 / max(step.seconds, 1e-9) }
        let slowest = shares.indices.min { shares[$0] < shares[$1] } ?? 0
        return [
            ("waitingShares", .array(shares.map { .number($0) })), ("slowestRank", .integer(slowest)),
            ("slowestWaitingShare", .number(shares[slowest])), ("secondsTransferred", .number(ranks.transferred)),
            ("hiddenShare", .number(ranks.hiddenShare)),
        ]
    }

    /// The norms of each layer's parameters: `h.3.attn.c_attn.weight` is of layer `h.3`, `wte.weight` of `wte`.
    static func byLayer(_ norms: [(name: String, norm: Double)]) -> [(tag: String, values: [Double])] {
        var layers: [(tag: String, values: [Double])] = []
        for (name, norm) in norms {
            let parts = name.split(separator: ".")
            let tag = "gradientNorm/" + parts.prefix(parts.first == "h" ? 2 : 1).joined(separator: ".")
            if layers.last?.tag == tag {
                layers[layers.count - 1].values.append(norm)
            } else {
                layers.append((tag, [norm]))
            }
        }
        return layers
    }

    /// What a preference objective adds to the line of a step, and to that of an evaluation.
    static func rewards(
        _ measure: PreferenceMeasure?, prefix: String = "reward"
    ) -> [(key: String, value: JSONOutput)] {
        guard let measure else { return [] }
        return [
            ("Chosen", measure.chosenReward), ("Rejected", measure.rejectedReward), ("Margin", measure.margin),
            ("Accuracy", measure.accuracy),
        ].map { (prefix + $0, $1.map { .number($0) } ?? .null) }
    }

    /// What `training.logAccuracy` adds to a step's line.
    static func accuracy(_ step: StepReport) -> [(key: String, value: JSONOutput)] {
        func share(_ part: Int, _ all: Int) -> JSONOutput { all > 0 ? .number(Double(part) / Double(all)) : .null }
        return [
            ("tokenAccuracy", share(step.answerTokensRight, step.answerTokens)),
            ("sequenceAccuracy", share(step.answersRight, step.answers)), ("tokens", .integer(step.tokens)),
            ("examples", .integer(step.examples)),
        ]
    }
}

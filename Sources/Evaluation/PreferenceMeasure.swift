// What a preference objective says of judged answers: its loss, rewards, and pairs in the right order.

/// Sums over examples, each of which is a pair of answers or an answer with a label.
package struct PreferenceMeasure: Sendable, Equatable {
    package private(set) var examples = 0
    /// Σ loss of the objective.
    package var lossSum = 0.0
    /// Answers of each kind, and the sums of their rewards: beta times how much more probable they have become, in nats.
    package private(set) var chosen = 0
    package private(set) var rejected = 0
    private var chosenSum = 0.0
    private var rejectedSum = 0.0
    /// Pairs whose chosen answer has the higher reward.
    package private(set) var right = 0

    package init() {}

    package mutating func add(chosen reward: Double, rejected other: Double) {
        examples += 1
        chosen += 1
        rejected += 1
        chosenSum += reward
        rejectedSum += other
        right += reward > other ? 1 : 0
    }

    package mutating func add(_ reward: Double, isGood: Bool) {
        examples += 1
        if isGood {
            (chosen, chosenSum) = (chosen + 1, chosenSum + reward)
        } else {
            (rejected, rejectedSum) = (rejected + 1, rejectedSum + reward)
        }
    }

    package static func += (sum: inout PreferenceMeasure, other: PreferenceMeasure) {
        sum = PreferenceMeasure(zip(sum.numbers, other.numbers).map { $0 + $1 })
    }

    /// Mean loss.
    package var loss: Double { lossSum / Double(max(1, examples)) }
    /// Mean rewards; nil where there is no such answer.
    package var chosenReward: Double? { chosen > 0 ? chosenSum / Double(chosen) : nil }
    package var rejectedReward: Double? { rejected > 0 ? rejectedSum / Double(rejected) : nil }
    /// How far both are from each other.
    package var margin: Double? { chosenReward.flatMap { chosen in rejectedReward.map { chosen - $0 } } }
    /// The share of pairs in the right order; nil where there are no pairs.
    package var accuracy: Double? {
        examples > 0 && chosen == examples && rejected == examples ? Double(right) / Double(examples) : nil
    }

    /// All of it, for other processes.
    package var numbers: [Double] {
        [Double(examples), Double(chosen), Double(rejected), Double(right), lossSum, chosenSum, rejectedSum]
    }
    package static let numberCount = 7

    package init(_ numbers: [Double]) {
        (examples, chosen, rejected, right) = (Int(numbers[0]), Int(numbers[1]), Int(numbers[2]), Int(numbers[3]))
        (lossSum, chosenSum, rejectedSum) = (numbers[4], numbers[5], numbers[6])
    }
}

// An evaluation whose batches are divided among the ranks.

import Communication
import Evaluation
import Kernels

/// Each rank computes every n-th batch. All of them get all results and add them up in the order of one rank, so that no bit
/// depends on how many there are.
package struct RankedEvaluation: EvaluationSharing {
    private let group: RankGroup
    private let stopSignal: () -> StopReason?

    package init(_ group: RankGroup, _ stopSignal: @escaping () -> StopReason?) {
        (self.group, self.stopSignal) = (group, stopSignal)
    }

    package var rank: Int { group.rank }
    package var count: Int { group.count }

    package func exchange(_ rows: [CrossEntropy.Row]) throws -> [[CrossEntropy.Row]]? {
        let numbers = [stopSignal() == nil ? 0.0 : 1.0] + rows.flatMap { [$0.loss, $0.isCorrect ? 1.0 : 0.0] }
        let all = try group.gather(numbers: numbers)
        guard all.allSatisfy({ $0.first == 0 }) else { return nil }
        return all.map { values in
            stride(from: 1, to: values.count - 1, by: 2).map {
                CrossEntropy.Row(loss: values[$0], isCorrect: values[$0 + 1] == 1)
            }
        }
    }
}

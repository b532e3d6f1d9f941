// An evaluation whose batches are divided among the ranks.

import Communication
import Evaluation
import Kernels

/// Each rank computes every n-th batch. All of them get all results and add them up in the order of one rank, so that no bit
/// depends on how many there are.
package struct RankedEvaluation: EvaluationSharing {
    private let group: RankGroup
    private let stopSignal: () -> StopReason?
    private let onStop: (StopReason) -> Void

    /// - Parameters:
    ///   - stopSignal: the signal that has reached this rank.
    ///   - onStop: told the signal that has ended the evaluation, whichever rank it has reached.
    package init(
        _ group: RankGroup, _ stopSignal: @escaping () -> StopReason?, onStop: @escaping (StopReason) -> Void = { _ in }
    ) {
        (self.group, self.stopSignal, self.onStop) = (group, stopSignal, onStop)
    }

    package var rank: Int { group.rank }
    package var count: Int { group.count }

    package func exchange(_ rows: [CrossEntropy.Row]) throws -> [[CrossEntropy.Row]]? {
        let numbers = [Double(stopSignal()?.number ?? 0)] + rows.flatMap { [$0.loss, $0.isCorrect ? 1.0 : 0.0] }
        let all = try group.gather(numbers: numbers)
        if let stop = all.lazy.compactMap({ StopReason(number: UInt8($0[0])) }).first {
            onStop(stop)
            return nil
        }
        return all.map { values in
            stride(from: 1, to: values.count - 1, by: 2).map {
                CrossEntropy.Row(loss: values[$0], isCorrect: values[$0 + 1] == 1)
            }
        }
    }
}

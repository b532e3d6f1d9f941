// What the first rank has the others do.

import Communication

/// The first rank decides everything: when to measure, when to stop, what to write. The others follow its orders.
package enum RankOrder: Equatable {
    case step(measuresGradients: Bool)
    case evaluate
    /// Send the moments that are divided over the ranks, for a checkpoint.
    case collectMoments
    case end

    package var bytes: [UInt8] {
        switch self {
        case .step(let measures): [1, measures ? 1 : 0]
        case .evaluate: [2]
        case .collectMoments: [3]
        case .end: [4]
        }
    }

    package init?(bytes: [UInt8]) {
        switch bytes.first {
        case 1: self = .step(measuresGradients: bytes.last == 1)
        case 2: self = .evaluate
        case 3: self = .collectMoments
        case 4: self = .end
        default: return nil
        }
    }
}

extension RankGroup {
    /// Gives the others an order, and learns whether a signal has reached one of them.
    package func order(_ order: RankOrder) throws(CommunicationError) -> StopReason? {
        let replies = try gather(order.bytes)
        return replies.enumerated().lazy.compactMap { rank, bytes in
            rank == self.rank ? nil : bytes.first.flatMap { StopReason(number: $0) }
        }.first
    }

    /// Waits for the first rank's next order.
    ///
    /// - Parameter stop: the signal that has reached this rank.
    package func nextOrder(_ stop: StopReason?) throws(CommunicationError) -> RankOrder {
        let bytes = try gather(stop.map { [$0.number] } ?? [])[0]
        // Nobody but this program on the first rank has sent it.
        return RankOrder(bytes: bytes) ?? .end
    }
}

extension StopReason {
    /// For messages between ranks; 0 stands for none.
    var number: UInt8 { UInt8(1 + (StopReason.allCases.firstIndex(of: self) ?? 0)) }

    init?(number: UInt8) {
        guard (1...StopReason.allCases.count).contains(Int(number)) else { return nil }
        self = StopReason.allCases[Int(number) - 1]
    }
}

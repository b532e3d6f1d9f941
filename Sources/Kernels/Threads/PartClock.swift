// Where the time of a training step goes: every kernel adds what it took to its part.

import Synchronization

/// The parts of a step that are timed separately.
package enum StepPart: Int, CaseIterable, Sendable {
    case products, attention, normalization, activation, residual, embedding, head, packing, optimizer, data, saving
}

/// Measures calls. The sums count all calls of the process, so that a caller compares two readings.
package enum PartClock {
    private static let sums = Mutex<[Double]>([Double](repeating: 0, count: StepPart.allCases.count))

    /// Runs `body` and adds the seconds that it took to `part`.
    @inline(__always)
    package static func measure<Result>(_ part: StepPart, _ body: () -> Result) -> Result {
        let start = monotonicSeconds()
        defer { add(monotonicSeconds() - start, to: part) }
        return body()
    }

    @usableFromInline
    static func add(_ seconds: Double, to part: StepPart) {
        sums.withLock { $0[part.rawValue] += seconds }
    }

    /// Seconds that each part has taken since the process began.
    package static var seconds: [StepPart: Double] {
        let values = sums.withLock { $0 }
        return Dictionary(uniqueKeysWithValues: StepPart.allCases.map { ($0, values[$0.rawValue]) })
    }
}

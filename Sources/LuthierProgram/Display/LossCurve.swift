// The loss of a run so far, as a line of characters.

/// Losses in the order of their steps, thinned so that a run of any length needs little memory.
package struct LossCurve: Sendable {
    /// Points that are kept at most; where one more comes, neighbours become their mean.
    static let capacity = 512
    private static let levels = Array("▁▂▃▄▅▆▇█")

    /// Means of `stepsPerPoint` losses each.
    private var points: [Double] = []
    private var stepsPerPoint = 1
    private var sum = 0.0
    private var count = 0

    package init() {}

    /// Adds the loss of one more step, in nats. One that is not finite has no place on the curve.
    package mutating func append(_ loss: Double) {
        guard loss.isFinite else { return }
        (sum, count) = (sum + loss, count + 1)
        guard count == stepsPerPoint else { return }
        points.append(sum / Double(count))
        (sum, count) = (0, 0)
        guard points.count == Self.capacity else { return }
        points = stride(from: 0, to: points.count, by: 2).map { (points[$0] + points[$0 + 1]) / 2 }
        stepsPerPoint *= 2
    }

    /// At most `width` characters from ▁, the lowest of the means shown, to █, the highest.
    package func sparkline(width: Int) -> String {
        let all = count > 0 ? points + [sum / Double(count)] : points
        let columns = min(width, all.count)
        guard columns > 0 else { return "" }
        let shown = (0..<columns).map { column in
            let part = all[column * all.count / columns..<(column + 1) * all.count / columns]
            return part.reduce(0, +) / Double(part.count)
        }
        let (low, high) = (shown.min() ?? 0, shown.max() ?? 0)
        let top = Double(Self.levels.count - 1)
        return String(
            shown.map { value in
                Self.levels[high > low ? Int(((value - low) / (high - low) * top).rounded()) : Self.levels.count / 2]
            })
    }
}

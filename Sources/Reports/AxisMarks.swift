// Round values along an axis, and where a value is between the ends of one: what all charts share.

import Foundation

/// One axis: the values at its ends, and the places in the picture where they are drawn.
struct Axis {
    var low: Double
    var high: Double
    var start: Double
    var end: Double

    func place(_ value: Double) -> Double { start + (value - low) / (high - low) * (end - start) }

    /// The same as an attribute has it.
    func text(_ value: Double) -> String { Axis.text(place(value)) }

    static func text(_ place: Double) -> String { String(format: "%.1f", place) }

    /// Round values from `low` to `high`, about `wanted` of them.
    func marks(_ wanted: Int) -> [Double] { Axis.marks(low, high, wanted) }

    static func marks(_ low: Double, _ high: Double, _ wanted: Int) -> [Double] {
        let rough = (high - low) / Double(max(1, wanted))
        guard rough > 0, rough.isFinite else { return [low] }
        let power = pow(10, floor(log10(rough)))
        let step = [1, 2, 5, 10].map { $0 * power }.first { $0 >= rough * 0.999 } ?? 10 * power
        let first = (low / step - 1e-9).rounded(.up)
        return (0..<50).map { (first + Double($0)) * step }.prefix { $0 <= high + step * 1e-9 }.map { $0 }
    }
}

// How fast each pair of a head's elements turns from one position to the next.

import Foundation

/// The inverse frequencies of rotary positions, base^(-2i/r) for the pairs i < r/2 of the rotary width r (Su et al.
/// 2021), changed where a model was trained for a longer context than its first one.
package struct RotaryFrequencies: Sendable, Equatable, Codable {
    /// How a longer context changes them.
    package enum Scaling: Sendable, Equatable, Codable {
        case none
        /// All divided by the factor (Chen et al. 2023).
        case linear(factor: Double)
        /// Llama 3.1's: wavelengths above `originalContext` / `low` are stretched by the factor, those below
        /// `originalContext` / `high` stay, and between them the two are blended.
        case llama3(factor: Double, low: Double, high: Double, originalContext: Int)
        /// Each divided by its own factor: r/2 of them.
        case factors([Double])
    }

    /// What cannot be computed.
    package enum Defect: Error, Sendable, Equatable, CustomStringConvertible {
        case width(Int)
        case base(Double)
        case factor(Double)
        case factorCount(Int, expected: Int)
        case frequencyFactors(low: Double, high: Double)
        case originalContext(Int)

        package var description: String {
            switch self {
            case .width(let width): "a rotary width of \(width): it must be even and at least 2"
            case .base(let base): "a rotary base of \(base): it must be a positive number"
            case .factor(let factor): "a rotary factor of \(factor): it must be a positive number"
            case .factorCount(let count, let expected): "\(count) rotary factors where the width asks for \(expected)"
            case .frequencyFactors(let low, let high):
                "rotary frequency factors \(low) and \(high): the low one must be positive and below the high one"
            case .originalContext(let count): "an original context of \(count) positions"
            }
        }
    }

    package let base: Double
    /// r: how many elements of each head are rotated, the first ones.
    package let width: Int
    package let scaling: Scaling

    /// Refuses what has no meaning.
    package init(base: Double, width: Int, scaling: Scaling = .none) throws(Defect) {
        guard width >= 2, width % 2 == 0 else { throw .width(width) }
        guard base > 0, base.isFinite else { throw .base(base) }
        switch scaling {
        case .none: break
        case .linear(let factor): try RotaryFrequencies.check(factor)
        case .llama3(let factor, let low, let high, let originalContext):
            try RotaryFrequencies.check(factor)
            guard low > 0, high > low, high.isFinite else { throw .frequencyFactors(low: low, high: high) }
            guard originalContext > 0 else { throw .originalContext(originalContext) }
        case .factors(let factors):
            guard factors.count == width / 2 else { throw .factorCount(factors.count, expected: width / 2) }
            for factor in factors { try RotaryFrequencies.check(factor) }
        }
        (self.base, self.width, self.scaling) = (base, width, scaling)
    }

    /// Reads what `encode(to:)` wrote, and throws what is wrong with it.
    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        try self.init(
            base: values.decode(Double.self, forKey: .base), width: values.decode(Int.self, forKey: .width),
            scaling: values.decode(Scaling.self, forKey: .scaling))
    }

    private enum CodingKeys: String, CodingKey { case base, width, scaling }

    private static func check(_ factor: Double) throws(Defect) {
        guard factor > 0, factor.isFinite else { throw .factor(factor) }
    }

    /// Radians per position of each pair: r/2 numbers.
    package var inverse: [Double] {
        let plain = (0..<(width / 2)).map { pow(base, -2 * Double($0) / Double(width)) }
        switch scaling {
        case .none: return plain
        case .linear(let factor): return plain.map { $0 / factor }
        case .factors(let factors): return zip(plain, factors).map { $0 / $1 }
        case .llama3(let factor, let low, let high, let originalContext):
            return plain.map { frequency in
                // How often the pair turns within the original context decides.
                let turns = Double(originalContext) * frequency / (2 * Double.pi)
                if turns > high { return frequency }
                if turns < low { return frequency / factor }
                let share = (turns - low) / (high - low)
                return (1 - share) * frequency / factor + share * frequency
            }
        }
    }
}

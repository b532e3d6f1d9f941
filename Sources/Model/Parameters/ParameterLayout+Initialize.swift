// Values of parameters before training from scratch.

import Kernels

extension ParameterLayout {
    /// Fills `arena` with each parameter's initial distribution. Each place in the list has its own stream of random numbers,
    /// so that a parameter added at the end leaves the others as they were.
    package func initialize(_ arena: FloatArena, seed: UInt64) {
        for (index, parameter) in parameters.enumerated() {
            let values = arena.base + parameter.offset
            switch parameter.initializer {
            case .zeros: values.update(repeating: 0, count: parameter.count)
            case .ones: values.update(repeating: 1, count: parameter.count)
            case .uniform(let bound):
                var generator = SplitMix64(seed: seed, stream: UInt64(index))
                for element in 0..<parameter.count { values[element] = Float((2 * generator.uniform() - 1) * bound) }
            case .normal(let standardDeviation):
                var generator = SplitMix64(seed: seed, stream: UInt64(index))
                for element in stride(from: 0, to: parameter.count, by: 2) {
                    let (first, second) = generator.normalPair()
                    values[element] = Float(first * standardDeviation)
                    if element + 1 < parameter.count { values[element + 1] = Float(second * standardDeviation) }
                }
            }
        }
    }
}

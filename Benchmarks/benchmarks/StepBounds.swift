// What each part of a training step has to do at least, and how long the machine needs for that at least.

import Kernels
import Model

/// Bounds of one step: a product cannot be faster than the peak of multiply–adds, and what only passes over arrays
/// cannot be faster than memory.
struct StepBounds {
    let architecture: Architecture
    let parameterCount: Int
    /// Tokens of the step, in sequences of this length.
    let rows: Int
    let context: Int
    /// FLOP per second in float, and bytes per second.
    let peak: Double
    let bandwidth: Double
    let precision: Precision
    /// Whether the weights have no gradient of their own.
    let isFrozen: Bool
    /// Numbers that the optimizer moves.
    let trainedCount: Int

    /// Seconds at least; nil for a part that has no simple bound.
    subscript(part: StepPart) -> Double? {
        let (N, L, C) = (Double(rows), Double(architecture.blockCount), Double(architecture.modelWidth))
        let V = Double(architecture.vocabularySize)
        func sum(_ width: (BlockDescription) -> Int) -> Double {
            Double(architecture.blocks.reduce(0) { $0 + width($1) })
        }
        let heads = sum { $0.attention.queryWidth }
        let weights = C * (sum { $0.attention.inputWidth + $0.feedForward.inputWidth + $0.feedForward.width } + heads)
        // bfloat16 products take pairs of operands and run at twice the peak of float.
        let products = precision == .bf16 ? 2 * peak : peak
        let factor: Double = isFrozen ? 4 : 6
        switch part {
        case .products: return factor * N * weights / products
        case .head: return factor * N * V * C / products
        // Two products forward; backward two again and four gradients. A query sees half of the keys on average.
        case .attention: return 7 * 2 * N * Double(context) / 2 * heads / peak
        // Forward reads and writes; backward reads two arrays and adds to a third.
        case .normalization: return (2 * L + 1) * 4 * N * C * (2 + 4) / bandwidth
        case .activation: return 4 * N * sum { $0.feedForward.width } * (2 + 3) / bandwidth
        // One sum of two arrays, and the zeros that attention's gradients are added to.
        case .residual: return L * 4 * N * C * (3 + 3) / bandwidth
        // Weights, moments and gradients are read and written, the gradients once more for their norm.
        case .optimizer: return Double(trainedCount) * 4 * 9 / bandwidth
        case .packing: return Double(parameterCount) * (2 * 4 + 2 * 2) / bandwidth
        case .embedding, .data, .saving: return nil
        }
    }
}

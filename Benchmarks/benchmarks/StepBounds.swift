// Lower bounds for the time of each part of a training step.

import Kernels
import Model

/// Bounds of one step: products cannot be faster than the peak of multiply–adds, and passes over arrays cannot be faster
/// than memory.
struct StepBounds {
    let architecture: Architecture
    let parameterCount: Int
    /// Tokens of the step, and the length of its sequences.
    let rows: Int
    let context: Int
    /// The peak in float in FLOP per second, and the memory bandwidth in bytes per second.
    let peak: Double
    let bandwidth: Double
    let precision: Precision
    /// Whether the weights are frozen and have no gradient.
    let isFrozen: Bool
    /// Number of trained parameters.
    let trainedCount: Int

    /// The bound in seconds; nil for a part without a simple bound.
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
        // Two products forward; two more and four gradients backward. A query sees half of the keys on average.
        case .attention: return 7 * 2 * N * Double(context) / 2 * heads / peak
        // Forward reads and writes; backward reads two arrays and adds to a third.
        case .normalization: return (2 * L + 1) * 4 * N * C * (2 + 4) / bandwidth
        case .activation: return 4 * N * sum { $0.feedForward.width } * (2 + 3) / bandwidth
        // One sum of two arrays, and zeroing the buffer that attention's gradients are added to.
        case .residual: return L * 4 * N * C * (3 + 3) / bandwidth
        // Weights, moments and gradients are read and written; the gradients are read once more for their norm.
        case .optimizer: return Double(trainedCount) * 4 * 9 / bandwidth
        case .packing: return Double(parameterCount) * (2 * 4 + 2 * 2) / bandwidth
        case .embedding, .data, .saving: return nil
        }
    }
}

// How the learning rate moves over a run: a linear warm-up, then constant, linear or cosine decay.

import Foundation

/// η(s) for step s, counted from zero: peak · (s + 1) / warm-up while s < warm-up; afterwards, with
/// x = (s - warm-up) / (total - warm-up), the shape's way from peak to minimum.
package struct LearningRateSchedule: Sendable, Equatable {
    package enum Shape: String, Sendable, CaseIterable {
        /// η = peak.
        case constant
        /// η = peak + (minimum - peak) x.
        case linear
        /// η = minimum + ½ (peak - minimum)(1 + cos πx) (Loshchilov & Hutter 2017, one half-wave).
        case cosine
    }

    package var shape: Shape
    package var peak: Double
    package var minimum: Double
    package var warmupSteps: Int
    package var totalSteps: Int

    package init(shape: Shape, peak: Double, minimum: Double, warmupSteps: Int, totalSteps: Int) {
        self.shape = shape
        self.peak = peak
        self.minimum = minimum
        self.warmupSteps = warmupSteps
        self.totalSteps = totalSteps
    }

    package subscript(step: Int) -> Double {
        if step < warmupSteps { return peak * Double(step + 1) / Double(warmupSteps) }
        let span = Double(max(1, totalSteps - warmupSteps))
        let x = min(1, Double(step - warmupSteps) / span)
        switch shape {
        case .constant: return peak
        case .linear: return peak + (minimum - peak) * x
        case .cosine: return minimum + 0.5 * (peak - minimum) * (1 + cos(Double.pi * x))
        }
    }
}

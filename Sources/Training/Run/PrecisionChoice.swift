// Which precision a run's products are faster in here: measured on the shapes of its model.

import Kernels
import Model

/// The matrix products of a step: what a measurement needs to know of a run.
package struct ProductLoad: Sendable {
    package var architecture: Architecture
    /// Rows of the largest micro-batch.
    package var rows: Int
    /// Micro-batches of a step: weights are packed once for all of them.
    package var microBatches: Int
    /// Whether the weights are frozen: no gradient of theirs is computed, and they are packed once for all steps.
    package var isFrozen: Bool

    package init(architecture: Architecture, rows: Int, microBatches: Int, isFrozen: Bool) {
        (self.architecture, self.rows) = (architecture, rows)
        (self.microBatches, self.isFrozen) = (microBatches, isFrozen)
    }

    /// One linear layer's matrix (in, out), or the head's, and how many layers have it.
    package struct Shape: Hashable {
        package var input: Int
        package var output: Int
    }

    package var shapes: [(shape: Shape, count: Int)] {
        let C = architecture.modelWidth
        var counts: [Shape: Int] = [Shape(input: C, output: architecture.vocabularySize): 1]
        for block in architecture.blocks {
            for layer in LinearLayer.allCases {
                let size = layer.size(in: block, modelWidth: C)
                counts[Shape(input: size.rows, output: size.columns), default: 0] += 1
            }
        }
        return counts.map { ($0.key, $0.value) }
            .sorted { ($0.0.input, $0.0.output) < ($1.0.input, $1.0.output) }
    }

    /// Multiplications and additions of a step's products.
    package var flops: Double {
        let weights = shapes.reduce(0.0) { $0 + Double($1.shape.input) * Double($1.shape.output) * Double($1.count) }
        return (isFrozen ? 4 : 6) * weights * Double(rows) * Double(microBatches)
    }
}

/// Floating-point operations per second of a step's products.
package struct ProductRates: Sendable, Equatable {
    package var f32: Double
    /// With the packing of the weights that a step needs; nil where the processor multiplies no bfloat16.
    package var bf16: Double?

    package init(f32: Double, bf16: Double?) { (self.f32, self.bf16) = (f32, bf16) }

    /// By how much bf16 must be faster, so that noise never decides.
    static let requiredGain = 1.1

    var fastest: Precision { bf16 ?? 0 > ProductRates.requiredGain * f32 ? .bf16 : .f32 }
}

/// How a run finds out: by a measurement of this machine, or by what a test says.
package struct PrecisionMeter: Sendable {
    package let rates: @Sendable (ProductLoad) -> ProductRates

    package init(_ rates: @escaping @Sendable (ProductLoad) -> ProductRates) { self.rates = rates }

    /// Measures this machine, for about a second.
    package static let machine = PrecisionMeter { ProductMeasurement($0).rates() }
}

/// The precision that a run computes in, and what a person should know of it.
package struct PrecisionChoice: Equatable {
    package let precision: Precision
    package let notice: String?

    package init(precision: Precision, notice: String?) { (self.precision, self.notice) = (precision, notice) }

    /// Below this a step takes a few hundredths of a second in either precision: float, so that small runs repeat
    /// without a measurement in between.
    static let smallestFlops = 2e9

    /// For `training.precision` as it was given. An explicit value is kept; where it is the slower one, that is said.
    package static func make(_ given: String, _ load: ProductLoad, _ meter: PrecisionMeter) -> PrecisionChoice {
        let explicit = Precision(rawValue: given)
        guard explicit != .f32 else { return PrecisionChoice(precision: .f32, notice: nil) }
        guard load.flops >= smallestFlops else {
            let notice = "training.precision auto: f32, since the model is too small for its products to matter"
            return PrecisionChoice(precision: explicit ?? .f32, notice: explicit == nil ? notice : nil)
        }
        let rates = meter.rates(load)
        let f32 = giga(rates.f32)
        guard let bf16 = rates.bf16.map(giga) else {
            let notice = "training.precision auto: f32 at \(f32); this processor multiplies no bfloat16"
            return PrecisionChoice(precision: explicit ?? .f32, notice: explicit == nil ? notice : nil)
        }
        guard explicit == nil else {
            let isSlower = rates.bf16 ?? 0 < rates.f32
            let notice = "training.precision bf16 is slower here: \(bf16), against \(f32) in f32"
            return PrecisionChoice(precision: .bf16, notice: isSlower ? notice : nil)
        }
        let notice =
            rates.fastest == .bf16
            ? "training.precision auto: bf16, whose products run at \(bf16), against \(f32) in f32"
            : "training.precision auto: f32, whose products run at \(f32); bf16's run at \(bf16), and 10 % more are asked for"
        return PrecisionChoice(precision: rates.fastest, notice: notice)
    }

    private static func giga(_ rate: Double) -> String { "\(Int((rate / 1e9).rounded())) GFLOP/s" }
}

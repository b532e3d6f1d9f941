// A short measurement of a step's matrix products in both precisions.

import Kernels
import Model

/// Runs each shape of the model's products, forward and backward, on as many rows as the time allows: large matrices are
/// measured by a part of theirs. Both precisions take turns, and the best time of each product counts.
struct ProductMeasurement {
    /// Operations of one round in one precision, a few tenths of a second at most.
    private static let flopsPerRound = 24e9
    private static let seconds = 1.0
    private static let mostRounds = 5
    /// The largest side of a matrix that is measured.
    private static let largestSide = 4096
    private static let (fewestRows, mostRows) = (64, 512)

    private let load: ProductLoad
    private let rows: Int
    private let cases: [Case]

    /// One shape with its memory, and the best seconds of its parts so far.
    private final class Case {
        /// How many products of this size a step has, large ones cut into such parts.
        let weight: Double
        let (input, output): (Int, Int)
        let arena: FloatArena
        let (x, w, y, dx, dw): (Matrix, Matrix, Matrix, Matrix, Matrix)
        var (f32, bf16, packing) = (Double.infinity, Double.infinity, Double.infinity)

        init(_ shape: ProductLoad.Shape, count: Int, rows: Int, isFrozen: Bool) {
            (input, output) = ProductMeasurement.measured(shape)
            weight = Double(count) * Double(shape.input) / Double(input) * Double(shape.output) / Double(output)
            let (X, W, Y) = (rows * input, input * output, rows * output)
            arena = FloatArena(count: 2 * X + Y + (isFrozen ? W : 2 * W))
            for index in 0..<(X + W + Y) { arena.base[index] = Float(index % 13) - 6 }
            x = Matrix(arena, rows: rows, columns: input)
            w = Matrix(arena, offset: X, rows: input, columns: output)
            y = Matrix(arena, offset: X + W, rows: rows, columns: output)
            dx = Matrix(arena, offset: X + W + Y, rows: rows, columns: input)
            dw = isFrozen ? .none : Matrix(arena, offset: 2 * X + W + Y, rows: input, columns: output)
        }
    }

    init(_ load: ProductLoad) {
        self.load = load
        let weights = load.shapes.reduce(0.0) {
            let part = ProductMeasurement.measured($1.shape)
            return $0 + Double(part.input) * Double(part.output)
        }
        let affordable = Int(ProductMeasurement.flopsPerRound / (6 * weights)) / 64 * 64
        let (fewest, most) = (ProductMeasurement.fewestRows, ProductMeasurement.mostRows)
        let rows = max(1, min(load.rows, max(fewest, min(most, affordable))))
        self.rows = rows
        cases = load.shapes.map { Case($0.shape, count: $0.count, rows: rows, isFrozen: load.isFrozen) }
    }

    private static func measured(_ shape: ProductLoad.Shape) -> (input: Int, output: Int) {
        (min(shape.input, largestSide), min(shape.output, largestSide))
    }

    func rates() -> ProductRates {
        let (end, hasRounded) = (monotonicSeconds() + ProductMeasurement.seconds, RoundedWeight.isSupported)
        let workspace = BFloat16Workspace()
        // The first round in bfloat16 compiles what the others run.
        for round in 0..<ProductMeasurement.mostRounds where round < 2 || monotonicSeconds() < end {
            for part in cases {
                measureFloat(part)
                if hasRounded { measureRounded(part, workspace) }
            }
        }
        let scale = Double(load.rows) / Double(rows) * Double(load.microBatches)
        let f32 = cases.reduce(0) { $0 + $1.weight * $1.f32 } * scale
        let packing = load.isFrozen ? 0 : cases.reduce(0) { $0 + $1.weight * $1.packing }
        let bf16 = cases.reduce(0) { $0 + $1.weight * $1.bf16 } * scale + packing
        return ProductRates(f32: load.flops / f32, bf16: hasRounded ? load.flops / bf16 : nil)
    }

    private func seconds(_ body: () -> Void) -> Double {
        let start = monotonicSeconds()
        body()
        return monotonicSeconds() - start
    }

    private func measureFloat(_ part: Case) {
        part.f32 = min(
            part.f32,
            seconds {
                Linear.forward(into: part.y, of: part.x, weight: part.w, bias: nil)
                Linear.backward(
                    dInput: part.dx, dWeight: part.dw.ifAny, dBias: nil, dOutput: part.y, input: part.x, weight: part.w)
            })
    }

    private func measureRounded(_ part: Case, _ workspace: BFloat16Workspace) {
        let weight = RoundedWeight(part.w, transposed: false, workspace: workspace)
        part.packing = min(part.packing, seconds { RoundedWeight.refresh([weight]) })
        part.bf16 = min(
            part.bf16,
            seconds {
                weight.forward(into: part.y, of: part.x, bias: nil)
                weight.backward(
                    dInput: part.dx, dWeight: part.dw.ifAny, dBias: nil, dOutput: part.y, input: part.x)
            })
    }
}

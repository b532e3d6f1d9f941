// What every kernel gives for one fixed problem, for comparisons between numbers of threads.

import Kernels
import TestSupport

enum KernelResults {
    private static let rows = 37
    private static let columns = 130

    /// One array a kernel, in a fixed order.
    static func all() -> [(name: String, values: [Float])] {
        layerNorm() + activation() + embedding() + rowProducts() + losses() + optimizer() + attention() + gatedFamily()
            + lowRank() + [("column sums", columnSums()), ("dropout", dropout()), ("sum", addition())]
    }

    private static func layerNorm() -> [(String, [Float])] {
        let (x, dy) = (Grid.random(rows, columns, seed: 1), Grid.random(rows, columns, seed: 2))
        let (weight, bias) = (Grid.random(1, columns, seed: 3), Grid.random(1, columns, seed: 4))
        let (y, dx) = (Grid(rows, columns, filledWith: 0), Grid(rows, columns, filledWith: 0))
        let (dWeight, dBias) = (Grid(1, columns, filledWith: 0), Grid(1, columns, filledWith: 0))
        let saved = LayerNorm.Saved(
            mean: Grid(1, rows, filledWith: 0).vector, reciprocalDeviation: Grid(1, rows, filledWith: 0).vector)
        LayerNorm.forward(
            into: y.matrix, saving: saved, of: x.matrix, weight: weight.vector, bias: bias.vector, epsilon: 1e-5)
        LayerNorm.backward(
            dInput: dx.matrix, dWeight: dWeight.vector, dBias: dBias.vector, dOutput: dy.matrix, input: x.matrix,
            weight: weight.vector, saved: saved)
        return [
            ("LayerNorm forward", y.values), ("LayerNorm dInput", dx.values), ("LayerNorm dWeight", dWeight.values),
            ("LayerNorm dBias", dBias.values),
        ]
    }

    private static func activation() -> [(String, [Float])] {
        [true, false].flatMap { exact in
            let (x, dy) = (Grid.random(rows, columns, seed: 5), Grid.random(rows, columns, seed: 6))
            let y = Grid(rows, columns, filledWith: 0)
            GELU.forward(into: y.matrix, of: x.matrix, exact: exact)
            GELU.backward(inPlace: dy.matrix, input: x.matrix, exact: exact)
            // One row, whose columns are shared out where there are threads.
            let (bias, one) = (Grid.random(1, columns, seed: 16), Grid(1, columns, filledWith: 0))
            GELU.forwardAddingBias(
                into: one.matrix, inPlace: x.matrix.rows(0..<1), adding: bias.vector, exact: exact)
            return [("GELU forward", y.values), ("GELU backward", dy.values), ("GELU of one row", one.values)]
        }
    }

    private static func embedding() -> [(String, [Float])] {
        let tokens = (0..<rows).map { Int32($0 * $0 % 11) }
        let positions = (0..<rows).map { Int32($0 % 5) }
        let (table, places) = (Grid.random(11, columns, seed: 7), Grid.random(5, columns, seed: 8))
        let (y, dy) = (Grid(rows, columns, filledWith: 0), Grid.random(rows, columns, seed: 9))
        Embedding.forward(
            into: y.matrix, tokens: tokens, positions: positions, tokenTable: table.matrix,
            positionTable: places.matrix)
        Embedding.backward(
            dTokenTable: table.matrix, dPositionTable: places.matrix, dOutput: dy.matrix, tokens: tokens,
            positions: positions)
        return [("embedding", y.values), ("token gradient", table.values), ("position gradient", places.values)]
    }

    private static func lowRank() -> [(String, [Float])] {
        let (x, factor) = (Grid.random(rows, columns, seed: 41), Grid.random(5, columns, seed: 42))
        let narrow = Grid(rows, 5, filledWith: 0)
        LowRankProduct.project(into: narrow.matrix, x.matrix, factor.matrix)
        LowRankProduct.addTransposed(to: factor.matrix, narrow.matrix, x.matrix)
        LowRankProduct.add(to: x.matrix, narrow.matrix, factor.matrix)
        return [
            ("low-rank projection", narrow.values), ("low-rank factor", factor.values), ("low-rank sum", x.values),
        ]
    }

    private static func rowProducts() -> [(String, [Float])] {
        let (x, weight) = (Grid.random(1, 37, seed: 10), Grid.random(37, 331, seed: 11))
        let (bias, y) = (Grid.random(1, 331, seed: 12), Grid(1, 331, filledWith: 0))
        VectorMatrix.multiply(into: y.matrix, x.matrix, weight.matrix, bias: bias.vector)
        let first = y.values
        VectorMatrix.multiplyTransposed(into: y.matrix, x.matrix, Grid.random(331, 37, seed: 13).matrix)
        let transposed = y.values
        let compact = [WeightFormat.bf16, .int8].map { format in
            CompactWeight(weight.matrix, transposed: false, format: format)
                .multiply(into: y.matrix, x.matrix, bias: bias.vector)
            return ("\(format) row product", y.values)
        }
        let groups = CompactWeight(weight.matrix, transposed: false, format: .q4)
        groups.multiply(into: y.matrix, x.matrix, bias: bias.vector)
        return [("row product", first), ("transposed row product", transposed), ("q4 row product", y.values)] + compact
    }

    private static func losses() -> [(String, [Float])] {
        let logits = Grid.random(rows, columns, seed: 14)
        let targets = (0..<rows).map { Int32($0 * 3) }
        var found = [CrossEntropy.Row](repeating: .init(), count: rows)
        CrossEntropy.forwardBackward(
            into: &found, inPlace: logits.matrix, targets: targets, factors: [Float](repeating: 0.1, count: rows))
        return [("losses", found.map { Float($0.loss) }), ("logit gradient", logits.values)]
    }

    private static func optimizer() -> [(String, [Float])] {
        let (weights, gradients) = (Grid.random(1, 200_003, seed: 15), Grid.random(1, 200_003, seed: 16))
        let norm = AdamW.squaredNorm(gradients.vector)
        AdamW.update(
            .init(
                weights: weights.vector, gradients: gradients.vector,
                firstMoment: Grid(1, 200_003, filledWith: 0).vector,
                secondMoment: Grid(1, 200_003, filledWith: 0).vector),
            .init(learningRate: 1e-3, beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1, number: 1),
            decays: true)
        // Both halves of the double, so that no bit of the norm is lost.
        let halves = [UInt32(truncatingIfNeeded: norm.bitPattern), UInt32(norm.bitPattern >> 32)]
        return [("squared norm", halves.map { Float(bitPattern: $0) }), ("AdamW", weights.values)]
    }

    private static func attention() -> [(String, [Float])] {
        let problem = AttentionCase(
            lengths: [70, 1, 16], headCount: 3, headWidth: 5, dropout: DropoutKey(rate: 0.1, seed: 1, step: 2, site: 3))
        let dQKV = Grid(87, 45, filledWith: 0)
        problem.backward(into: dQKV)
        let (keys, values) = (Grid.random(120, 5, seed: 17), Grid.random(120, 5, seed: 18))
        let (queries, output) = (Grid.random(3, 15, seed: 19), Grid(3, 15, filledWith: 0))
        CachedAttention.forward(
            into: output.matrix, queries: queries.matrix,
            .init(keys: keys.matrix, values: values.matrix, headCount: 3), start: 30)
        return [
            ("attention", problem.forward().output.values), ("attention gradient", dQKV.values),
            ("cached attention", output.values),
        ]
    }

    private static func columnSums() -> [Float] {
        let (dy, dBias) = (Grid.random(rows, columns, seed: 20), Grid(1, columns, filledWith: 0))
        Linear.backward(
            dInput: nil, dWeight: nil, dBias: dBias.vector, dOutput: dy.matrix, input: dy.matrix,
            weight: Grid.random(columns, columns, seed: 21).matrix)
        return dBias.values
    }

    private static func dropout() -> [Float] {
        let x = Grid.random(rows, columns, seed: 22)
        DropoutKey(rate: 0.3, seed: 1, step: 2, site: 3).apply(
            to: x.matrix, identities: (0..<rows).map { DropoutKey.rowIdentity(example: 0, position: $0) })
        return x.values
    }

    private static func addition() -> [Float] {
        let x = Grid.random(rows, columns, seed: 23)
        Elementwise.add(to: x.matrix, Grid.random(rows, columns, seed: 24).matrix)
        return x.values
    }
}

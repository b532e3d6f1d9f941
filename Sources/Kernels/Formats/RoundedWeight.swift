// A linear layer in bfloat16: the weight's rounded copies, and the three products with them.

/// The weight of a linear layer y = x W + b, rounded to bfloat16 and laid out for the products of both directions.
/// The float weight stays the master: `refresh` takes it over again after every update. Sums are made in float, and so
/// are the gradients; only the operands are rounded (Kalamkar et al. 2019, "A Study of BFLOAT16 for Deep Learning
/// Training").
package final class RoundedWeight: @unchecked Sendable {
    private let weight: Matrix
    private let isTransposed: Bool
    private let forward: BFloat16Product.PackedMatrix
    private let backward: BFloat16Product.PackedMatrix
    private let workspace: BFloat16Workspace

    /// Whether the processor multiplies bfloat16 at all.
    package static var isSupported: Bool { BFloat16Product.isSupported }

    /// Whether a weight's gradient takes a copy of an operand in the workspace.
    package static var copiesOperands: Bool { BFloat16Product.copiesParts }

    /// oneDNN's version, for messages.
    package static var libraryVersion: String { BFloat16Product.version }

    /// Copies of `weight`, empty until `refresh`.
    ///
    /// - Parameters:
    ///   - weight: (in, out), or (out, in) where `transposed`; its owner outlives this.
    ///   - workspace: for the operands that are rounded on the way; shared by the layers of one model.
    package init(_ weight: Matrix, transposed: Bool, workspace: BFloat16Workspace) {
        self.weight = weight
        self.workspace = workspace
        isTransposed = transposed
        let (input, output) = transposed ? (weight.columns, weight.rows) : (weight.rows, weight.columns)
        forward = BFloat16Product.PackedMatrix(inner: input, columns: output)
        backward = BFloat16Product.PackedMatrix(inner: output, columns: input)
    }

    /// Takes the weights' present values over, all of `layers` side by side.
    package static func refresh(_ layers: [RoundedWeight]) {
        // The largest come first, so that the threads end at the same time.
        let order = layers.sorted { $0.weight.rows * $0.weight.columns > $1.weight.rows * $1.weight.columns }
        ParallelFor.tasks(2 * order.count, for: .packing) { task in
            let layer = order[task / 2]
            if task % 2 == 0 {
                layer.forward.pack(layer.weight, transposed: layer.isTransposed)
            } else {
                layer.backward.pack(layer.weight, transposed: !layer.isTransposed)
            }
        }
    }

    /// output = input · W + bias.
    ///
    /// - Parameters:
    ///   - output: (N, out), overwritten.
    ///   - input: (N, in); backward needs it again.
    ///   - bias: (out), or nil for none.
    package func forward(into output: Matrix, of input: Matrix, bias: Vector?) {
        let x = workspace.first(rows: input.rows, columns: input.columns)
        BFloat16.round(into: x, of: input)
        BFloat16Product.run(into: output, x, forward, bias: bias)
    }

    /// As `Linear.backward`: overwrites dInput and adds to the other two.
    ///
    /// - Parameters:
    ///   - dInput: (N, in), overwritten: dOutput · Wᵀ; nil where nobody asks for it.
    ///   - dWeight: of the weight's shape, added to; nil for a frozen weight.
    ///   - dBias: (out), added to; nil without a bias.
    ///   - dOutput: (N, out).
    ///   - input: (N, in), as in `forward`.
    package func backward(dInput: Matrix?, dWeight: Matrix?, dBias: Vector?, dOutput: Matrix, input: Matrix) {
        let dy = workspace.second(rows: dOutput.rows, columns: dOutput.columns)
        BFloat16.round(into: dy, of: dOutput)
        if let dInput { BFloat16Product.run(into: dInput, dy, backward, bias: nil) }
        if let dWeight {
            let x = workspace.first(rows: input.rows, columns: input.columns)
            BFloat16.round(into: x, of: input)
            let (a, b) = isTransposed ? (dy, x) : (x, dy)
            let parts = BFloat16Product.copiesParts ? workspace.third(rows: a.rows, columns: a.columns) : nil
            BFloat16Product.addTransposed(to: dWeight, a, b, parts: parts)
        }
        if let dBias { Linear.addColumnSums(of: dOutput, to: dBias) }
    }
}

/// Memory for the two operands that a layer rounds, and for a copy of one; grows to the largest.
package final class BFloat16Workspace: @unchecked Sendable {
    private var blocks: [UnsafeMutableBufferPointer<UInt16>?] = [nil, nil, nil]

    package init() {}

    deinit { for block in blocks { block?.deallocate() } }

    func first(rows: Int, columns: Int) -> BFloat16Matrix { matrix(0, rows, columns) }

    func second(rows: Int, columns: Int) -> BFloat16Matrix { matrix(1, rows, columns) }

    func third(rows: Int, columns: Int) -> BFloat16Matrix { matrix(2, rows, columns) }

    private func matrix(_ index: Int, _ rows: Int, _ columns: Int) -> BFloat16Matrix {
        let count = max(rows * columns, 1)
        if let block = blocks[index], block.count >= count {
            return BFloat16Matrix(base: block.baseAddress!, rows: rows, columns: columns)
        }
        blocks[index]?.deallocate()
        let memory = UnsafeMutableRawPointer.allocate(byteCount: (2 * count + 63) / 64 * 64, alignment: 64)
        let base = memory.bindMemory(to: UInt16.self, capacity: count)
        blocks[index] = UnsafeMutableBufferPointer(start: base, count: count)
        return BFloat16Matrix(base: base, rows: rows, columns: columns)
    }
}

// LoRA: low-rank matrices trained next to frozen weights.

import Kernels

/// Which layers get an adapter, and how large (Hu et al. 2021, "LoRA: Low-Rank Adaptation of Large Language Models").
package struct AdapterConfig: Sendable, Equatable {
    /// R.
    package var rank: Int
    /// The adapter's part of the output is multiplied by alpha / rank.
    package var alpha: Double
    /// Of the adapter's input, in training.
    package var dropout: Double
    /// Names of the architecture's linear modules, or ends of them (`c_attn`, `mlp.c_proj`); `attention` for the layers
    /// of attention, `all` for all.
    package var targets: [String]

    package init(rank: Int = 8, alpha: Double = 16, dropout: Double = 0, targets: [String] = ["attention"]) {
        (self.rank, self.alpha, self.dropout, self.targets) = (rank, alpha, dropout, targets)
    }

    package var scale: Float { Float(alpha / Double(rank)) }

    /// Whether a module gets an adapter.
    func adapts(_ module: LinearModule) -> Bool { targets.contains(where: module.isMeant) }

    /// The first target that means no linear module of the architecture; nil where each means one.
    package func unknownTarget(in architecture: Architecture) -> String? {
        targets.first { target in !architecture.linearModules.contains { $0.isMeant(by: target) } }
    }
}

/// The adapters of a model: a second layout with its own weights.
package final class Adapters {
    package let config: AdapterConfig
    /// `h.3.attn.c_attn.lora_A` (in, R) and `h.3.attn.c_attn.lora_B` (R, out) of each adapted module.
    package let layout: ParameterLayout
    /// In an arena of the layout.
    package let weights: FloatArena
    private let architecture: Architecture
    private let workspace = AdapterWorkspace()

    init(_ config: AdapterConfig, of architecture: Architecture) {
        self.config = config
        self.architecture = architecture
        layout = ParameterLayout(adapters: config, of: architecture)
        weights = FloatArena(count: layout.arenaCount)
    }

    /// The adapters of one layer in an arena of the layout: the weights, or their gradients.
    func views(block: Int, layer: LinearLayer, in arena: FloatArena) -> [LinearAdapter] {
        let description = architecture.blocks[block]
        func matrix(_ kind: ParameterKind) -> Matrix? {
            layout[ParameterKey(layer.role, block: block, kind)].map {
                Matrix(arena, offset: $0.offset, rows: $0.shape[0], columns: $0.shape[1])
            }
        }
        return architecture.linearModules.enumerated().compactMap { number, module in
            guard module.layer == layer, let a = matrix(.adapterA(module: number)),
                let b = matrix(.adapterB(module: number))
            else { return nil }
            let columns = module.part.columns(of: layer, in: description, modelWidth: architecture.modelWidth)
            return LinearAdapter(
                a: a, b: b, columns: columns, site: .adapter(block: block, layer: layer, part: module.part),
                scale: config.scale, workspace: workspace)
        }
    }
}

/// One module's adapter, or its gradient: y += scale · x A B, y being the module's columns of the layer's output.
struct LinearAdapter: Sendable {
    /// (in, R).
    let a: Matrix
    /// (R, columns).
    let b: Matrix
    /// The module's columns of the layer's weight.
    let columns: Range<Int>
    /// Where its dropout mask belongs.
    let site: TrainingDropout.Site
    let scale: Float
    let workspace: AdapterWorkspace
    /// Whether a row's result, to the last bit, must not depend on how many others are worked on with it: for generation,
    /// where a pass has the rows of several texts.
    var keepsRowsIndependent = false

    /// The dropout mask of an adapter's input.
    typealias Mask = (key: DropoutKey, identities: UnsafePointer<UInt64>)

    /// Adds the adapter's part to the layer's output (N, out).
    func add(to output: Matrix, of input: Matrix, _ mask: Mask?) {
        if keepsRowsIndependent, mask == nil, input.rows <= VectorMatrix.mostRows {
            addRows(to: output.columns(columns), of: input)
            return
        }
        let narrow = project(workspace.masked(input, mask), workspace.transposed(a))
        LowRankProduct.add(to: output.columns(columns), narrow, b)
    }

    /// Without the copy of Aᵀ, which takes as long as the products of one row.
    private func addRows(to output: Matrix, of input: Matrix) {
        let narrow = workspace.matrix(.projection, rows: input.rows, columns: a.columns)
        narrow.base.update(repeating: 0, count: narrow.rows * narrow.columns)
        VectorMatrix.addOnThisThread(to: narrow, input, a)
        for row in 0..<narrow.rows {
            for column in 0..<narrow.columns { narrow.row(row)[column] *= scale }
        }
        VectorMatrix.addOnThisThread(to: output, narrow, b)
    }

    /// Adds to dInput (N, in) and to the gradients of both matrices:
    /// dB += scale (x A)ᵀ dy; d = scale dy Bᵀ; dA += xᵀ d; dx += d Aᵀ, x and dx after the mask.
    func backward(
        dInput: Matrix, _ gradient: LinearAdapter, dOutput layerGradient: Matrix, input: Matrix, _ mask: Mask?
    ) {
        let dOutput = layerGradient.columns(columns)
        let x = workspace.masked(input, mask)
        // With Aᵀ each product has a wide matrix and one of few rows.
        let aTransposed = workspace.transposed(a)
        LowRankProduct.addTransposed(to: gradient.b, project(x, aTransposed), dOutput)
        let dNarrow = workspace.matrix(.gradient, rows: x.rows, columns: a.columns)
        LowRankProduct.project(into: dNarrow, dOutput, b, scale: scale)
        let dATransposed = workspace.transposed(gradient.a, as: .factorGradient)
        LowRankProduct.addTransposed(to: dATransposed, dNarrow, x)
        dATransposed.transpose(into: gradient.a)
        guard let mask else {
            LowRankProduct.add(to: dInput, dNarrow, aTransposed)
            return
        }
        for row in 0..<x.rows { x.row(row).update(repeating: 0, count: x.columns) }
        LowRankProduct.add(to: x, dNarrow, aTransposed)
        mask.key.apply(to: x, identities: mask.identities)
        Elementwise.add(to: dInput, x)
    }

    /// weight (in, out) += scale · A B, in the module's columns.
    func merge(into weight: Matrix) {
        MatrixMultiply.run(into: weight.columns(columns), a, b, scale: scale, adding: true)
    }

    /// scale · x A, (N, R).
    private func project(_ input: Matrix, _ aTransposed: Matrix) -> Matrix {
        let narrow = workspace.matrix(.projection, rows: input.rows, columns: a.columns)
        LowRankProduct.project(into: narrow, input, aTransposed, scale: scale)
        return narrow
    }
}

/// Scratch memory shared by all adapters of a model; grows on demand.
final class AdapterWorkspace: @unchecked Sendable {
    enum Use: Int, CaseIterable { case projection, gradient, masked, factor, factorGradient }
    private var arenas: [FloatArena?] = Use.allCases.map { _ in nil }

    func matrix(_ use: Use, rows: Int, columns: Int) -> Matrix {
        if let arena = arenas[use.rawValue], arena.count >= rows * columns {
            return Matrix(arena, rows: rows, columns: columns)
        }
        let arena = FloatArena(count: rows * columns)
        arenas[use.rawValue] = arena
        return Matrix(arena, rows: rows, columns: columns)
    }

    /// A copy of an adapter's (in, R) matrix as (R, in).
    func transposed(_ a: Matrix, as use: Use = .factor) -> Matrix {
        let copy = matrix(use, rows: a.columns, columns: a.rows)
        a.transpose(into: copy)
        return copy
    }

    /// The input itself, or a masked copy.
    func masked(_ input: Matrix, _ mask: LinearAdapter.Mask?) -> Matrix {
        guard let mask else { return input }
        let copy = matrix(.masked, rows: input.rows, columns: input.columns)
        for row in 0..<input.rows { copy.row(row).update(from: input.row(row), count: input.columns) }
        mask.key.apply(to: copy, identities: mask.identities)
        return copy
    }
}

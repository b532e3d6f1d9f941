// LoRA: small matrices beside frozen weights, which alone are trained.

import Kernels

/// Which layers get an adapter, and how large (Hu et al. 2021, "LoRA: Low-Rank Adaptation of Large Language Models").
public struct AdapterConfig: Sendable, Equatable {
    /// R.
    public var rank: Int
    /// The adapter's part of the output is multiplied by alpha / rank.
    public var alpha: Double
    /// Of the adapter's input, in training.
    public var dropout: Double
    /// Ends of the layers' names, `c_attn` or `mlp.c_proj`; `all` for all linear layers.
    public var targets: [String]

    public init(rank: Int = 8, alpha: Double = 16, dropout: Double = 0, targets: [String] = ["c_attn"]) {
        (self.rank, self.alpha, self.dropout, self.targets) = (rank, alpha, dropout, targets)
    }

    public var scale: Float { Float(alpha / Double(rank)) }

    /// The linear layers of a block, in the order of forward.
    public static let layers = ["attn.c_attn", "attn.c_proj", "mlp.c_fc", "mlp.c_proj"]

    /// Everything that `targets` may hold.
    public static let possibleTargets = ["c_attn", "c_proj", "c_fc", "all"] + layers

    /// Whether a layer of `layers` gets an adapter.
    func holds(_ layer: String) -> Bool {
        targets.contains { $0 == "all" || $0 == layer || layer.hasSuffix("." + $0) }
    }
}

/// The adapters of a model: a second layout with weights of its own.
public final class Adapters {
    public let config: AdapterConfig
    /// `h.3.attn.c_attn.lora_A` (in, R) and `h.3.attn.c_attn.lora_B` (R, out) of each chosen layer.
    public let layout: ParameterLayout
    /// In an arena of the layout.
    public let weights: FloatArena
    private let workspace = AdapterWorkspace()

    init(_ config: AdapterConfig, of model: ModelConfig) {
        self.config = config
        layout = ParameterLayout(adapters: config, of: model)
        weights = FloatArena(count: layout.arenaCount)
    }

    /// The matrices of one layer in an arena of the layout: the weights, or their gradients.
    func views(block: Int, layer: Int, in arena: FloatArena) -> LinearAdapter? {
        let name = "h.\(block).\(AdapterConfig.layers[layer])"
        guard let a = layout[name + ".lora_A"], let b = layout[name + ".lora_B"] else { return nil }
        func matrix(_ parameter: Parameter) -> Matrix {
            Matrix(arena, offset: parameter.offset, rows: parameter.shape[0], columns: parameter.shape[1])
        }
        return LinearAdapter(a: matrix(a), b: matrix(b), scale: config.scale, workspace: workspace)
    }
}

extension ParameterLayout {
    /// The list of a model's adapters. A begins uniform within 1 / √in, B with zeros, so that the model begins as its
    /// base (the initialisation of Hugging Face's PEFT).
    public init(adapters: AdapterConfig, of config: ModelConfig) {
        let (C, F, R) = (config.modelWidth, config.feedForwardWidth, adapters.rank)
        let sizes = [(C, 3 * C), (C, C), (C, F), (F, C)]
        var shapes: [(String, [Int], Initializer)] = []
        for block in 0..<config.blockCount {
            for (layer, (input, output)) in zip(AdapterConfig.layers, sizes) where adapters.holds(layer) {
                let bound = 1 / Double(input).squareRoot()
                shapes.append(("h.\(block).\(layer).lora_A", [input, R], .uniform(bound: bound)))
                shapes.append(("h.\(block).\(layer).lora_B", [R, output], .zeros))
            }
        }
        self.init(shapes)
    }
}

/// One layer's adapter, or its gradient: y += scale · x A B.
struct LinearAdapter: Sendable {
    /// (in, R) and (R, out).
    let a: Matrix
    let b: Matrix
    let scale: Float
    let workspace: AdapterWorkspace

    /// The dropout mask of an adapter's input.
    typealias Mask = (key: DropoutKey, identities: UnsafePointer<UInt64>)

    /// Adds the adapter's part to output (N, out).
    func add(to output: Matrix, of input: Matrix, _ mask: Mask?) {
        let narrow = project(workspace.masked(input, mask))
        MatrixMultiply.run(into: output, narrow, b, scale: scale, adding: true)
    }

    /// Adds to dInput (N, in) and to the gradients of both matrices:
    /// dB += scale (x A)ᵀ dy; d = scale dy Bᵀ; dA += xᵀ d; dx += d Aᵀ, x and dx behind the mask.
    func backward(dInput: Matrix, _ gradient: LinearAdapter, dOutput: Matrix, input: Matrix, _ mask: Mask?) {
        let x = workspace.masked(input, mask)
        let narrow = project(x)
        MatrixMultiply.run(into: gradient.b, narrow, dOutput, transposingA: true, scale: scale, adding: true)
        let dNarrow = workspace.matrix(.gradient, rows: input.rows, columns: a.columns)
        MatrixMultiply.run(into: dNarrow, dOutput, b, transposingB: true, scale: scale)
        MatrixMultiply.run(into: gradient.a, x, dNarrow, transposingA: true, adding: true)
        guard let mask else {
            MatrixMultiply.run(into: dInput, dNarrow, a, transposingB: true, adding: true)
            return
        }
        MatrixMultiply.run(into: x, dNarrow, a, transposingB: true)
        mask.key.apply(to: x, identities: mask.identities)
        Elementwise.add(to: dInput, x)
    }

    /// weight (in, out) += scale · A B.
    func merge(into weight: Matrix) { MatrixMultiply.run(into: weight, a, b, scale: scale, adding: true) }

    private func project(_ input: Matrix) -> Matrix {
        let narrow = workspace.matrix(.projection, rows: input.rows, columns: a.columns)
        MatrixMultiply.run(into: narrow, input, a)
        return narrow
    }
}

/// Memory that the adapters of a model share; grows to the largest need.
final class AdapterWorkspace: @unchecked Sendable {
    enum Use: Int { case projection, gradient, masked }
    private var arenas: [FloatArena?] = [nil, nil, nil]

    func matrix(_ use: Use, rows: Int, columns: Int) -> Matrix {
        if let arena = arenas[use.rawValue], arena.count >= rows * columns {
            return Matrix(arena, rows: rows, columns: columns)
        }
        let arena = FloatArena(count: rows * columns)
        arenas[use.rawValue] = arena
        return Matrix(arena, rows: rows, columns: columns)
    }

    /// The input itself, or a copy behind a mask.
    func masked(_ input: Matrix, _ mask: LinearAdapter.Mask?) -> Matrix {
        guard let mask else { return input }
        let copy = matrix(.masked, rows: input.rows, columns: input.columns)
        for row in 0..<input.rows { copy.row(row).update(from: input.row(row), count: input.columns) }
        mask.key.apply(to: copy, identities: mask.identities)
        return copy
    }
}

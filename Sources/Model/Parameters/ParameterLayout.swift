// THE list of a model's parameters: name, shape, place in memory, decayed or not, initial distribution.

import Kernels

/// How a parameter is filled before training from nothing.
public enum Initializer: Sendable, Equatable {
    case zeros
    case ones
    /// Normal with mean 0.
    case normal(standardDeviation: Double)
    /// Uniform between -bound and bound.
    case uniform(bound: Double)
}

/// One named array of a model.
public struct Parameter: Sendable, Equatable {
    /// The name in GPT-2's published checkpoint, `h.3.attn.c_attn.weight`.
    public let name: String
    /// `[rows, columns]` of a matrix, `[count]` of a vector.
    public let shape: [Int]
    /// Where it starts in an arena of this layout, in floats; a multiple of 16.
    public let offset: Int
    public let initializer: Initializer

    public var count: Int { shape.reduce(1, *) }
    /// Whether AdamW's weight decay acts on it: matrices decay, biases and LayerNorm weights do not.
    public var decays: Bool { shape.count > 1 }
    /// Its elements in an arena of the layout.
    public var range: Range<Int> { offset..<(offset + count) }
}

/// The list. Weights, gradients and both of AdamW's moments are arenas with this one layout; checkpoints, counts,
/// weight decay and gradient tests walk it. A parameter is added by one line here plus its use.
public struct ParameterLayout: Sendable, Equatable {
    public let parameters: [Parameter]
    /// Floats that an arena needs, gaps for alignment included.
    public let arenaCount: Int

    /// The layout of `config`'s model. Linear layers are stored `(in, out)`, as GPT-2's Conv1D; initial values are
    /// GPT-2's: N(0, 0.02), the projections into the residual stream N(0, 0.02 / √(2L)) (Radford et al. 2019, §2.3).
    public init(_ config: ModelConfig) {
        let (V, T, L) = (config.vocabularySize, config.contextLength, config.blockCount)
        let (C, F) = (config.modelWidth, config.feedForwardWidth)
        let plain = Initializer.normal(standardDeviation: 0.02)
        let residual = Initializer.normal(standardDeviation: 0.02 / (2 * Double(L)).squareRoot())
        var list = ListBuilder(biases: config.biases)

        list.add("wte.weight", [V, C], plain)
        list.add("wpe.weight", [T, C], plain)
        for index in 0..<L {
            list.addLayerNorm("h.\(index).ln_1", C)
            list.addLinear("h.\(index).attn.c_attn", from: C, to: 3 * C, plain, bias: config.attentionInputBias)
            list.addLinear("h.\(index).attn.c_proj", from: C, to: C, residual)
            list.addLayerNorm("h.\(index).ln_2", C)
            list.addLinear("h.\(index).mlp.c_fc", from: C, to: F, plain)
            list.addLinear("h.\(index).mlp.c_proj", from: F, to: C, residual)
        }
        list.addLayerNorm("ln_f", C)
        if !config.tiedHead { list.add("lm_head.weight", [V, C], plain) }

        parameters = list.parameters
        arenaCount = list.nextOffset
    }

    /// A list of other arrays, each with its name, shape and initial values.
    init(_ arrays: [(name: String, shape: [Int], initializer: Initializer)]) {
        var list = ListBuilder(biases: false)
        for array in arrays { list.add(array.name, array.shape, array.initializer) }
        parameters = list.parameters
        arenaCount = list.nextOffset
    }

    /// How many numbers the model learns.
    public var parameterCount: Int { parameters.reduce(0) { $0 + $1.count } }

    /// The parameter called `name`, or nil.
    public subscript(name: String) -> Parameter? { parameters.first { $0.name == name } }

    /// Collects the list and hands out offsets.
    private struct ListBuilder {
        let biases: Bool
        var parameters: [Parameter] = []
        var nextOffset = 0

        mutating func add(_ name: String, _ shape: [Int], _ initializer: Initializer) {
            let parameter = Parameter(name: name, shape: shape, offset: nextOffset, initializer: initializer)
            parameters.append(parameter)
            nextOffset += (parameter.count + 15) / 16 * 16
        }

        mutating func addLayerNorm(_ name: String, _ width: Int) {
            add("\(name).weight", [width], .ones)
            if biases { add("\(name).bias", [width], .zeros) }
        }

        mutating func addLinear(
            _ name: String, from input: Int, to output: Int, _ initializer: Initializer, bias: Bool = true
        ) {
            add("\(name).weight", [input, output], initializer)
            if biases && bias { add("\(name).bias", [output], .zeros) }
        }
    }
}

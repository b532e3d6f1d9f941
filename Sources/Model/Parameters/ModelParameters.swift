// Named views into one arena of the layout: the weights, or their gradients, as the layers ask for them.

import Kernels

/// The scale and shift of a LayerNorm, (C) each.
public struct LayerNormParameters: Sendable {
    public let weight: Vector
    public let bias: Vector?
}

/// The parameters of one block.
public struct BlockParameters: Sendable {
    public let norm1: LayerNormParameters
    /// C → 3C: queries, keys, values.
    public var attentionInput: LinearParameters
    /// C → C.
    public var attentionOutput: LinearParameters
    public let norm2: LayerNormParameters
    /// C → F.
    public var feedForwardInput: LinearParameters
    /// F → C.
    public var feedForwardOutput: LinearParameters

    /// Gradients that nobody asks for.
    static let none: BlockParameters = {
        let (norm, linear) = (
            LayerNormParameters(weight: .none, bias: nil), LinearParameters(weight: .none, bias: nil)
        )
        return BlockParameters(
            norm1: norm, attentionInput: linear, attentionOutput: linear, norm2: norm, feedForwardInput: linear,
            feedForwardOutput: linear)
    }()

    /// The four linear layers, in the order of forward.
    static let linearLayers: [any WritableKeyPath<BlockParameters, LinearParameters> & Sendable] = [
        \.attentionInput, \.attentionOutput, \.feedForwardInput, \.feedForwardOutput,
    ]
}

/// All parameters of a model, in an arena that the caller keeps alive.
public struct ModelParameters: Sendable {
    /// (V, C).
    public let tokenEmbedding: Matrix
    /// (context, C).
    public let positionEmbedding: Matrix
    public private(set) var blocks: [BlockParameters]
    public let finalNorm: LayerNormParameters
    /// C → V, stored (V, C); the token embedding itself where the head is tied.
    public private(set) var head: HeadParameters

    public init(_ layout: ParameterLayout, in arena: FloatArena, config: ModelConfig) {
        let finder = Finder(layout: layout, arena: arena)
        tokenEmbedding = finder.matrix("wte.weight")
        positionEmbedding = finder.matrix("wpe.weight")
        blocks = (0..<config.blockCount).map { index in
            BlockParameters(
                norm1: finder.layerNorm("h.\(index).ln_1"),
                attentionInput: finder.linear("h.\(index).attn.c_attn"),
                attentionOutput: finder.linear("h.\(index).attn.c_proj"),
                norm2: finder.layerNorm("h.\(index).ln_2"),
                feedForwardInput: finder.linear("h.\(index).mlp.c_fc"),
                feedForwardOutput: finder.linear("h.\(index).mlp.c_proj"))
        }
        finalNorm = finder.layerNorm("ln_f")
        head = HeadParameters(weight: config.tiedHead ? tokenEmbedding : finder.matrix("lm_head.weight"))
    }

    /// The same parameters with adapters beside the linear layers.
    func adapted(_ adapters: Adapters) -> ModelParameters { withAdapters(adapters, in: adapters.weights) }

    /// Gradients of adapters alone, in an arena of their layout: nothing else has a place.
    public init(gradientsOf adapters: Adapters, in arena: FloatArena, config: ModelConfig) {
        let nothing = BlockParameters.none
        self.init(
            tokenEmbedding: .none, positionEmbedding: .none,
            blocks: [BlockParameters](repeating: nothing, count: config.blockCount), finalNorm: nothing.norm1,
            head: HeadParameters(weight: .none))
        self = withAdapters(adapters, in: arena)
    }

    private func withAdapters(_ adapters: Adapters, in arena: FloatArena) -> ModelParameters {
        var copy = self
        for block in blocks.indices {
            for (index, layer) in BlockParameters.linearLayers.enumerated() {
                copy.blocks[block][keyPath: layer].adapter = adapters.views(block: block, layer: index, in: arena)
            }
        }
        return copy
    }

    private init(
        tokenEmbedding: Matrix, positionEmbedding: Matrix, blocks: [BlockParameters], finalNorm: LayerNormParameters,
        head: HeadParameters
    ) {
        (self.tokenEmbedding, self.positionEmbedding, self.blocks) = (tokenEmbedding, positionEmbedding, blocks)
        (self.finalNorm, self.head) = (finalNorm, head)
    }

    /// The same parameters with copies of every weight matrix in bfloat16, which their products then use.
    func rounded() -> ModelParameters {
        var copy = self
        let workspace = BFloat16Workspace()
        for index in blocks.indices {
            for layer in BlockParameters.linearLayers { copy.blocks[index][keyPath: layer].round(workspace) }
        }
        copy.head.round(workspace)
        return copy
    }

    /// The same parameters with a compact copy of every weight matrix, for generation.
    func compacted(_ format: WeightFormat) -> ModelParameters {
        let layers = blocks.flatMap { block in BlockParameters.linearLayers.map { block[keyPath: $0] } }
        let storage = CompactStorage(
            wordCount: layers.reduce(head.compactWordCount(format)) { $0 + $1.compactWordCount(format) })
        var copy = self
        for index in blocks.indices {
            for layer in BlockParameters.linearLayers {
                copy.blocks[index][keyPath: layer].compact(format, in: storage)
            }
        }
        copy.head.compact(format, in: storage)
        return copy
    }

    /// All copies in bfloat16, empty without any.
    var roundedWeights: [RoundedWeight] {
        blocks.flatMap { block in BlockParameters.linearLayers.compactMap { block[keyPath: $0].rounded } }
            + (head.rounded.map { [$0] } ?? [])
    }

    /// Looks parameters up by name; a name that the layout lacks is a mistake in this file.
    private struct Finder {
        let arena: FloatArena
        let byName: [String: Parameter]

        init(layout: ParameterLayout, arena: FloatArena) {
            precondition(
                arena.count == layout.arenaCount, "an arena of \(arena.count) floats for \(layout.arenaCount)")
            self.arena = arena
            byName = Dictionary(uniqueKeysWithValues: layout.parameters.map { ($0.name, $0) })
        }

        func matrix(_ name: String) -> Matrix {
            guard let parameter = byName[name], parameter.shape.count == 2 else {
                preconditionFailure("the layout has no matrix \(name)")
            }
            return Matrix(arena, offset: parameter.offset, rows: parameter.shape[0], columns: parameter.shape[1])
        }

        func vector(_ name: String) -> Vector? {
            byName[name].map { Vector(arena, offset: $0.offset, count: $0.count) }
        }

        func linear(_ name: String) -> LinearParameters {
            LinearParameters(weight: matrix("\(name).weight"), bias: vector("\(name).bias"))
        }

        func layerNorm(_ name: String) -> LayerNormParameters {
            guard let weight = vector("\(name).weight") else {
                preconditionFailure("the layout has no vector \(name).weight")
            }
            return LayerNormParameters(weight: weight, bias: vector("\(name).bias"))
        }
    }
}

extension ParameterLayout {
    /// Fills `arena` with each parameter's initial distribution. Every parameter has its own stream of random
    /// numbers, so that one more parameter leaves the others as they were.
    public func initialize(_ arena: FloatArena, seed: UInt64) {
        for (index, parameter) in parameters.enumerated() {
            let values = arena.base + parameter.offset
            switch parameter.initializer {
            case .zeros: values.update(repeating: 0, count: parameter.count)
            case .ones: values.update(repeating: 1, count: parameter.count)
            case .uniform(let bound):
                var generator = SplitMix64(seed: seed, stream: UInt64(index))
                for element in 0..<parameter.count { values[element] = Float((2 * generator.uniform() - 1) * bound) }
            case .normal(let standardDeviation):
                var generator = SplitMix64(seed: seed, stream: UInt64(index))
                for element in stride(from: 0, to: parameter.count, by: 2) {
                    let (first, second) = generator.normalPair()
                    values[element] = Float(first * standardDeviation)
                    if element + 1 < parameter.count { values[element + 1] = Float(second * standardDeviation) }
                }
            }
        }
    }
}

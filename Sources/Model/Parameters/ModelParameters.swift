// Named views into one arena of the layout: the weights, or their gradients, as the layers ask for them.

import Kernels

/// The scale of a norm, and its shift where it has one: (C) each, of the heads' norms (D).
package struct NormParameters: Sendable {
    package let weight: Vector
    package let bias: Vector?

    /// The gradient of a frozen norm, or the parameters of one that the architecture does not have.
    static let none = NormParameters(weight: .none, bias: nil)
}

/// The parameters of one block.
package struct BlockParameters: Sendable {
    package let attentionNorm: NormParameters
    /// C → (H + 2K)·D: queries, keys, values.
    package var attentionInput: LinearParameters
    let queryNorm: NormParameters
    let keyNorm: NormParameters
    /// H·D → C.
    package var attentionOutput: LinearParameters
    let attentionOutputNorm: NormParameters
    package let feedForwardNorm: NormParameters
    /// C → F.
    package var feedForwardInput: LinearParameters
    /// F → C.
    package var feedForwardOutput: LinearParameters
    let feedForwardOutputNorm: NormParameters

    /// Gradients that nobody asks for.
    static let none = BlockParameters(
        attentionNorm: .none, attentionInput: .none, queryNorm: .none, keyNorm: .none, attentionOutput: .none,
        attentionOutputNorm: .none, feedForwardNorm: .none, feedForwardInput: .none, feedForwardOutput: .none,
        feedForwardOutputNorm: .none)

    subscript(layer: LinearLayer) -> LinearParameters {
        get { self[keyPath: BlockParameters.path(layer)] }
        set { self[keyPath: BlockParameters.path(layer)] = newValue }
    }

    private static func path(_ layer: LinearLayer) -> WritableKeyPath<BlockParameters, LinearParameters> {
        switch layer {
        case .attentionInput: \.attentionInput
        case .attentionOutput: \.attentionOutput
        case .feedForwardInput: \.feedForwardInput
        case .feedForwardOutput: \.feedForwardOutput
        }
    }
}

/// All parameters of a model, in an arena that the caller keeps alive.
package struct ModelParameters: Sendable {
    /// (V, C); `none` where the table is frozen and exists in a compact format only.
    package let tokenEmbedding: Matrix
    /// Such a table, transposed.
    let frozenTokenEmbedding: CompactWeight?
    /// (context, C); `none` where no positions are learned.
    package let positionEmbedding: Matrix
    package private(set) var blocks: [BlockParameters]
    package let finalNorm: NormParameters
    /// C → V, stored (V, C); the token embedding itself where the head is tied.
    package private(set) var head: HeadParameters

    /// Views of an arena of the architecture's layout.
    package init(_ layout: ParameterLayout, in arena: FloatArena, _ architecture: Architecture) {
        let finder = Finder(layout: layout, arena: arena)
        (tokenEmbedding, frozenTokenEmbedding) = (finder.matrix(.tokenEmbedding), nil)
        positionEmbedding = architecture.embedding.learnsPositions ? finder.matrix(.positionEmbedding) : .none
        blocks = architecture.blocks.indices.map { index in
            BlockParameters(
                attentionNorm: finder.norm(.attentionNorm, index),
                attentionInput: finder.linear(.attentionInput, index),
                queryNorm: finder.normIfPresent(.queryNorm, index), keyNorm: finder.normIfPresent(.keyNorm, index),
                attentionOutput: finder.linear(.attentionOutput, index),
                attentionOutputNorm: finder.normIfPresent(.attentionOutputNorm, index),
                feedForwardNorm: finder.norm(.feedForwardNorm, index),
                feedForwardInput: finder.linear(.feedForwardInput, index),
                feedForwardOutput: finder.linear(.feedForwardOutput, index),
                feedForwardOutputNorm: finder.normIfPresent(.feedForwardOutputNorm, index))
        }
        finalNorm = finder.norm(.finalNorm)
        head = HeadParameters(weight: architecture.head.isTied ? tokenEmbedding : finder.matrix(.head))
    }

    /// Those of a frozen base.
    init(_ base: FrozenBase) {
        (tokenEmbedding, frozenTokenEmbedding) = (.none, base.matrix(.tokenEmbedding))
        positionEmbedding = base.positionTable
        blocks = base.architecture.blocks.indices.map { index in
            BlockParameters(
                attentionNorm: base.norm(.attentionNorm, index), attentionInput: base.linear(.attentionInput, index),
                queryNorm: base.normIfPresent(.queryNorm, index), keyNorm: base.normIfPresent(.keyNorm, index),
                attentionOutput: base.linear(.attentionOutput, index),
                attentionOutputNorm: base.normIfPresent(.attentionOutputNorm, index),
                feedForwardNorm: base.norm(.feedForwardNorm, index),
                feedForwardInput: base.linear(.feedForwardInput, index),
                feedForwardOutput: base.linear(.feedForwardOutput, index),
                feedForwardOutputNorm: base.normIfPresent(.feedForwardOutputNorm, index))
        }
        finalNorm = base.norm(.finalNorm)
        head = HeadParameters(frozen: base.matrix(base.architecture.head.isTied ? .tokenEmbedding : .head))
    }

    /// The same parameters with adapters next to the linear layers.
    func adapted(_ adapters: Adapters) -> ModelParameters { withAdapters(adapters, in: adapters.weights) }

    /// Gradients of adapters alone, in an arena of their layout: nothing else has a place.
    static func gradients(of adapters: Adapters, in arena: FloatArena, blockCount: Int) -> ModelParameters {
        ModelParameters(frozenBlocks: blockCount).withAdapters(adapters, in: arena)
    }

    private init(frozenBlocks blockCount: Int) {
        (tokenEmbedding, positionEmbedding, finalNorm) = (.none, .none, .none)
        frozenTokenEmbedding = nil
        blocks = [BlockParameters](repeating: .none, count: blockCount)
        head = HeadParameters(weight: .none)
    }

    private func withAdapters(_ adapters: Adapters, in arena: FloatArena) -> ModelParameters {
        var copy = self
        for block in blocks.indices {
            for layer in LinearLayer.allCases {
                copy.blocks[block][layer].adapters = adapters.views(block: block, layer: layer, in: arena)
            }
        }
        return copy
    }

    /// The same parameters with copies of every weight matrix in bfloat16, which their products then use.
    func rounded() -> ModelParameters {
        var copy = self
        let workspace = BFloat16Workspace()
        for index in blocks.indices {
            for layer in LinearLayer.allCases { copy.blocks[index][layer].round(workspace) }
        }
        copy.head.round(workspace)
        return copy
    }

    /// The same parameters with a compact copy of every weight matrix, for generation.
    func compacted(_ format: WeightFormat) -> ModelParameters {
        let layers = blocks.flatMap { block in LinearLayer.allCases.map { block[$0] } }
        let storage = CompactStorage(
            wordCount: layers.reduce(head.compactWordCount(format)) { $0 + $1.compactWordCount(format) })
        var copy = self
        for index in blocks.indices {
            for layer in LinearLayer.allCases { copy.blocks[index][layer].compact(format, in: storage) }
        }
        copy.head.compact(format, in: storage)
        return copy
    }

    /// The bytes of those copies of a model of this architecture.
    static func compactBytes(_ architecture: Architecture, _ format: WeightFormat) -> Int {
        let (C, V) = (architecture.modelWidth, architecture.vocabularySize)
        let layers = architecture.blocks.flatMap { block in
            LinearLayer.allCases.map { $0.size(in: block, modelWidth: C) }
        }
        let head = CompactWeight.wordCount(inner: C, columns: V, format: format)
        return 4
            * layers.reduce(head) { $0 + CompactWeight.wordCount(inner: $1.rows, columns: $1.columns, format: format) }
    }

    /// The same parameters for passes with the rows of several texts, of which none may change another's last bit.
    func keepingRowsIndependent() -> ModelParameters {
        var copy = self
        for block in blocks.indices {
            for layer in LinearLayer.allCases {
                for index in blocks[block][layer].adapters.indices {
                    copy.blocks[block][layer].adapters[index].keepsRowsIndependent = true
                }
            }
        }
        return copy
    }

    /// Rows of a pass that compact copies compute; 0 without any.
    var mostCompactRows: Int { head.mostCompactRows }

    /// All copies in bfloat16, empty without any.
    var roundedWeights: [RoundedWeight] {
        blocks.flatMap { block in LinearLayer.allCases.compactMap { block[$0].rounded } }
            + (head.rounded.map { [$0] } ?? [])
    }

    /// Looks parameters up by role; a role that the layout lacks is a mistake in this file.
    private struct Finder {
        let layout: ParameterLayout
        let arena: FloatArena

        init(layout: ParameterLayout, arena: FloatArena) {
            precondition(
                arena.count == layout.arenaCount, "an arena of \(arena.count) floats for \(layout.arenaCount)")
            (self.layout, self.arena) = (layout, arena)
        }

        func matrix(_ role: ParameterRole, _ block: Int? = nil) -> Matrix {
            guard let parameter = layout[ParameterKey(role, block: block)], parameter.shape.count == 2 else {
                preconditionFailure("the layout has no matrix for \(role)")
            }
            return Matrix(arena, offset: parameter.offset, rows: parameter.shape[0], columns: parameter.shape[1])
        }

        private func vector(_ role: ParameterRole, _ block: Int?, _ kind: ParameterKind) -> Vector? {
            layout[ParameterKey(role, block: block, kind)].map { Vector(arena, offset: $0.offset, count: $0.count) }
        }

        func linear(_ role: ParameterRole, _ block: Int) -> LinearParameters {
            LinearParameters(weight: matrix(role, block), bias: vector(role, block, .bias))
        }

        func norm(_ role: ParameterRole, _ block: Int? = nil) -> NormParameters {
            guard let weight = vector(role, block, .weight) else {
                preconditionFailure("the layout has no vector for \(role)")
            }
            return NormParameters(weight: weight, bias: vector(role, block, .bias))
        }

        func normIfPresent(_ role: ParameterRole, _ block: Int) -> NormParameters {
            layout[ParameterKey(role, block: block)] == nil ? .none : norm(role, block)
        }
    }
}

// THE list of a model's parameters: role, name, shape, place in memory, decayed or not, initial distribution.

/// The list. Weights, gradients and both of AdamW's moments are arenas with this one layout; checkpoints, counts,
/// weight decay and gradient tests iterate over it. A parameter is added by one line here plus its use.
package struct ParameterLayout: Sendable, Equatable {
    package let parameters: [Parameter]
    /// Floats that an arena needs, gaps for alignment included.
    package let arenaCount: Int
    private let indices: [ParameterKey: Int]

    /// The layout of a model. Linear layers are stored `(in, out)`, as GPT-2's Conv1D; the table of tokens and the head
    /// `(V, C)`.
    package init(_ architecture: Architecture) {
        let (V, T, C) = (architecture.vocabularySize, architecture.contextLength, architecture.modelWidth)
        let start = architecture.initialization
        let plain = Initializer.normal(standardDeviation: start.standardDeviation)
        let depth = start.scalesResidualProjections ? (2 * Double(architecture.blockCount)).squareRoot() : 1
        let residual = Initializer.normal(standardDeviation: start.standardDeviation / depth)
        var list = ListBuilder()

        list.add(.tokenEmbedding, [V, C], plain)
        if architecture.embedding.learnsPositions { list.add(.positionEmbedding, [T, C], plain) }
        for (index, block) in architecture.blocks.enumerated() {
            let (attention, feedForward) = (block.attention, block.feedForward)
            func size(_ layer: LinearLayer) -> (Int, Int) { layer.size(in: block, modelWidth: C) }
            list.block = index
            list.addNorm(.attentionNorm, C, block.attentionNorm)
            list.addLinear(.attentionInput, size(.attentionInput), plain, bias: attention.hasInputBias)
            list.addNorm(.queryNorm, attention.headWidth, attention.headNorm)
            list.addNorm(.keyNorm, attention.headWidth, attention.headNorm)
            list.addLinear(.attentionOutput, size(.attentionOutput), residual, bias: attention.hasOutputBias)
            list.addNorm(.attentionOutputNorm, C, block.attentionOutputNorm)
            list.addNorm(.feedForwardNorm, C, block.feedForwardNorm)
            list.addLinear(.feedForwardInput, size(.feedForwardInput), plain, bias: feedForward.hasInputBias)
            list.addLinear(.feedForwardOutput, size(.feedForwardOutput), residual, bias: feedForward.hasOutputBias)
            list.addNorm(.feedForwardOutputNorm, C, block.feedForwardOutputNorm)
        }
        list.block = nil
        list.addNorm(.finalNorm, C, architecture.finalNorm)
        if !architecture.head.isTied { list.add(.head, [V, C], plain) }
        self.init(list)
    }

    /// The list of a model's adapters. A begins uniform within 1 / √in, B with zeros, so that the model begins as its
    /// base (the initialization of Hugging Face's PEFT).
    package init(adapters: AdapterConfig, of architecture: Architecture) {
        var list = ListBuilder()
        for (index, block) in architecture.blocks.enumerated() {
            list.block = index
            for (number, module) in architecture.linearModules.enumerated() where adapters.adapts(module) {
                let rows = module.layer.size(in: block, modelWidth: architecture.modelWidth).rows
                let columns = module.part.columns(of: module.layer, in: block, modelWidth: architecture.modelWidth)
                let bound = Initializer.uniform(bound: 1 / Double(rows).squareRoot())
                list.addAdapter(module, number, [rows, adapters.rank], [adapters.rank, columns.count], bound)
            }
        }
        self.init(list)
    }

    private init(_ list: ListBuilder) {
        parameters = list.parameters
        arenaCount = list.nextOffset
        indices = Dictionary(uniqueKeysWithValues: parameters.enumerated().map { ($1.key, $0) })
    }

    /// How many numbers the model learns.
    package var parameterCount: Int { parameters.reduce(0) { $0 + $1.count } }

    /// The parameter called `name`, or nil.
    package subscript(name: String) -> Parameter? { parameters.first { $0.name == name } }

    /// The parameter with this role, or nil.
    package subscript(key: ParameterKey) -> Parameter? { indices[key].map { parameters[$0] } }

    /// Collects the list and hands out offsets.
    private struct ListBuilder {
        /// The block that is being listed.
        var block: Int?
        var parameters: [Parameter] = []
        var nextOffset = 0

        mutating func add(
            _ role: ParameterRole, _ shape: [Int], _ initializer: Initializer, _ kind: ParameterKind = .weight
        ) {
            add(
                ParameterKey(role, block: block, kind), role.name + (kind == .bias ? ".bias" : ".weight"), shape,
                initializer)
        }

        mutating func addNorm(_ role: ParameterRole, _ width: Int, _ norm: NormDescription?) {
            guard let norm else { return }
            add(role, [width], norm.addsOne ? .zeros : .ones)
            if norm.hasBias { add(role, [width], .zeros, .bias) }
        }

        mutating func addLinear(
            _ role: ParameterRole, _ size: (rows: Int, columns: Int), _ initializer: Initializer, bias: Bool
        ) {
            add(role, [size.rows, size.columns], initializer)
            if bias { add(role, [size.columns], .zeros, .bias) }
        }

        mutating func addAdapter(
            _ module: LinearModule, _ number: Int, _ shapeOfA: [Int], _ shapeOfB: [Int], _ initializer: Initializer
        ) {
            let role = module.layer.role
            add(
                ParameterKey(role, block: block, .adapterA(module: number)), module.name + ".lora_A", shapeOfA,
                initializer)
            add(ParameterKey(role, block: block, .adapterB(module: number)), module.name + ".lora_B", shapeOfB, .zeros)
        }

        private mutating func add(_ key: ParameterKey, _ name: String, _ shape: [Int], _ initializer: Initializer) {
            let prefix = block.map { "h.\($0)." } ?? ""
            let parameter = Parameter(
                key: key, name: prefix + name, shape: shape, offset: nextOffset, initializer: initializer)
            parameters.append(parameter)
            nextOffset += (parameter.count + 15) / 16 * 16
        }
    }
}

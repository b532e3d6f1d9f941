// What the gated families have in common in llama.cpp's files.

import Kernels
import Model

extension GatedFamily {
    /// The tensors of a block's linear layers, in the order of `GatedModules.all`.
    private static var ggufNames: [ParameterRole: [String]] {
        [
            .attentionInput: ["attn_q", "attn_k", "attn_v"], .attentionOutput: ["attn_output"],
            .feedForwardInput: ["ffn_gate", "ffn_up"], .feedForwardOutput: ["ffn_down"],
        ]
    }

    /// - Parameters:
    ///   - rotatesPairs: whether llama.cpp rotates neighbours, so that the rows of queries and keys have another order.
    ///   - normsAdd: by how much larger the file's weights of norms are.
    static func gatedPieces(
        of parameter: Parameter, in architecture: Architecture, rotatesPairs: Bool = false, normsAdd: Float = 0
    ) -> [GGUFPiece] {
        let key = parameter.key
        guard let block = key.block, let names = ggufNames[key.role] else {
            var piece = GGUFFamily.singlePiece(of: parameter)
            if parameter.shape.count == 1 { piece.added = normsAdd }
            return [piece]
        }
        let description = architecture.blocks[block]
        return zip(names, GatedModules.all.filter { $0.layer.role == key.role }).map { name, module in
            let columns = module.part.columns(of: module.layer, in: description, modelWidth: architecture.modelWidth)
            let isRotated = module.part == .query || module.part == .key
            return GGUFPiece(
                GGUFFamily.name(name, of: key), columns: columns,
                order: isRotated && rotatesPairs
                    ? .rotaryPairs(headWidth: description.attention.headWidth) : .same)
        }
    }

    /// - Parameters:
    ///   - name: the family's name there, with which all keys begin.
    ///   - rotary: of the blocks that see all positions.
    static func gatedMetadata(
        _ name: String, _ architecture: Architecture, rotary: RotaryFrequencies? = nil
    ) -> [(key: String, value: GGUFOutput)] {
        let (attention, feedForward) = (architecture.blocks[0].attention, architecture.blocks[0].feedForward)
        let rotary = rotary ?? attention.rotary
        func count(_ value: Int) -> GGUFOutput { .uint32(UInt32(value)) }
        var keys: [(key: String, value: GGUFOutput)] = [
            ("block_count", count(architecture.blockCount)), ("context_length", count(architecture.contextLength)),
            ("embedding_length", count(architecture.modelWidth)), ("feed_forward_length", count(feedForward.width)),
            ("attention.head_count", count(attention.headCount)),
            ("attention.head_count_kv", count(attention.keyValueHeadCount)),
            ("attention.key_length", count(attention.headWidth)),
            ("attention.value_length", count(attention.headWidth)),
            ("attention.layer_norm_rms_epsilon", .float32(architecture.finalNorm.epsilon)),
            ("rope.dimension_count", count(rotary?.width ?? 0)),
            ("rope.freq_base", .float32(Float(rotary?.base ?? 10_000))),
            ("vocab_size", count(architecture.vocabularySize)),
        ]
        if case .linear(let factor) = rotary?.scaling {
            keys += [("rope.scaling.type", .text("linear")), ("rope.scaling.factor", .float32(Float(factor)))]
        }
        return keys.map { ("\(name).\($0.key)", $0.value) }
    }

    /// What no file of these families can say.
    ///
    /// - Parameter readsFactors: whether llama.cpp reads `rope_freqs.weight` for the family.
    static func gatedObjection(_ architecture: Architecture, readsFactors: Bool = false) -> GGUFObjection? {
        guard configMembers(architecture, endOfTextID: nil) != nil else { return .otherFamily }
        let hasFactors = architecture.blocks.contains { $0.attention.rotary?.llamaFactors != nil }
        guard hasFactors, !readsFactors else { return nil }
        return .reason("llama.cpp knows no llama3 scaling of rotary positions for this family")
    }

    /// What the keys that all of these families have describe: blocks without biases and windows.
    static func gatedArchitecture(
        _ name: String, _ file: GGUFFile, norm kind: NormDescription.Kind = .rms, gate: Activation = .silu
    ) throws(GGUFDefect) -> Architecture {
        let (keys, sizes) = (file.metadata, 1...Architecture.largestSize)
        func size(_ key: String) throws(GGUFDefect) -> Int { try keys.integer("\(name).\(key)", in: sizes) }
        func optional(_ key: String) throws(GGUFDefect) -> Int? {
            try keys.integerIfPresent("\(name).\(key)", in: sizes)
        }
        guard let table = file.tensor("token_embd.weight"), table.shape.count == 2 else {
            throw .missing(tensor: "token_embd.weight")
        }
        let (heads, width) = (try size("attention.head_count"), try size("embedding_length"))
        let headWidth = try optional("attention.key_length") ?? width / heads
        let norm = NormDescription(
            kind: kind, epsilon: Float(try keys.number("\(name).attention.layer_norm_rms_epsilon")), hasBias: false)
        let block = BlockDescription(
            attentionNorm: norm,
            attention: AttentionDescription(
                headCount: heads, keyValueHeadCount: try optional("attention.head_count_kv") ?? heads,
                headWidth: headWidth, rotary: try file.rotary(name, headWidth: headWidth), hasInputBias: false,
                hasOutputBias: false),
            feedForwardNorm: norm,
            feedForward: FeedForwardDescription(
                width: try size("feed_forward_length"), kind: .gated(activation: gate), hasInputBias: false,
                hasOutputBias: false))
        let count = try keys.integer("\(name).block_count", in: 1...Architecture.mostBlocks)
        return Architecture(
            vocabularySize: table.shape[0], contextLength: try size("context_length"), modelWidth: width,
            embedding: EmbeddingDescription(learnsPositions: false),
            blocks: [BlockDescription](repeating: block, count: count), finalNorm: norm,
            head: HeadDescription(isTied: file.tensor("output.weight") == nil),
            initialization: InitializationDescription(scalesResidualProjections: false),
            linearModules: GatedModules.all)
    }
}

extension GGUFFile {
    /// Rotary positions of a family. `rope_freqs.weight` divides the frequencies, which is how llama3's scaling is
    /// stored; `linear` is given by keys.
    func rotary(_ name: String, headWidth: Int) throws(GGUFDefect) -> RotaryFrequencies {
        let base = try metadata.numberIfPresent("\(name).rope.freq_base") ?? 10_000
        let width = try metadata.integerIfPresent("\(name).rope.dimension_count", in: 1...headWidth) ?? headWidth
        let type = try metadata.textIfPresent("\(name).rope.scaling.type")
        let factor = try metadata.numberIfPresent("\(name).rope.scaling.factor")
        var scaling = RotaryFrequencies.Scaling.none
        if let entry = tensor("rope_freqs.weight") {
            guard let factors = try? floats(entry) else { throw .missing(tensor: "rope_freqs.weight") }
            scaling = .published(factors, base: base, width: width)
        } else if type == "linear" || type == nil, let factor {
            scaling = .linear(factor: factor)
        } else if let type, type != "none" {
            throw .outOfRange(key: "\(name).rope.scaling.type", value: type, range: "none or linear")
        }
        return try GGUFFile.frequencies(base: base, width: width, scaling: scaling)
    }

    static func frequencies(
        base: Double, width: Int, scaling: RotaryFrequencies.Scaling = .none
    ) throws(GGUFDefect) -> RotaryFrequencies {
        do throws(RotaryFrequencies.Defect) {
            return try RotaryFrequencies(base: base, width: width, scaling: scaling)
        } catch {
            throw .badArchitecture("\(error)")
        }
    }
}

extension RotaryFrequencies {
    /// Of llama3's scaling: by what `rope_freqs.weight` divides the frequencies; nil for other scalings.
    var llamaFactors: [Float]? {
        guard case .llama3 = scaling, let plain = try? RotaryFrequencies(base: base, width: width) else { return nil }
        return zip(plain.inverse, inverse).map { Float($0 / $1) }
    }
}

extension RotaryFrequencies.Scaling {
    /// The scalings of the published models: Llama 3.2, and Llama 3.1.
    private static let llama3 = [32.0, 8.0].map {
        RotaryFrequencies.Scaling.llama3(factor: $0, low: 1, high: 4, originalContext: 8192)
    }

    /// What a file's factors are: a published model's llama3 scaling, which a config.json can name, or just factors.
    static func published(_ factors: [Float], base: Double, width: Int) -> RotaryFrequencies.Scaling {
        let known = llama3.first { scaling in
            let own = (try? RotaryFrequencies(base: base, width: width, scaling: scaling))?.llamaFactors ?? []
            return own.count == factors.count && zip(own, factors).allSatisfy { abs($0 - $1) <= 1e-5 * $0 }
        }
        return known ?? .factors(factors.map { Double($0) })
    }
}

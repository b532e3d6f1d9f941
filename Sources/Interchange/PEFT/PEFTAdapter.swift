// LoRA adapters as Hugging Face's PEFT saves them: a folder with adapter_config.json and adapter_model.safetensors.

import Foundation
import Kernels
import Model

/// An adapter folder, opened.
///
/// A layer's matrices are `base_model.model.transformer.h.0.attn.c_attn.lora_A.weight` (R, in) and `….lora_B.weight`
/// (out, R), whichever way the base stores its own: the transposes of Luthier's.
package struct PEFTAdapter: Sendable {
    static let configName = "adapter_config.json"
    static let weightsName = "adapter_model.safetensors"

    /// The folder.
    package let path: String
    /// What the model on which the adapter was trained is called there: a folder, or a name on a server.
    package var baseName: String? { config.baseName }
    /// R.
    package var rank: Int { config.rank }
    /// What the product of a layer's matrices is multiplied by.
    package var scale: Float { config.scale }
    /// The layers that have an adapter, as the config says it.
    package var targets: String { config.selection.targets.text }
    /// The path of the file with the matrices.
    package var weightsFile: String { file.path }

    private let config: PEFTConfig
    private let file: SafetensorsFile

    /// Whether a folder holds an adapter, complete or not.
    package static func isFolder(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: path + "/" + configName)
    }

    /// Opens the folder: reads the config, maps the matrices.
    package init(path: String) throws(InterchangeError) {
        self.path = path
        let configPath = path + "/" + PEFTAdapter.configName
        config = try PEFTConfig(try MappedFile.contents(of: configPath), file: configPath)
        let weights = path + "/" + PEFTAdapter.weightsName
        guard FileManager.default.fileExists(atPath: weights) else {
            let others = ["adapter_model.bin", "adapter_model.pt"]
            throw .noWeights(
                folder: path, wanted: PEFTAdapter.weightsName,
                found: others.filter { FileManager.default.fileExists(atPath: path + "/" + $0) })
        }
        file = try SafetensorsFile(path: weights)
    }

    /// Throws where the adapter is not one of a model of this shape: a layer that it should have and has not, a tensor
    /// that has no place, a matrix of another shape.
    package func check(_ architecture: Architecture) throws(InterchangeError) {
        _ = try match(adapted(architecture))
    }

    /// The base's architecture with this adapter. Where the head is tied to the token embedding and the adapter holds one
    /// of them completely, they are two matrices afterwards.
    package func adapted(_ architecture: Architecture) throws(InterchangeError) -> Architecture {
        guard architecture.head.isTied else { return architecture }
        let family = try ModelFamilies.expressing(architecture)
        var untied = architecture
        untied.head.isTied = false
        let names = PEFTAdapter.pieces(of: [.tokenEmbedding, .head], family, untied).map {
            PEFTAdapter.module(of: $0, family)
        }
        return !keepsTie(names[0]) && names.contains(where: config.selection.isSaved) ? untied : architecture
    }

    /// Whether PEFT has tied the head to the embedding of this name again. It then adds the full name to the modules.
    private func keepsTie(_ embedding: String) -> Bool {
        config.keepsTying && config.selection.saved.contains(embedding)
    }

    /// The tensors of the parameters with these roles, in their order.
    private static func pieces(
        of roles: [ParameterRole], _ family: any ModelFamily.Type, _ architecture: Architecture
    ) -> [StoredPiece] {
        let layout = ParameterLayout(architecture)
        return roles.compactMap { layout[ParameterKey($0)] }.flatMap { family.pieces(of: $0, in: architecture) }
    }

    /// Merges the adapter into the weights of a model, which has the architecture that `adapted` gives.
    ///
    /// A layer's weight (in, out) becomes W + scale · Aᵀ Bᵀ; with magnitudes m, each column of that is scaled to the norm
    /// m (Liu et al. 2024, equation 5); its bias gets scale times that of B. What the adapter holds completely replaces
    /// what is there. Numbers are as PEFT's `merge_and_unload` computes them.
    package func merge(into model: Transformer) throws(InterchangeError) {
        let match = try match(model.architecture)
        for layer in match.layers {
            try layer.add(to: model, from: file)
        }
        for (parameter, entry) in match.saved {
            let destination = UnsafeMutableBufferPointer(
                start: model.weights.base + parameter.offset, count: parameter.count)
            try file.readFinite(entry, elements: 0..<parameter.count, into: destination)
        }
        if let (head, embedding) = match.tiedHead { try checkTied(head, embedding) }
    }

    /// A head that the file repeats must hold the embedding's numbers.
    private func checkTied(_ head: SafetensorsEntry, _ embedding: SafetensorsEntry) throws(InterchangeError) {
        let (own, shared) = (try file.floats(head), try file.floats(embedding))
        guard own != shared else { return }
        let index = zip(own, shared).enumerated().first { $0.element.0 != $0.element.1 }?.offset ?? 0
        throw .weights(
            file: file.path, .headNotTied(head: head.name, embedding: embedding.name, index: index))
    }

    /// What of the file belongs to what of a model.
    private struct Match {
        var layers: [PEFTLayer] = []
        /// Parameters that the adapter holds completely.
        var saved: [(parameter: Parameter, entry: SafetensorsEntry)] = []
        /// A head that is stored although it is tied.
        var tiedHead: (head: SafetensorsEntry, embedding: SafetensorsEntry)?
    }

    /// Finds the tensors of each layer that the config names.
    private func match(_ architecture: Architecture) throws(InterchangeError) -> Match {
        let family = try ModelFamilies.expressing(architecture)
        let modules = family.linearModules(of: architecture)
        let chosen = modules.filter { config.selection.contains(family.prefix + $0.name) }
        let layout = ParameterLayout(architecture)
        guard !chosen.isEmpty else {
            let ends = Set(modules.map(\.end)).sorted()
            throw .config(
                file: path + "/" + PEFTAdapter.configName,
                .unsupportedValue(key: "target_modules", value: targets, supported: ends.map(quoted)))
        }
        let saved = try savedParameters(architecture, family, layout)
        do throws(WeightsDefect) {
            var tensors = PEFTTensors(found: try tensorsByModule(family)) { name in
                "\(PEFTAdapter.prefix)\(name)"
            }
            var match = Match()
            for module in chosen {
                if let layer = try layer(module, family, layout, &tensors) { match.layers.append(layer) }
            }
            for (parameter, piece) in saved {
                guard let entry = tensors.take(piece.name, of: family.publishedName(piece)) else { continue }
                // A shorter context has the first rows of a position table.
                let isLonger =
                    parameter.key.role == .positionEmbedding && entry.shape.count == 2
                    && entry.shape[0] >= parameter.shape[0] && entry.shape[1] == parameter.shape[1]
                guard entry.shape == parameter.shape || isLonger else {
                    throw .shape(tensor: entry.name, found: entry.shape, expected: parameter.shape)
                }
                match.saved.append((parameter, entry))
                if parameter.key.role == .tokenEmbedding, config.keepsTying {
                    match.tiedHead = tensors.takeHead(family, architecture).map { ($0, entry) }
                }
            }
            try tensors.finish()
            return match
        } catch {
            throw .weights(file: file.path, error)
        }
    }

    /// The tensors of one layer; nil where one of them is missing.
    private func layer(
        _ module: StoredModule, _ family: any ModelFamily.Type, _ layout: ParameterLayout, _ tensors: inout PEFTTensors
    ) throws(WeightsDefect) -> PEFTLayer? {
        let (name, outputs) = (family.prefix + module.name, module.outputs)
        let (rank, scale) = (config.rank(of: name), config.scale(of: name))
        func take(_ matrix: String, _ suffix: String, _ shape: [Int]) throws(WeightsDefect) -> SafetensorsEntry? {
            guard let entry = tensors.take("\(module.name).\(matrix)", of: "\(name).\(matrix)\(suffix)") else {
                return nil
            }
            guard entry.shape == shape else {
                throw .shape(tensor: entry.name, found: entry.shape, expected: shape)
            }
            return entry
        }
        let a = try take("lora_A", ".weight", [rank, module.inputs])
        let b = try take("lora_B", ".weight", [outputs, rank])
        let magnitudes = config.hasMagnitudes ? try take("lora_magnitude_vector", "", [outputs]) : nil
        let bias = config.hasBiases ? try take("lora_B.bias", "", [outputs]) : nil
        let biasKey = ParameterKey(module.parameter.key.role, block: module.parameter.key.block, .bias)
        let target = layout[biasKey]
        if let bias, target == nil { throw .extra(tensors: [bias.name], count: 1) }
        guard let a, let b else { return nil }
        return PEFTLayer(
            module: module, rank: rank, scale: scale, a: a, b: b, magnitudes: magnitudes,
            bias: bias.flatMap { entry in target.map { ($0, entry) } })
    }

    /// The parameters that `modules_to_save` names; only those are read that a family stores as they are.
    private func savedParameters(
        _ architecture: Architecture, _ family: any ModelFamily.Type, _ layout: ParameterLayout
    ) throws(InterchangeError) -> [(parameter: Parameter, piece: StoredPiece)] {
        var used = Set<String>()
        var result: [(parameter: Parameter, piece: StoredPiece)] = []
        for parameter in layout.parameters {
            for piece in family.pieces(of: parameter, in: architecture) where piece.columns == nil {
                let module = PEFTAdapter.module(of: piece, family)
                let names = config.selection.saved.filter { module.hasSuffix($0) }
                // A linear layer that is stored as it is multiplied, as GPT-2's.
                guard !names.isEmpty, !isLinear(parameter) else { continue }
                used.formUnion(names)
                result.append((parameter, piece))
            }
        }
        guard let name = config.selection.saved.first(where: { !used.contains($0) }) else { return result }
        let key = "modules_to_save"
        throw .config(
            file: path + "/" + PEFTAdapter.configName,
            .unsupportedValue(
                key: key, value: quoted(name), supported: ["embeddings, norms and the head of this model"]))
    }

    private func isLinear(_ parameter: Parameter) -> Bool {
        parameter.key.block != nil && LinearLayer.allCases.contains { $0.role == parameter.key.role }
    }

    /// The module's name of a tensor: without its last part.
    private static func module(of piece: StoredPiece, _ family: any ModelFamily.Type) -> String {
        family.publishedName(piece).split(separator: ".").dropLast().joined(separator: ".")
    }

    static let prefix = "base_model.model."

    /// The file's tensors by `h.0.attn.c_attn.lora_A`, and by `wte.weight` where they are not of a layer. The base's own
    /// prefix may be missing; the name that PEFT gives an adapter in memory, `default`, may come before `weight`.
    private func tensorsByModule(_ family: any ModelFamily.Type) throws(WeightsDefect) -> [String: SafetensorsEntry] {
        var result: [String: SafetensorsEntry] = [:]
        for entry in file.entries {
            var name = entry.name[...]
            for start in [PEFTAdapter.prefix, family.prefix] where name.hasPrefix(start) {
                name = name.dropFirst(start.count)
            }
            if name.contains(".lora_") {
                for end in [".weight", ".default"] where name.hasSuffix(end) { name = name.dropLast(end.count) }
            }
            if let other = result[String(name)] { throw .twice(other.name, entry.name) }
            result[String(name)] = entry
        }
        return result
    }

    /// The published name of a layer's matrix.
    static func name(of module: StoredModule, _ matrix: String, _ family: any ModelFamily.Type) -> String {
        "\(prefix)\(family.prefix)\(module.name).\(matrix).weight"
    }
}

// LoRA adapters as Hugging Face's PEFT saves them: a folder with adapter_config.json and adapter_model.safetensors.

import Foundation
import Kernels
import Model

/// An adapter folder, opened.
///
/// A layer's matrices are `base_model.model.transformer.h.0.attn.c_attn.lora_A.weight` (R, in) and `….lora_B.weight`
/// (out, R), whichever way the base stores its own: the transposes of Luthier's.
public struct PEFTAdapter: Sendable {
    static let configName = "adapter_config.json"
    static let weightsName = "adapter_model.safetensors"

    /// The folder.
    public let path: String
    /// What the model on which the adapter was trained is called there: a folder, or a name on a server.
    public var baseName: String? { config.baseName }
    /// R.
    public var rank: Int { config.rank }
    /// What the product of a layer's matrices is multiplied by.
    public var scale: Float { config.scale }
    /// The layers that have an adapter, as the config says it.
    public var targets: String { config.targets.text }
    /// The path of the file with the matrices.
    public var weightsFile: String { file.path }

    private let config: PEFTConfig
    private let file: SafetensorsFile

    /// Whether a folder holds an adapter, complete or not.
    public static func isFolder(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: path + "/" + configName)
    }

    /// Opens the folder: reads the config, maps the matrices.
    public init(path: String) throws(InterchangeError) {
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
    public func check(_ architecture: Architecture) throws(InterchangeError) { _ = try match(architecture) }

    /// Adds the adapter to the weights: weight (in, out) += scale · Aᵀ Bᵀ.
    public func merge(into model: Transformer) throws(InterchangeError) {
        for (module, a, b) in try match(model.architecture) {
            let (arenaA, arenaB) = (FloatArena(count: a.count), FloatArena(count: b.count))
            try file.readFinite(a, elements: 0..<a.count, into: arenaA.buffer)
            try file.readFinite(b, elements: 0..<b.count, into: arenaB.buffer)
            let weight = module.weight(in: model.weights)
            let matrixB = Matrix(arenaB, rows: module.outputs, columns: rank)
            var first = 0
            for columns in module.columns {
                MatrixMultiply.run(
                    into: weight.columns(columns), Matrix(arenaA, rows: rank, columns: weight.rows),
                    matrixB.rows(first..<(first + columns.count)), transposingA: true, transposingB: true,
                    scale: scale, adding: true)
                first += columns.count
            }
            withExtendedLifetime((arenaA, arenaB)) {}
        }
    }

    private typealias Match = (module: StoredModule, a: SafetensorsEntry, b: SafetensorsEntry)

    /// Finds the matrices of each layer that the config names.
    private func match(_ architecture: Architecture) throws(InterchangeError) -> [Match] {
        let family = try ModelFamilies.expressing(architecture)
        let modules = family.linearModules(of: architecture)
        let chosen = config.targets.chosen(of: modules) { family.prefix + $0.name }
        guard !chosen.isEmpty else {
            let ends = Set(modules.map(\.end)).sorted()
            throw .config(
                file: path + "/" + PEFTAdapter.configName,
                .unsupportedValue(key: "target_modules", value: targets, supported: ends.map(quoted)))
        }
        do throws(WeightsDefect) {
            var found = try tensorsByModule(family)
            var missing: [String] = []
            var result: [Match] = []
            for module in chosen {
                let pair = ["lora_A", "lora_B"].map { found.removeValue(forKey: "\(module.name).\($0)") }
                for (entry, name) in zip(pair, ["lora_A", "lora_B"]) where entry == nil {
                    missing.append(PEFTAdapter.name(of: module, name, family))
                }
                guard let a = pair[0], let b = pair[1] else { continue }
                for (entry, shape) in [(a, [rank, module.inputs]), (b, [module.outputs, rank])]
                where entry.shape != shape {
                    throw .shape(tensor: entry.name, found: entry.shape, expected: shape)
                }
                result.append((module, a, b))
            }
            guard missing.isEmpty else {
                throw .missing(tensors: Array(missing.prefix(WeightsDefect.listed)), count: missing.count)
            }
            guard found.isEmpty else {
                let names = found.values.map(\.name).sorted()
                throw .extra(tensors: Array(names.prefix(WeightsDefect.listed)), count: names.count)
            }
            return result
        } catch {
            throw .weights(file: file.path, error)
        }
    }

    private static let prefix = "base_model.model."

    /// The file's tensors by `h.0.attn.c_attn.lora_A`. The base's own prefix may be missing; the name that PEFT gives an
    /// adapter in memory, `default`, may come before `weight`.
    private func tensorsByModule(_ family: any ModelFamily.Type) throws(WeightsDefect) -> [String: SafetensorsEntry] {
        var result: [String: SafetensorsEntry] = [:]
        for entry in file.entries {
            var name = entry.name[...]
            for start in [PEFTAdapter.prefix, family.prefix] where name.hasPrefix(start) {
                name = name.dropFirst(start.count)
            }
            for end in [".weight", ".default"] where name.hasSuffix(end) { name = name.dropLast(end.count) }
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

/// A linear layer by the name that a family gives it, and the columns of a parameter that it is.
struct StoredModule {
    /// The name without the family's prefix, `h.0.attn.c_attn`.
    let name: String
    /// The weight.
    let parameter: Parameter
    /// Which columns of the weight are the layer's outputs, in order.
    let columns: [Range<Int>]

    var inputs: Int { parameter.shape[0] }
    var outputs: Int { columns.reduce(0) { $0 + $1.count } }
    /// The name within a block, `attn.c_attn`: what follows the block's number.
    var end: String {
        let parts = name.split(separator: ".")
        guard let number = parts.firstIndex(where: { Int($0) != nil }) else { return name }
        return parts[(number + 1)...].joined(separator: ".")
    }

    /// The complete parameter, (in, out).
    func weight(in arena: FloatArena) -> Matrix {
        Matrix(arena, offset: parameter.offset, rows: inputs, columns: parameter.shape[1])
    }
}

extension ModelFamily {
    /// The linear layers of a model's blocks, in the order of the layout.
    static func linearModules(of architecture: Architecture) -> [StoredModule] {
        let layout = ParameterLayout(architecture)
        return architecture.blocks.indices.flatMap { block in
            LinearLayer.allCases.flatMap { layer -> [StoredModule] in
                guard let parameter = layout[ParameterKey(layer.role, block: block)] else { return [] }
                return pieces(of: parameter, in: architecture).map { piece in
                    StoredModule(
                        name: String(piece.name.dropLast(".weight".count)), parameter: parameter,
                        columns: piece.columns ?? [0..<parameter.shape[1]])
                }
            }
        }
    }
}

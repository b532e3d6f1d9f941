// A folder with a GPT-2 model as Hugging Face Transformers saves it.

import Foundation
import Kernels
import Model

/// `config.json` and `model.safetensors` of one folder, checked against each other.
public struct HuggingFaceFolder: Sendable {
    /// The folder.
    public let path: String
    public let config: ModelConfig
    private let weights: SafetensorsFile

    /// Opens the folder: reads the config, maps the weights, and checks that every parameter of the model is there
    /// in its shape and nothing else is. No weight is read yet.
    public init(path: String) throws(InterchangeError) {
        self.path = path
        let configPath = path + "/config.json"
        config = try HuggingFaceConfig.parse(try MappedFile.contents(of: configPath), file: configPath)
        weights = try HuggingFaceFolder.openWeights(of: path)
        _ = try match(config)
    }

    /// Copies all weights to `arena`, which has `layout`, the layout of `config`. Throws where an element is not
    /// finite, or where a tied head in the file differs from the embedding.
    public func loadWeights(layout: ParameterLayout, into arena: FloatArena) throws(InterchangeError) {
        precondition(layout == ParameterLayout(config), "the layout is not that of the folder's config")
        precondition(arena.count >= layout.arenaCount, "an arena of \(arena.count) for \(layout.arenaCount) floats")
        let matched = try match(config)
        for (parameter, entry) in zip(layout.parameters, matched.entries) {
            let range = parameter.range
            let destination = UnsafeMutableBufferPointer(rebasing: arena.buffer[range])
            try weights.read(entry, into: destination)
            if let index = destination.firstIndex(where: { !$0.isFinite }) {
                throw .weights(
                    file: weights.path,
                    .notFinite(tensor: entry.name, index: index, value: "\(destination[index])"))
            }
        }
        if let head = matched.redundantHead { try checkTied(head, matched.entries[0], layout.parameters[0], arena) }
    }

    /// What of the file belongs to what of the model.
    private struct Match {
        /// One for each parameter, in the layout's order.
        var entries: [SafetensorsEntry] = []
        /// A stored head that repeats the embedding.
        var redundantHead: SafetensorsEntry?
    }

    private static func openWeights(of folder: String) throws(InterchangeError) -> SafetensorsFile {
        let path = folder + "/model.safetensors"
        if !FileManager.default.fileExists(atPath: path) {
            let others = ["model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json"]
            throw .noWeights(
                folder: folder, found: others.filter { FileManager.default.fileExists(atPath: folder + "/" + $0) })
        }
        return try SafetensorsFile(path: path)
    }

    /// Finds each parameter's tensor. Names may carry the prefix `transformer.`; the causal masks that old versions
    /// stored (`attn.bias`, `attn.masked_bias`) are no parameters.
    private func match(_ config: ModelConfig) throws(InterchangeError) -> Match {
        do throws(WeightsDefect) {
            var found = try entriesByPublishedName()
            // Every block has tensors of its own, so this many blocks cannot be there; a layout of them is not built.
            guard config.blockCount <= found.count else {
                throw .missing(tensors: ["h.\(config.blockCount - 1).ln_1.weight"], count: 1)
            }
            var result = Match()
            var missing: [String] = []
            for parameter in ParameterLayout(config).parameters {
                guard let entry = found.removeValue(forKey: parameter.name) else {
                    missing.append(parameter.name)
                    continue
                }
                try check(entry, hasShape: parameter.shape)
                result.entries.append(entry)
            }
            guard missing.isEmpty else {
                throw .missing(tensors: Array(missing.prefix(WeightsDefect.listed)), count: missing.count)
            }
            if config.tiedHead, let head = found.removeValue(forKey: "lm_head.weight") {
                try check(head, hasShape: [config.vocabularySize, config.modelWidth])
                result.redundantHead = head
            }
            for block in 0..<config.blockCount {
                found["h.\(block).attn.bias"] = nil
                found["h.\(block).attn.masked_bias"] = nil
            }
            guard found.isEmpty else {
                let names = found.values.map(\.name).sorted()
                throw .surplus(tensors: Array(names.prefix(WeightsDefect.listed)), count: names.count)
            }
            return result
        } catch {
            throw .weights(file: weights.path, error)
        }
    }

    private func entriesByPublishedName() throws(WeightsDefect) -> [String: SafetensorsEntry] {
        let prefix = "transformer."
        var result: [String: SafetensorsEntry] = [:]
        for entry in weights.entries {
            let name = entry.name.hasPrefix(prefix) ? String(entry.name.dropFirst(prefix.count)) : entry.name
            if let other = result[name] { throw .twice(other.name, entry.name) }
            result[name] = entry
        }
        return result
    }

    private func check(_ entry: SafetensorsEntry, hasShape shape: [Int]) throws(WeightsDefect) {
        guard entry.shape == shape else { throw .shape(tensor: entry.name, found: entry.shape, expected: shape) }
    }

    /// A head beside a tied embedding must hold the same numbers.
    private func checkTied(
        _ head: SafetensorsEntry, _ embedding: SafetensorsEntry, _ parameter: Parameter, _ arena: FloatArena
    ) throws(InterchangeError) {
        let stored = try weights.floats(head)
        let tied = arena.buffer[parameter.range]
        if let index = zip(stored, tied).enumerated().first(where: { $0.element.0 != $0.element.1 })?.offset {
            throw .weights(
                file: weights.path, .headNotTied(head: head.name, embedding: embedding.name, index: index))
        }
    }
}

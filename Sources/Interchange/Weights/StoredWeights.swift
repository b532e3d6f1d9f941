// The weights of a folder: one safetensors file, or several with an index.

import Foundation
import StrictJSON

/// All tensors of a model's files.
struct StoredWeights: Sendable {
    /// A tensor and the file that holds it.
    struct Tensor: Sendable {
        let file: SafetensorsFile
        let entry: SafetensorsEntry
        var name: String { entry.name }
    }

    /// The file or, of several, their index: names the weights in messages.
    let path: String
    let tensors: [Tensor]

    /// Opens `model.safetensors` of a folder, or the files that `model.safetensors.index.json` names.
    init(folder: String) throws(InterchangeError) {
        func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: folder + "/" + name) }
        let (single, index) = ("model.safetensors", "model.safetensors.index.json")
        if exists(single) {
            path = folder + "/" + single
            let file = try SafetensorsFile(path: path)
            tensors = file.entries.map { Tensor(file: file, entry: $0) }
        } else if exists(index) {
            path = folder + "/" + index
            tensors = try StoredWeights.shards(of: folder, index: path)
        } else {
            let others = ["pytorch_model.bin", "pytorch_model.bin.index.json", "tf_model.h5", "flax_model.msgpack"]
            throw .noWeights(folder: folder, found: others.filter(exists))
        }
    }

    private static func shards(of folder: String, index path: String) throws(InterchangeError) -> [Tensor] {
        let places = try weightMap(path)
        var tensors: [Tensor] = []
        for name in Set(places.values).sorted() {
            let file = try SafetensorsFile(path: folder + "/" + name)
            for (tensor, place) in places where place == name && file[tensor] == nil {
                throw .index(file: path, .notInFile(tensor: tensor, file: name))
            }
            for entry in file.entries {
                guard places[entry.name] == name else {
                    throw .index(file: path, .notInIndex(tensor: entry.name, file: name))
                }
                tensors.append(Tensor(file: file, entry: entry))
            }
        }
        return tensors
    }

    private static func weightMap(_ path: String) throws(InterchangeError) -> [String: String] {
        let text = try MappedFile.contents(of: path)
        let root: JSONNode
        do throws(JSONError) { root = try JSONText.parse(text) } catch { throw .json(file: path, error) }
        guard let map = root.object?["weight_map"]?.object else { throw .index(file: path, .noWeightMap) }
        var places: [String: String] = [:]
        for member in map.members {
            guard let file = member.value.string else { throw .index(file: path, .noWeightMap) }
            guard file.hasSuffix(".safetensors"), !file.contains("/"), !file.contains("\0") else {
                throw .index(file: path, .badFileName(tensor: member.key, file: file))
            }
            places[member.key] = file
        }
        return places
    }
}

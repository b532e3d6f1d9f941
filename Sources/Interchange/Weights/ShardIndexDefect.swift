// The ways in which the index of a model in several safetensors files is wrong.

/// One case per defect of a `model.safetensors.index.json`.
package enum ShardIndexDefect: Error, Equatable, Sendable {
    /// `weight_map` is missing, or is not an object of texts.
    case noWeightMap
    /// A file's name that is a path, or not that of a safetensors file.
    case badFileName(tensor: String, file: String)
    /// The file that the index names does not have the tensor.
    case notInFile(tensor: String, file: String)
    /// A file has a tensor that the index does not place there.
    case notInIndex(tensor: String, file: String)
}

extension ShardIndexDefect: CustomStringConvertible {
    package var description: String {
        switch self {
        case .noWeightMap: "weight_map must be an object of tensor names with names of files"
        case .badFileName(let tensor, let file):
            "weight_map places \(quoted(tensor)) into \(quoted(file)), which is not the name of a .safetensors file of "
                + "this folder"
        case .notInFile(let tensor, let file):
            "weight_map places the tensor \(quoted(tensor)) into \(file), which does not have it"
        case .notInIndex(let tensor, let file):
            "\(file) has the tensor \(quoted(tensor)), which weight_map does not place there"
        }
    }
}

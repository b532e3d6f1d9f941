// Writes a model as a folder that Hugging Face Transformers opens with from_pretrained.

import Files
import Kernels
import Model
import StrictJSON

extension HuggingFaceFolder {
    /// Writes `config.json` and `model.safetensors` to the folder `path`, which is made if only its parent exists.
    ///
    /// Biases that a family's files hold and this model does not have are written as zeros, which compute the same.
    /// `endOfText` is the id that ends a text, if the tokenizer has one, and `beginOfText` the id that begins one where
    /// that is another. Each file takes its place complete or not at
    /// all, the weights first. Throws also where no family computes what the model does.
    package static func write(
        _ model: Transformer, endOfText: Int?, beginOfText: Int? = nil, to path: String
    ) throws(InterchangeError) {
        let family = try ModelFamilies.expressing(model.architecture)
        try InterchangeError.wrapping { () throws(FileError) in try FileDescriptor.makeFolder(path) }
        try writeWeights(model, family, to: path + "/model.safetensors")
        var members = family.configMembers(model.architecture, endOfTextID: endOfText) ?? []
        if let beginOfText, let place = members.firstIndex(where: { $0.key == "bos_token_id" }) {
            members[place].value = .integer(beginOfText)
        }
        try InterchangeError.wrapping { () throws(FileError) in
            try AtomicFile.write(HuggingFaceConfig.text(members), to: path + "/config.json")
        }
    }

    private static func writeWeights(
        _ model: Transformer, _ family: any ModelFamily.Type, to path: String
    ) throws(InterchangeError) {
        let complete = family.completed(model.architecture)
        let parameters = ParameterLayout(complete).parameters
        let pieces = parameters.map { family.pieces(of: $0, in: complete) }
        let zeros = FloatArena(count: parameters.lazy.filter { !$0.decays }.map(\.count).max() ?? 0)
        let largestTransposed = pieces.joined().filter { $0.columns != nil }.map { $0.shape.reduce(1, *) }.max()
        let scratch = FloatArena(count: largestTransposed ?? 0)
        let tensors = zip(parameters, pieces).flatMap { parameter, pieces in
            let source = model.layout[parameter.key].map { model.weights.base + $0.offset } ?? zeros.base
            return pieces.map { piece in
                SafetensorsTensor(name: family.publishedName(piece), shape: piece.shape) {
                    body throws(InterchangeError) in
                    guard let columns = piece.columns else {
                        return try body(UnsafeBufferPointer(start: source, count: parameter.count))
                    }
                    let (rows, width) = (piece.shape.count > 1 ? parameter.shape[0] : 1, parameter.shape.last ?? 1)
                    for (place, column) in columns.joined().enumerated() {
                        for row in 0..<rows { scratch.base[place * rows + row] = source[row * width + column] }
                    }
                    try body(UnsafeBufferPointer(start: scratch.base, count: piece.shape.reduce(1, *)))
                }
            }
        }
        defer { withExtendedLifetime((zeros, scratch)) {} }
        try SafetensorsFile.write(tensors, to: path)
    }
}

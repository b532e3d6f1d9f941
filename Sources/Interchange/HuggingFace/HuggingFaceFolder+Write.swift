// Writes a model as a folder that Hugging Face Transformers opens with from_pretrained.

import Files
import Kernels
import Model
import StrictJSON

extension HuggingFaceFolder {
    /// Writes `config.json` and `model.safetensors` to the folder `path`, which is made if only its parent exists.
    ///
    /// Transformers' models have biases; those that this one does not have are written as zeros, which compute the
    /// same. `endOfText` is the id that ends a text, if the tokenizer has one. Each file takes its place complete or
    /// not at all, the weights first. Throws also where no architecture of Transformers computes what the model does.
    public static func write(
        _ config: ModelConfig, layout: ParameterLayout, weights: FloatArena, endOfText: Int?, to path: String
    ) throws(InterchangeError) {
        precondition(layout == ParameterLayout(config), "the layout is not that of the config")
        precondition(weights.count >= layout.arenaCount, "an arena of \(weights.count) for \(layout.arenaCount) floats")
        let family = try HuggingFaceFamily.expressing(config)
        try InterchangeError.wrapping { () throws(FileError) in try FileDescriptor.makeFolder(path) }
        try writeWeights(config, family, layout, weights, to: path + "/model.safetensors")
        let text = HuggingFaceConfig.text(config, family: family, endOfTextID: endOfText)
        try InterchangeError.wrapping { () throws(FileError) in
            try AtomicFile.write(text, to: path + "/config.json")
        }
    }

    private static func writeWeights(
        _ config: ModelConfig, _ family: HuggingFaceFamily, _ layout: ParameterLayout, _ weights: FloatArena,
        to path: String
    ) throws(InterchangeError) {
        var complete = config
        complete.biases = true
        complete.attentionInputBias = family == .gpt2
        let parameters = ParameterLayout(complete).parameters
        let zeros = FloatArena(count: parameters.lazy.filter { !$0.decays }.map(\.count).max() ?? 0)
        let largestTurned = parameters.lazy.flatMap(family.pieces).filter { $0.turnedColumns != nil }
            .map { $0.shape[0] * $0.shape[1] }.max()
        let scratch = FloatArena(count: largestTurned ?? 0)
        let tensors = parameters.flatMap { parameter in
            let source = layout[parameter.name].map { weights.base + $0.offset } ?? zeros.base
            return family.pieces(of: parameter).map { piece in
                let name = piece.name == "lm_head.weight" ? piece.name : "transformer." + piece.name
                return SafetensorsTensor(name: name, shape: piece.shape) { body throws(InterchangeError) in
                    guard let columns = piece.turnedColumns else {
                        return try body(UnsafeBufferPointer(start: source, count: parameter.count))
                    }
                    let (rows, width) = (parameter.shape[0], parameter.shape[1])
                    for (place, column) in columns.enumerated() {
                        for row in 0..<rows { scratch.base[place * rows + row] = source[row * width + column] }
                    }
                    try body(UnsafeBufferPointer(start: scratch.base, count: columns.count * rows))
                }
            }
        }
        defer { withExtendedLifetime((zeros, scratch)) {} }
        try SafetensorsFile.write(tensors, to: path)
    }
}

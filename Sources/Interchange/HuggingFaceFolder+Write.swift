// Writes a model as a folder that Hugging Face Transformers opens with GPT2LMHeadModel.from_pretrained.

import Kernels
import Model
import StrictJSON

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

extension HuggingFaceFolder {
    /// Writes `config.json` and `model.safetensors` to the folder `path`, which is made if only its parent exists.
    ///
    /// Transformers' GPT-2 always has biases; those of a model without any are written as zeros, which compute the
    /// same. `endOfText` is the id that ends a text, if the tokenizer has one. Each file takes its place complete or
    /// not at all, the weights first.
    public static func write(
        _ config: ModelConfig, layout: ParameterLayout, weights: FloatArena, endOfText: Int?, to path: String
    ) throws(InterchangeError) {
        precondition(layout == ParameterLayout(config), "the layout is not that of the config")
        precondition(weights.count >= layout.arenaCount, "an arena of \(weights.count) for \(layout.arenaCount) floats")
        guard mkdir(path, 0o755) == 0 || errno == EEXIST else {
            throw .system(file: path, action: .createFolder, code: errno)
        }
        try writeWeights(config, layout, weights, to: path + "/model.safetensors")
        var file = try AtomicFile(path: path + "/config.json")
        try file.write(configText(config, endOfText: endOfText))
        try file.finish()
    }

    private static func writeWeights(
        _ config: ModelConfig, _ layout: ParameterLayout, _ weights: FloatArena, to path: String
    ) throws(InterchangeError) {
        var complete = config
        complete.biases = true
        let parameters = ParameterLayout(complete).parameters
        let zeros = FloatArena(count: parameters.lazy.filter { !$0.decays }.map(\.count).max() ?? 0)
        let tensors = parameters.map { parameter in
            let source = layout[parameter.name].map { weights.base + $0.offset } ?? zeros.base
            return SafetensorsTensor(
                name: parameter.name == "lm_head.weight" ? parameter.name : "transformer." + parameter.name,
                shape: parameter.shape, elements: UnsafeBufferPointer(start: source, count: parameter.count))
        }
        defer { withExtendedLifetime(zeros) {} }
        try SafetensorsFile.write(tensors, to: path)
    }

    private static func configText(_ config: ModelConfig, endOfText: Int?) -> [UInt8] {
        let endOfText = endOfText.map { JSONOutput.integer($0) } ?? .null
        let usualWidth = config.feedForwardWidth == 4 * config.modelWidth
        // Through text, so that 1e-05 stays 1e-05 and does not become the nearest float32 in 17 digits.
        let epsilon = Double(config.layerNormEpsilon.description) ?? Double(config.layerNormEpsilon)
        let text: JSONOutput = [
            "architectures": ["GPT2LMHeadModel"], "model_type": "gpt2",
            "vocab_size": .integer(config.vocabularySize), "n_positions": .integer(config.contextLength),
            "n_embd": .integer(config.modelWidth), "n_layer": .integer(config.blockCount),
            "n_head": .integer(config.headCount),
            "n_inner": usualWidth ? .null : .integer(config.feedForwardWidth),
            "activation_function": config.activation == .geluTanh ? "gelu_new" : "gelu",
            "layer_norm_epsilon": .number(epsilon), "tie_word_embeddings": .bool(config.tiedHead),
            "bos_token_id": endOfText, "eos_token_id": endOfText, "torch_dtype": "float32",
        ]
        return text.serializedBytes(pretty: true) + [UInt8(ascii: "\n")]
    }
}

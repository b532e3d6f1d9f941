// A model and its tokenizer as llama.cpp runs them: GPT-2 in a GGUF file.

import Kernels
import Model
import Tokenizer

/// Names, keys and orientation are those of llama.cpp's own converter (ggml-org/llama.cpp, convert_hf_to_gguf.py).
public enum GGUFModel {
    /// Writes `model` with its linear layers and token table as `type`; the position table and all vectors are F32. A
    /// matrix whose rows Q8_0's blocks of 32 do not divide is F16. Missing biases are written as zeros.
    ///
    /// Throws where llama.cpp's GPT-2 computes something else, or cuts texts otherwise.
    public static func write(
        _ model: Transformer, _ tokenizer: Tokenizer, type: GGUFType, name: String, to path: String
    ) throws(InterchangeError) {
        if let reason = reasonAgainst(model.config, tokenizer) {
            throw .notExpressible(format: "a GGUF file", reason: reason)
        }
        let complete = completed(model.config)
        let zeros = FloatArena(count: max(3 * complete.modelWidth, complete.feedForwardWidth))
        defer { withExtendedLifetime(zeros) {} }
        let tensors = ParameterLayout(complete).parameters.map { parameter in
            let source = model.layout[parameter.name].map { model.weights.base + $0.offset } ?? zeros.base
            return tensor(parameter, source, type)
        }
        try GGUFFile.write(
            metadata(model.config, type, name: name) + vocabulary(tokenizer, complete), tensors, to: path)
    }

    /// Reads the weights of a file that `write` has written for a model of `config`: for proof that it is right.
    public static func model(_ file: GGUFFile, config: ModelConfig) throws(InterchangeError) -> Transformer {
        let model = Transformer(completed(config))
        for parameter in model.layout.parameters {
            let name = name(of: parameter)
            let shape = isTurned(parameter) ? parameter.shape.reversed() : parameter.shape
            guard let entry = file.entries.first(where: { $0.name == name }) else {
                throw .gguf(file: file.path, .missing(tensor: name))
            }
            guard entry.shape == shape else {
                throw .gguf(file: file.path, .wrongShape(tensor: name, found: entry.shape, expected: shape))
            }
            let values = try file.floats(entry)
            let destination = model.weights.base + parameter.offset
            if isTurned(parameter) {
                let (rows, columns) = (parameter.shape[0], parameter.shape[1])
                for row in 0..<rows {
                    for column in 0..<columns { destination[row * columns + column] = values[column * rows + row] }
                }
            } else {
                destination.update(from: values, count: values.count)
            }
        }
        return model
    }

    /// What llama.cpp's GPT-2 could not compute, or nil.
    static func reasonAgainst(_ config: ModelConfig, _ tokenizer: Tokenizer) -> String? {
        let gpt2 = "llama.cpp's GPT-2 has "
        if config.activation != .geluTanh { return gpt2 + "the tanh form of the GELU only" }
        if config.attentionWindows.contains(where: { $0 > 0 }) { return gpt2 + "no attention windows (GPT-Neo has)" }
        if !config.scalesAttention { return gpt2 + "scores scaled by the root of a head's width only" }
        if config.scalesAttentionByBlock { return gpt2 + "no scaling of scores by the block's number" }
        if tokenizer.split == .none && tokenizer.mergeCount > 0 {
            return "its tokenizer merges across words, and llama.cpp cuts texts as GPT-2 does first"
        }
        return nil
    }

    private static func completed(_ config: ModelConfig) -> ModelConfig {
        var complete = config
        (complete.biases, complete.attentionInputBias) = (true, true)
        return complete
    }

    private static func metadata(
        _ config: ModelConfig, _ type: GGUFType, name: String
    ) -> [(key: String, value: GGUFOutput)] {
        [
            ("general.architecture", .text("gpt2")), ("general.type", .text("model")), ("general.name", .text(name)),
            ("gpt2.block_count", .uint32(UInt32(config.blockCount))),
            ("gpt2.context_length", .uint32(UInt32(config.contextLength))),
            ("gpt2.embedding_length", .uint32(UInt32(config.modelWidth))),
            ("gpt2.feed_forward_length", .uint32(UInt32(config.feedForwardWidth))),
            ("gpt2.attention.head_count", .uint32(UInt32(config.headCount))),
            ("gpt2.attention.layer_norm_epsilon", .float32(config.layerNormEpsilon)),
            ("general.file_type", .uint32(type.fileType ?? 0)), ("general.quantization_version", .uint32(2)),
        ]
    }

    /// Tokens as tokenizer.json writes them, their kinds (1 ordinary, 3 special, 5 padding), and the merges.
    private static func vocabulary(
        _ tokenizer: Tokenizer, _ config: ModelConfig
    ) -> [(key: String, value: GGUFOutput)] {
        var tokens = tokenizer.writtenTokens
        var kinds = [Int32](repeating: 1, count: tokens.count)
        for id in tokenizer.specialIDs { kinds[id] = 3 }
        for id in tokens.count..<config.vocabularySize {
            tokens.append("[PAD\(id)]")
            kinds.append(5)
        }
        var result: [(key: String, value: GGUFOutput)] = [
            ("tokenizer.ggml.model", .text("gpt2")), ("tokenizer.ggml.pre", .text("gpt-2")),
            ("tokenizer.ggml.tokens", .texts(tokens)), ("tokenizer.ggml.token_type", .int32s(kinds)),
            ("tokenizer.ggml.merges", .texts(tokenizer.writtenMerges)),
        ]
        if let id = tokenizer.endOfTextID.map({ UInt32($0) }) {
            result += [("tokenizer.ggml.bos_token_id", .uint32(id)), ("tokenizer.ggml.eos_token_id", .uint32(id))]
        }
        return result
    }

    private static func isTurned(_ parameter: Parameter) -> Bool {
        parameter.name.hasPrefix("h.") && parameter.shape.count == 2
    }

    private static func tensor(
        _ parameter: Parameter, _ source: UnsafeMutablePointer<Float>, _ type: GGUFType
    ) -> GGUFTensor {
        let shape = isTurned(parameter) ? parameter.shape.reversed() : parameter.shape
        let isPlain = shape.count == 1 || parameter.name == "wpe.weight"
        let fits = (shape.last ?? 1) % type.blockCount == 0
        return GGUFTensor(
            name: name(of: parameter), shape: shape, type: isPlain ? .f32 : fits ? type : .f16
        ) { body throws(InterchangeError) in
            guard isTurned(parameter) else {
                let step = max(1, (1 << 18) / (shape.last ?? 1)) * (shape.last ?? 1)
                for start in stride(from: 0, to: parameter.count, by: step) {
                    try body(UnsafeBufferPointer(start: source + start, count: min(step, parameter.count - start)))
                }
                return
            }
            let (rows, columns) = (parameter.shape[0], parameter.shape[1])
            let line = FloatArena(count: rows)
            defer { withExtendedLifetime(line) {} }
            for column in 0..<columns {
                for row in 0..<rows { line.base[row] = source[row * columns + column] }
                try body(UnsafeBufferPointer(start: line.base, count: rows))
            }
        }
    }

    private static let names = [
        "ln_1": "attn_norm", "attn.c_attn": "attn_qkv", "attn.c_proj": "attn_output", "ln_2": "ffn_norm",
        "mlp.c_fc": "ffn_up", "mlp.c_proj": "ffn_down",
    ]

    /// llama.cpp's name of a parameter.
    private static func name(of parameter: Parameter) -> String {
        let parts = parameter.name.split(separator: ".").map(String.init)
        let kind = parts[parts.count - 1]
        switch parts[0] {
        case "wte": return "token_embd.weight"
        case "wpe": return "position_embd.weight"
        case "ln_f": return "output_norm.\(kind)"
        case "lm_head": return "output.weight"
        default:
            let layer = parts[2..<(parts.count - 1)].joined(separator: ".")
            return "blk.\(parts[1]).\(names[layer] ?? layer).\(kind)"
        }
    }
}

// The shapes of measured models, and the setup of a training benchmark.

import Arguments
import Communication
import Datasets
import Interchange
import Kernels
import Model
import Models
import StrictJSON
import Tokenizer
import Training

/// A model's shape on the command line: a name, or BLOCKSxWIDTHxHEADSxVOCABULARY of GPT-2's architecture.
struct ShapeArgument: ExpressibleByArgument, Sendable {
    let text: String
    private let shape: ModelShape
    /// A published model's config.json, whose architecture is taken instead of `shape`.
    private let config: String?

    static let valueKind =
        "gpt2, small, \(published.map(\.name).joined(separator: ", ")), or BLOCKSxWIDTHxHEADSxVOCABULARY"
    static let gpt2 = ShapeArgument(text: "gpt2", blocks: 12, width: 768, heads: 12, vocabulary: 50257)
    static let small = ShapeArgument(text: "small", blocks: 4, width: 256, heads: 4, vocabulary: 8192)
    static let smollm2 = ShapeArgument(argument: "smollm2-135m") ?? gpt2
    var defaultValueDescription: String { text }

    /// Today's small models, by the members of their config.json that a shape consists of.
    private static let published: [(name: String, config: String)] = [
        (
            "smollm2-135m",
            #"""
            {"model_type": "llama", "vocab_size": 49152, "hidden_size": 576, "intermediate_size": 1536,
             "num_hidden_layers": 30, "num_attention_heads": 9, "num_key_value_heads": 3, "rms_norm_eps": 1e-5,
             "rope_theta": 100000, "max_position_embeddings": 8192, "tie_word_embeddings": true}
            """#
        ),
        (
            "smollm2-360m",
            #"""
            {"model_type": "llama", "vocab_size": 49152, "hidden_size": 960, "intermediate_size": 2560,
             "num_hidden_layers": 32, "num_attention_heads": 15, "num_key_value_heads": 5, "rms_norm_eps": 1e-5,
             "rope_theta": 100000, "max_position_embeddings": 8192, "tie_word_embeddings": true}
            """#
        ),
        (
            "pythia-160m",
            #"""
            {"model_type": "gpt_neox", "vocab_size": 50304, "hidden_size": 768, "intermediate_size": 3072,
             "num_hidden_layers": 12, "num_attention_heads": 12, "rotary_pct": 0.25, "rotary_emb_base": 10000,
             "layer_norm_eps": 1e-5, "hidden_act": "gelu", "use_parallel_residual": true,
             "max_position_embeddings": 2048, "tie_word_embeddings": false}
            """#
        ),
        (
            "qwen2.5-0.5b",
            #"""
            {"model_type": "qwen2", "vocab_size": 151936, "hidden_size": 896, "intermediate_size": 4864,
             "num_hidden_layers": 24, "num_attention_heads": 14, "num_key_value_heads": 2, "rms_norm_eps": 1e-6,
             "rope_theta": 1000000, "max_position_embeddings": 32768, "tie_word_embeddings": true}
            """#
        ),
        (
            "llama-3.2-1b",
            #"""
            {"model_type": "llama", "vocab_size": 128256, "hidden_size": 2048, "intermediate_size": 8192,
             "num_hidden_layers": 16, "num_attention_heads": 32, "num_key_value_heads": 8, "head_dim": 64,
             "rms_norm_eps": 1e-5, "rope_theta": 500000, "max_position_embeddings": 131072, "tie_word_embeddings": true}
            """#
        ),
        (
            "qwen3-0.6b",
            #"""
            {"model_type": "qwen3", "vocab_size": 151936, "hidden_size": 1024, "intermediate_size": 3072,
             "num_hidden_layers": 28, "num_attention_heads": 16, "num_key_value_heads": 8, "head_dim": 128,
             "rms_norm_eps": 1e-6, "rope_theta": 1000000, "max_position_embeddings": 40960, "tie_word_embeddings": true}
            """#
        ),
        (
            "gemma3-270m",
            #"""
            {"model_type": "gemma3_text", "vocab_size": 262144, "hidden_size": 640, "intermediate_size": 2048,
             "num_hidden_layers": 18, "num_attention_heads": 4, "num_key_value_heads": 1, "head_dim": 256,
             "query_pre_attn_scalar": 256, "sliding_window": 512, "rms_norm_eps": 1e-6, "rope_theta": 1000000,
             "rope_local_base_freq": 10000, "max_position_embeddings": 32768, "tie_word_embeddings": true}
            """#
        ),
    ]

    private init(text: String, blocks: Int, width: Int, heads: Int, vocabulary: Int) {
        self.text = text
        shape = ModelShape(
            vocabularySize: vocabulary, contextLength: 1, blockCount: blocks, headCount: heads, modelWidth: width)
        config = nil
    }

    private init(named text: String, config: String) {
        (self.text, self.config, shape) = (text, config, Self.gpt2.shape)
    }

    init?(argument: String) {
        if let named = [Self.gpt2, Self.small].first(where: { $0.text == argument }) {
            self = named
            return
        }
        if let named = Self.published.first(where: { $0.name == argument }) {
            self.init(named: named.name, config: named.config)
            return
        }
        let sizes = argument.split(separator: "x").compactMap { Int($0) }
        guard sizes.count == 4, sizes.allSatisfy({ $0 > 0 && $0 < Architecture.largestSize }), sizes[1] % sizes[2] == 0
        else { return nil }
        self.init(text: argument, blocks: sizes[0], width: sizes[1], heads: sizes[2], vocabulary: sizes[3])
    }

    /// The architecture of this shape, for sequences of `context` tokens.
    func architecture(context: Int) throws -> Architecture {
        guard let config else {
            var shape = shape
            shape.contextLength = context
            return Architecture(gpt2: shape)
        }
        var architecture = try ModelFamilies.architecture(config: Array(config.utf8), file: text)
        architecture.contextLength = context
        return architecture
    }
}

/// Precision of a training step on the command line.
enum PrecisionArgument: String, ExpressibleByArgument, CaseIterable {
    case f32, bf16
    /// The faster one here, measured on the model's products as a run with `training.precision` "auto" does.
    case auto
}

/// A trainer with its model and data.
struct TrainingWork {
    let trainer: Trainer
    let precision: Precision
    /// Sequences per step.
    let batch: Int

    /// Random weights of a shape and random tokens, or a model in a Hugging Face folder and rows from a file.
    init(
        shape: ShapeArgument, batch: Int, accumulation: Int = 1, context: Int, precision: PrecisionArgument,
        steps: Int, model folder: String? = nil, rows file: String? = nil, ranks: RankGroup? = nil,
        shards: Bool = false,
        adapter: AdapterConfig? = nil
    ) throws {
        var model: Transformer
        if let folder {
            model = try SavedModel(path: folder).model
        } else {
            model = Transformer(try shape.architecture(context: context))
            model.layout.initialize(model.weights, seed: 1)
        }
        if let adapter { model = model.adapted(adapter, seed: 1) }
        let text =
            try file.map { try TrainingWork.rows($0) }
            ?? TrainingWork.random(
                count: steps * batch * accumulation * context + 1, vocabulary: model.architecture.vocabularySize)
        let data = TrainingSet(
            text, contextLength: file == nil ? context : model.architecture.contextLength, shuffles: false, seed: 1)
        let load = ProductLoad(
            architecture: model.architecture, rows: data.mostTokens(inWindows: batch), microBatches: accumulation,
            isFrozen: adapter != nil)
        self.precision =
            Precision(rawValue: precision.rawValue)
            ?? PrecisionChoice.make(RunConfig.measuredPrecision, load, .machine).precision
        var config = RunConfig()
        config.adopt(model.architecture)
        (config.training.batchSize, config.training.accumulation) = (batch, accumulation)
        config.training.shardOptimizer = shards
        config.training.precision = self.precision.rawValue
        (config.training.learningRate, config.training.schedule) = (1e-4, .constant)
        config.training.warmupSteps = 0
        config.resolve(totalSteps: steps)
        var state = TrainingState()
        state.totalSteps = steps
        trainer = Trainer(model: model, data: data, tokenizer: .bytes, config: config, state: state, ranks: ranks)
        self.batch = batch
    }

    private static func random(count: Int, vocabulary: Int) -> TokenizedText {
        var generator = SplitMix64(seed: 2)
        return TokenizedText(tokens: (0..<count).map { _ in Int32(generator.below(vocabulary)) }, path: "random")
    }

    /// One row per line: `{"tokens": [1, 2], "weights": [0, 1]}`, with the loss weight of each token.
    private static func rows(_ path: String) throws -> TokenizedText {
        var rows: [(tokens: [Int32], weights: [Float])] = []
        for line in try TextFile(path: path).bytes.split(separator: 0x0A) {
            let object = try JSONText.parse(Array(line)).object
            let tokens = (object?["tokens"]?.array ?? []).compactMap(\.integer)
            let weights = (object?["weights"]?.array ?? []).compactMap(\.number)
            guard !tokens.isEmpty, tokens.count == weights.count else {
                throw ValidationError("\(path): row \(rows.count + 1) is not {\"tokens\": […], \"weights\": […]}")
            }
            rows.append((tokens.map { Int32($0) }, weights.map { Float($0) }))
        }
        return TokenizedText(rows: rows, path: path)
    }
}

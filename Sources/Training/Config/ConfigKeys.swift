// THE list of config keys. `luthier train --help` prints it; reading, writing and checking walk it.

import Model

extension ConfigKey {
    /// Every key, in the order of the documentation.
    public static let all: [ConfigKey] = model + tokenizer + data + method + training + evaluation + generation

    private static let size = Architecture.largestSize

    private static let model: [ConfigKey] = [
        .optionalText(
            "model.base", \.model.base, "path", defaultText: "null",
            "what to start from: a Hugging Face folder, a checkpoint or a run; null for from nothing"),
        .integer("model.blockCount", \.model.blockCount, from: 1, to: size, "transformer blocks"),
        .integer("model.headCount", \.model.headCount, from: 1, to: size, "attention heads; divides modelWidth"),
        .integer("model.modelWidth", \.model.modelWidth, from: 1, to: size, "width of the residual stream"),
        .optionalInteger(
            "model.feedForwardWidth", \.model.feedForwardWidth, to: size, defaultText: "4 × modelWidth",
            "width inside the feed-forward layer"),
        .integer(
            "model.contextLength", \.model.contextLength, from: 1, to: size, "the most tokens the model looks back"),
        .choice("model.activation", \.model.activation, "form of the GELU"),
        .flag("model.biases", \.model.biases, "whether linear layers and LayerNorms have biases"),
        .flag("model.tiedHead", \.model.tiedHead, "whether the head shares the token embedding's matrix"),
        .number(
            "model.layerNormEpsilon", \.model.layerNormEpsilon, "number above 0 and below 1", "added to the variance"
        ) {
            $0 > 0 && $0 < 1
        },
        .integers(
            "model.attentionWindows", \.model.attentionWindows, to: size,
            "how many positions, itself included, a position sees in each block; 0 for all before it"),
        .flag(
            "model.scalesAttention", \.model.scalesAttention, "whether scores are divided by the root of a head's width"
        ),
        .flag(
            "model.scalesAttentionByBlock", \.model.scalesAttentionByBlock,
            "whether scores are divided by the block's number as well"),
        .flag(
            "model.attentionInputBias", \.model.attentionInputBias,
            "whether queries, keys and values have a bias where other layers do"),
        dropout("model.embeddingDropout", \.model.embeddingDropout, "share of embedding elements dropped in training"),
        dropout("model.attentionDropout", \.model.attentionDropout, "the same for attention probabilities"),
        dropout("model.residualDropout", \.model.residualDropout, "the same for what blocks add to the stream"),
    ]

    private static let tokenizer: [ConfigKey] = [
        .optionalText(
            "tokenizer.path", \.tokenizer.path, "path", defaultText: "the base's; else one is trained",
            "folder with tokenizer.json, or vocab.json and merges.txt"),
        .integer(
            "tokenizer.vocabularySize", \.tokenizer.vocabularySize, from: 257, to: size,
            "of a tokenizer trained on the training split; 257: bytes and end-of-text, no merges"),
        .choice("tokenizer.split", \.tokenizer.split, ["gpt2", "none"], "how text is cut before merging"),
    ]

    private static let data: [ConfigKey] = [
        .texts("data.train", \.data.train, "path or list of paths", "training text"),
        .texts("data.validation", \.data.validation, "path or list of paths", "validation text"),
        .texts("data.test", \.data.test, "path or list of paths", "test text"),
        .choice(
            "data.format", \.data.format,
            "text: each file one stream; documents: apart by blank lines; lines: one a line; the others are rows of "
                + "JSON, one a line; auto: by content"),
        .template(
            "data.template", \.data.template,
            "what stands around the turns of a conversation; stored with the model"),
        .number(
            "data.promptLossWeight", \.data.promptLossWeight, "number from 0 to 1",
            "weight of prompt tokens in the training loss"
        ) { $0 >= 0 && $0 <= 1 },
        .choice("data.overlong", \.data.overlong, "what becomes of rows that are longer than the context"),
        .choice(
            "data.rowsWithoutLoss", \.data.rowsWithoutLoss, ["error", "drop"],
            "what becomes of rows in which nothing is to be learned"),
        .number(
            "data.validationFraction", \.data.validationFraction, "number from 0 to below 1",
            "share of the training text held out where no validation file is given"
        ) { $0 >= 0 && $0 < 1 },
        .number(
            "data.testFraction", \.data.testFraction, "number from 0 to below 1",
            "share held out for the test split where no test file is given"
        ) { $0 >= 0 && $0 < 1 },
        .integer("data.splitSeed", \.data.splitSeed, "chooses which documents are held out"),
        .flag("data.shuffle", \.data.shuffle, "whether each epoch has an order of its own"),
        .flag("data.startToken", \.data.startToken, "whether end-of-text stands in front of every document"),
    ]

    private static let method: [ConfigKey] = [
        .choice("method.type", \.method.type, ["full", "lora"], "all weights, or small matrices beside frozen ones"),
        .integer("method.rank", \.method.rank, from: 1, to: 4096, "of LoRA's matrices"),
        .number(
            "method.alpha", \.method.alpha, "number above 0", "LoRA's part of an output is multiplied by alpha / rank"
        ) { $0 > 0 },
        .number("method.dropout", \.method.dropout, "number from 0 to below 1", "of the input of LoRA's matrices") {
            $0 >= 0 && $0 < 1
        },
        .texts(
            "method.targets", \.method.targets, "list of names, attention or all",
            "the layers that get them"),
    ]

    private static let training: [ConfigKey] = [
        .integer("training.epochs", \.training.epochs, from: 1, to: 1_000_000, "passes over the training split"),
        .optionalInteger("training.steps", \.training.steps, defaultText: "null", "optimizer steps; wins over epochs"),
        .integer("training.batchSize", \.training.batchSize, from: 1, to: size, "sequences in a micro-batch"),
        .integer("training.accumulation", \.training.accumulation, from: 1, to: size, "micro-batches in a step"),
        .optionalNumber(
            "training.learningRate", \.training.learningRate, "number above 0",
            defaultText: "1e-3 from nothing, 5e-5 from a base", "the highest learning rate"
        ) { $0 > 0 },
        .optionalNumber(
            "training.minimumLearningRate", \.training.minimumLearningRate, "number from 0",
            defaultText: "a tenth of learningRate", "where the schedule ends"
        ) { $0 >= 0 },
        .choice("training.schedule", \.training.schedule, "how the learning rate falls after the warm-up"),
        .optionalInteger(
            "training.warmupSteps", \.training.warmupSteps, from: 0,
            defaultText: "6 % of the steps, at most 100", "steps in which the learning rate rises from near 0"),
        .number("training.weightDecay", \.training.weightDecay, "number from 0", "decoupled, on matrices only") {
            $0 >= 0
        },
        .number("training.beta1", \.training.beta1, "number from 0 to below 1", "memory of the first moment") {
            $0 >= 0 && $0 < 1
        },
        .number("training.beta2", \.training.beta2, "number from 0 to below 1", "memory of the second moment") {
            $0 >= 0 && $0 < 1
        },
        .number("training.epsilon", \.training.epsilon, "number above 0", "added to the root of the second moment") {
            $0 > 0
        },
        .number(
            "training.gradientClip", \.training.gradientClip, "number from 0; 0 for none",
            "largest norm of the whole gradient"
        ) { $0 >= 0 },
        .integer("training.seed", \.training.seed, "of initial weights, order, dropout and samples"),
        .choice(
            "training.precision", \.training.precision, Precision.allCases.map(\.rawValue),
            "of the operands of products; bf16 is up to twice as fast on processors that have it"),
        .integer("training.threads", \.training.threads, to: 1024, "0 for one a core"),
        .optionalInteger(
            "training.saveEvery", \.training.saveEvery, defaultText: "at each evaluation", "steps between checkpoints"),
        .integer("training.keepLast", \.training.keepLast, from: 1, "checkpoints kept beside the best"),
        .integer("training.logEvery", \.training.logEvery, from: 1, "steps between lines of the log"),
        .optionalInteger(
            "training.earlyStoppingPatience", \.training.earlyStoppingPatience, defaultText: "null",
            "evaluations without a better loss after which the run stops"),
    ]

    private static let evaluation: [ConfigKey] = [
        .optionalInteger(
            "evaluation.every", \.evaluation.every, defaultText: "each epoch", "steps between evaluations"),
        .integer("evaluation.batchSize", \.evaluation.batchSize, from: 1, to: size, "windows worked on together"),
        .optionalInteger(
            "evaluation.maximumTokens", \.evaluation.maximumTokens, defaultText: "all",
            "stop after this many predictions"),
        .optionalInteger(
            "evaluation.window", \.evaluation.window, to: size, defaultText: "contextLength", "tokens read at once"),
        .optionalInteger(
            "evaluation.stride", \.evaluation.stride, to: size, defaultText: "window",
            "how far the window moves; smaller is slower and gives every token more context"),
        .texts(
            "evaluation.samples", \.evaluation.samples, "list of texts", "prompts that are continued at each evaluation"
        ),
    ]

    private static let generation: [ConfigKey] = [
        .integer("generation.maximumTokens", \.generation.maximumTokens, from: 1, "tokens at most"),
        .number("generation.temperature", \.generation.temperature, "number from 0 to 100; 0 is greedy", "of sampling")
        {
            $0 >= 0 && $0 <= 100
        },
        .integer("generation.topK", \.generation.topK, "draw from the k likeliest tokens only; 0 for all"),
        .number(
            "generation.topP", \.generation.topP, "number above 0 to 1",
            "draw from the likeliest tokens that together have this probability"
        ) { $0 > 0 && $0 <= 1 },
        .number(
            "generation.repetitionPenalty", \.generation.repetitionPenalty, "number from 1 to 100",
            "divides the logits of tokens that were used already"
        ) { $0 >= 1 && $0 <= 100 },
        .texts("generation.stop", \.generation.stop, "list of texts", "texts at which generation ends"),
    ]

    private static func dropout(_ path: String, _ target: any Path<Double?>, _ meaning: String) -> ConfigKey {
        .optionalNumber(
            path, target, "number from 0 to below 1", defaultText: "0.1 from a base, else 0", meaning
        ) { $0 >= 0 && $0 < 1 }
    }
}

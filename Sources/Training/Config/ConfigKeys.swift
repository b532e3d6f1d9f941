// The only list of config keys: `luthier train --help` prints it; reading, writing and validation use it.

import Kernels
import Model

extension ConfigKey {
    /// All keys, in the order of the documentation.
    package static let all: [ConfigKey] = model + tokenizer + data + method + training + evaluation + generation

    private static let size = Architecture.largestSize

    private static let model: [ConfigKey] = [
        .optionalText(
            "model.base", \.model.base, "path", defaultText: "null",
            "Model to start from: a Hugging Face folder, a checkpoint, a run, or the name of a fetched model; null to "
                + "train from scratch."),
        .integer("model.blockCount", \.model.blockCount, from: 1, to: size, "Transformer blocks."),
        .integer("model.headCount", \.model.headCount, from: 1, to: size, "Attention heads; must divide modelWidth."),
        .integer("model.modelWidth", \.model.modelWidth, from: 1, to: size, "Width of the residual stream."),
        .optionalInteger(
            "model.feedForwardWidth", \.model.feedForwardWidth, to: size, defaultText: "4 × modelWidth",
            "Width inside the feed-forward layer."),
        .integer(
            "model.contextLength", \.model.contextLength, from: 1, to: size, "Context length in tokens."),
        .choice("model.activation", \.model.activation, "GELU variant."),
        .flag("model.biases", \.model.biases, "Linear layers and LayerNorms have biases."),
        .flag("model.tiedHead", \.model.tiedHead, "The output head shares the token embedding's matrix."),
        .number(
            "model.layerNormEpsilon", \.model.layerNormEpsilon, "number above 0 and below 1",
            "Added to the variance in LayerNorm."
        ) {
            $0 > 0 && $0 < 1
        },
        .integers(
            "model.attentionWindows", \.model.attentionWindows, to: size,
            "Attention window of each block, in positions including the current one; 0 for no limit."),
        .flag(
            "model.scalesAttention", \.model.scalesAttention,
            "Divide attention scores by the square root of the head width."
        ),
        .flag(
            "model.scalesAttentionByBlock", \.model.scalesAttentionByBlock,
            "Also divide attention scores by the block's number."),
        .flag(
            "model.attentionInputBias", \.model.attentionInputBias,
            "Queries, keys and values have a bias if other layers do."),
        dropout("model.embeddingDropout", \.model.embeddingDropout, "Dropout of the embeddings."),
        dropout("model.attentionDropout", \.model.attentionDropout, "Dropout of the attention probabilities."),
        dropout(
            "model.residualDropout", \.model.residualDropout,
            "Dropout of each block's additions to the residual stream."),
    ]

    private static let tokenizer: [ConfigKey] = [
        .optionalText(
            "tokenizer.path", \.tokenizer.path, "path", defaultText: "the base's, otherwise one is trained",
            "Folder with tokenizer.json, or with vocab.json and merges.txt."),
        .integer(
            "tokenizer.vocabularySize", \.tokenizer.vocabularySize, from: 257, to: size,
            "Vocabulary size of a tokenizer trained on the training split; 257: bytes and end-of-text, no merges."),
        .choice("tokenizer.split", \.tokenizer.split, ["gpt2", "none"], "How text is split before merging."),
    ]

    private static let data: [ConfigKey] = [
        .texts("data.train", \.data.train, "path or list of paths", "Training data."),
        .texts("data.validation", \.data.validation, "path or list of paths", "Validation data."),
        .texts("data.test", \.data.test, "path or list of paths", "Test data."),
        .choice(
            "data.format", \.data.format,
            "Input format. text: each file is one stream; documents: separated by blank lines; lines: one document per "
                + "line; the others: one JSON object per line; auto: detected from the content."),
        .texts(
            "data.ignoreKeys", \.data.ignoreKeys, "list of keys",
            "Keys of rows that are ignored. Any other key that is not understood is an error."),
        .template(
            "data.template", \.data.template, asksForBase: \.data.asksForBaseTemplate,
            "Text around the messages of a conversation; stored with the model. base: the base's own chat template."),
        .number(
            "data.promptLossWeight", \.data.promptLossWeight, "number from 0 to 1",
            "Weight of prompt tokens in the training loss."
        ) { $0 >= 0 && $0 <= 1 },
        .choice("data.overlong", \.data.overlong, "How to handle rows longer than the context."),
        .choice(
            "data.rowsWithoutLoss", \.data.rowsWithoutLoss, ["error", "drop"],
            "How to handle rows without loss tokens."),
        .number(
            "data.validationFraction", \.data.validationFraction, "number from 0 to below 1",
            "Fraction of the training data held out for validation if no validation file is given."
        ) { $0 >= 0 && $0 < 1 },
        .number(
            "data.testFraction", \.data.testFraction, "number from 0 to below 1",
            "Fraction of the training data held out for test if no test file is given."
        ) { $0 >= 0 && $0 < 1 },
        .integer("data.splitSeed", \.data.splitSeed, "Chooses the held-out documents."),
        .flag("data.shuffle", \.data.shuffle, "Shuffle the data in each epoch."),
        .flag("data.startToken", \.data.startToken, "Start every document with end-of-text."),
        .number(
            "data.safetyMix", \.data.safetyMix, "number from 0 to 0.5",
            "Share of the training rows that are Luthier's own: most of them decline harmful questions."
        ) { $0 >= 0 && $0 <= 0.5 }.omittingDefault(),
    ]

    private static let method: [ConfigKey] = [
        .choice(
            "method.type", \.method.type, ["full", "lora"],
            "Train all weights (full), or low-rank matrices next to frozen weights (lora)."),
        .integer("method.rank", \.method.rank, from: 1, to: 4096, "LoRA rank."),
        .number(
            "method.alpha", \.method.alpha, "number above 0",
            "LoRA scaling: LoRA's output is multiplied by alpha / rank."
        ) { $0 > 0 },
        .number("method.dropout", \.method.dropout, "number from 0 to below 1", "Dropout of LoRA's input.") {
            $0 >= 0 && $0 < 1
        },
        .texts(
            "method.targets", \.method.targets, "list of names, attention or all",
            "Layers with LoRA."),
        .choice(
            "method.baseWeights", \.method.baseWeights,
            "How LoRA's frozen base is held in memory; int8 and q4 have a scale for every 32 weights."
        ).omittingDefault(),
        .choice(
            "method.objective", \.method.objective,
            "What is learned: the answers of rows (likelihood), or which of two answers is better (dpo, ipo, orpo), or "
                + "whether an answer is good (kto)."
        ).omittingDefault(),
        .number(
            "method.beta", \.method.beta, "number above 0",
            "How closely a preference objective stays with the model it started from; for orpo the weight of the preference."
        ) { $0 > 0 }.omittingDefault(),
    ]

    private static let training: [ConfigKey] = [
        .integer("training.epochs", \.training.epochs, from: 1, to: 1_000_000, "Passes over the training split."),
        .optionalInteger("training.steps", \.training.steps, defaultText: "null", "Optimizer steps; overrides epochs."),
        .integer("training.batchSize", \.training.batchSize, from: 1, to: size, "Sequences per micro-batch."),
        .integer("training.accumulation", \.training.accumulation, from: 1, to: size, "Micro-batches per step."),
        .optionalNumber(
            "training.learningRate", \.training.learningRate, "number above 0",
            defaultText: "1e-3 from scratch, 2e-4 with LoRA, 5e-5 from a base, a tenth of it for preferences",
            "Peak learning rate."
        ) { $0 > 0 },
        .optionalNumber(
            "training.minimumLearningRate", \.training.minimumLearningRate, "number from 0",
            defaultText: "a tenth of learningRate", "Learning rate at the end of the schedule."
        ) { $0 >= 0 },
        .choice(
            "training.schedule", \.training.schedule,
            "How the learning rate decays after warmup. wsd: constant, then a cooldown; such a run can be continued as if "
                + "it had been longer from the start."),
        .number(
            "training.cooldownFraction", \.training.cooldownFraction, "number above 0 to 1",
            "Part of the steps in which schedule wsd lowers the learning rate to its minimum."
        ) { $0 > 0 && $0 <= 1 }.omittingDefault(),
        .plans(
            "training.earlierPlans", \.training.earlierPlans,
            "The schedules that a continued run followed before; --resume writes them."
        ).omittingDefault(),
        .optionalInteger(
            "training.warmupSteps", \.training.warmupSteps, from: 0,
            defaultText: "6 % of the steps, at most 100", "Warmup steps, in which the learning rate rises linearly."),
        .number(
            "training.weightDecay", \.training.weightDecay, "number from 0",
            "Decoupled weight decay, for matrices only."
        ) {
            $0 >= 0
        },
        .number("training.beta1", \.training.beta1, "number from 0 to below 1", "Decay rate of AdamW's first moment.") {
            $0 >= 0 && $0 < 1
        },
        .number("training.beta2", \.training.beta2, "number from 0 to below 1", "Decay rate of AdamW's second moment.")
        {
            $0 >= 0 && $0 < 1
        },
        .number("training.epsilon", \.training.epsilon, "number above 0", "Added to the root of AdamW's second moment.")
        {
            $0 > 0
        },
        .number(
            "training.gradientClip", \.training.gradientClip, "number from 0; 0 for none",
            "Maximum norm of the gradient of all weights."
        ) { $0 >= 0 },
        .choice(
            "training.lossSpikes", \.training.lossSpikes,
            "What to do where a step's loss is far above the last 64: skip the step, warn and take it, or nothing. "
                + "\(Trainer.skipLimit) skipped steps in a row end the run."
        ).omittingDefault(),
        .number(
            "training.spikeDeviations", \.training.spikeDeviations, "number above 0",
            "How far above their median a loss is a spike, in robust deviations of the last 64 losses."
        ) {
            $0 > 0
        }.omittingDefault(),
        .integer("training.seed", \.training.seed, "Seed of initial weights, data order, dropout and samples."),
        .choice(
            "training.precision", \.training.precision,
            [RunConfig.measuredPrecision] + Precision.allCases.map(\.rawValue),
            "Precision of matrix multiplications; auto measures both for a second and takes bf16 where it is at least 10 % "
                + "faster."),
        .flag(
            "training.recomputeActivations", \.training.recomputeActivations,
            "Keep only each block's input for the backward pass and compute the rest again: less memory, more time, "
                + "the same results."
        ).omittingDefault(),
        .flag(
            "training.shardOptimizer", \.training.shardOptimizer,
            "With several machines: each holds and updates a part of the optimizer's state, which takes less memory and "
                + "time; without effect on one."
        ).omittingDefault(),
        .integer("training.threads", \.training.threads, to: 1024, "Number of threads; 0 for all cores."),
        .optionalInteger(
            "training.saveEvery", \.training.saveEvery, defaultText: "at each evaluation", "Steps between checkpoints."),
        .integer("training.keepLast", \.training.keepLast, from: 1, "Checkpoints to keep in addition to the best one."),
        .integer("training.logEvery", \.training.logEvery, from: 1, "Steps between log lines."),
        .flag(
            "training.logAccuracy", \.training.logAccuracy,
            "Also log how many answer tokens and answers of each step's batch were right, and the size of the batch."
        ).omittingDefault(),
        .flag(
            "training.keepEpochs", \.training.keepEpochs,
            "Save at the end of every epoch, in addition to saveEvery, and keep all these checkpoints."
        ).omittingDefault(),
        .optionalInteger(
            "training.earlyStoppingPatience", \.training.earlyStoppingPatience, defaultText: "null",
            "Stop after this many evaluations without a better loss."),
    ]

    private static let evaluation: [ConfigKey] = [
        .optionalInteger(
            "evaluation.every", \.evaluation.every, defaultText: "each epoch", "Steps between evaluations."),
        .integer("evaluation.batchSize", \.evaluation.batchSize, from: 1, to: size, "Windows per batch."),
        .optionalInteger(
            "evaluation.maximumTokens", \.evaluation.maximumTokens, defaultText: "all",
            "Stop each evaluation after this many predictions."),
        .optionalInteger(
            "evaluation.window", \.evaluation.window, to: size, defaultText: "contextLength", "Window length in tokens."
        ),
        .optionalInteger(
            "evaluation.stride", \.evaluation.stride, to: size, defaultText: "window",
            "How far the window moves; smaller is slower and gives every token more context."),
        .texts(
            "evaluation.samples", \.evaluation.samples, "list of texts", "Prompts to continue at each evaluation."
        ),
        .flag(
            "evaluation.asksSamples", \.evaluation.asksSamples,
            "The samples are questions: each is asked with the model's template around it."
        ).omittingDefault(),
        .optionalInteger(
            "evaluation.batchEvery", \.evaluation.batchEvery, defaultText: "null",
            "Steps between measurements of one batch of the validation split, a different one each time."
        ).omittingDefault(),
    ]

    private static let generation: [ConfigKey] = [
        .integer(
            "generation.maximumTokens", \.generation.maximumTokens, from: 1, "Maximum number of tokens to generate."),
        .number(
            "generation.temperature", \.generation.temperature, "number from 0 to 100; 0 is greedy",
            "Sampling temperature."
        ) {
            $0 >= 0 && $0 <= 100
        },
        .integer("generation.topK", \.generation.topK, "Sample only from the k most likely tokens; 0 for all."),
        .number(
            "generation.topP", \.generation.topP, "number above 0 to 1",
            "Sample from the most likely tokens that together have this probability."
        ) { $0 > 0 && $0 <= 1 },
        .number(
            "generation.repetitionPenalty", \.generation.repetitionPenalty, "number from 1 to 100",
            "Divides the logits of tokens that occurred already."
        ) { $0 >= 1 && $0 <= 100 },
        .texts("generation.stop", \.generation.stop, "list of texts", "Texts that end generation."),
    ]

    private static func dropout(_ path: String, _ target: any Path<Double?>, _ meaning: String) -> ConfigKey {
        .optionalNumber(
            path, target, "number from 0 to below 1", defaultText: "0.1 from a base, otherwise 0", meaning
        ) { $0 >= 0 && $0 < 1 }
    }
}

// A language model: opened from any place that models come from, then asked, measured or exported.

internal import Conversations
internal import Datasets
internal import Evaluation
internal import Inference
internal import Kernels
internal import Models
internal import Training

/// A language model in memory with its tokenizer and its chat template.
///
/// One thread may use a model at a time; the work of a call is spread over the processors.
public final class LanguageModel {
    /// How weights are kept for generation. Evaluation and export use the full weights.
    public enum Precision: String, Sendable, CaseIterable {
        /// As the model was trained.
        case float32
        /// Rounded to bfloat16: faster, a little less exact.
        case bfloat16
        /// Rounded to 255 steps for each output of a layer: faster again, less exact.
        case int8
        /// Rounded to 16 steps in each block of 32 weights: fastest, least exact.
        case int4
    }

    /// What a person should know of the model's files, such as parts of them that are not used.
    public let notes: [String]
    /// The model's tokenizer.
    public let tokenizer: TextTokenizer
    let source: ModelSource
    let saved: SavedModel
    private let format: WeightFormat
    /// Made at the first use: it keeps a copy of the weights. Both ways of asking share it.
    private lazy var generator = TextGenerator(model: saved.model, tokenizer: saved.tokenizer, format: format)

    /// Opens a model and reads its weights.
    ///
    /// A checkpoint's hash and all its objects are checked first, in this process. The program `luthier` lets a child
    /// process with limits do that before it opens a file of somebody else, because HDF5 itself can crash on a file that
    /// was made to do harm; this library has no program to start, so open only files that you trust.
    ///
    /// - Parameters:
    ///   - path: a checkpoint (`.h5`), a run's folder, whose best checkpoint is taken, a Hugging Face folder, or a folder
    ///     with a PEFT adapter, which is merged into its base.
    ///   - base: the model that a PEFT adapter belongs to; nil for the one that the adapter's files name.
    ///   - precision: how weights are kept for generation.
    /// - Throws: where there is no model, where its files are damaged or of an unknown kind, or where there is too
    ///   little memory.
    public init(contentsOf path: String, base: String? = nil, precision: Precision = .float32) throws(LuthierError) {
        Processor.prepare()
        let format: WeightFormat =
            switch precision {
            case .float32: .f32
            case .bfloat16: .bf16
            case .int8: .int8
            case .int4: .q4
            }
        (source, saved) = try LuthierError.wrapping {
            let source = try ModelSource(path: path, base: base)
            return (source, try source.load(copying: format))
        }
        self.format = format
        notes = source.notes
        tokenizer = TextTokenizer(saved.tokenizer)
    }

    /// The most tokens that the model looks back, its own included.
    public var contextLength: Int { source.architecture.contextLength }
    /// How many tokens the model can give; where the embedding is padded, more than the tokenizer has.
    public var vocabularySize: Int { source.architecture.vocabularySize }
    /// How many numbers the model has learned.
    public var parameterCount: Int { source.parameterCount }
    /// The architecture in one line: blocks, heads, width, context, vocabulary, activation, head.
    public var architecture: String { source.architecture.summary }
    /// Whether ``reply(to:options:onText:)`` works: whether the model has a chat template.
    public var canChat: Bool { saved.template != nil }

    /// Continues a text as it is, without a template.
    ///
    /// - Parameters:
    ///   - prompt: may be empty where the tokenizer has an end of text, from which a new text then begins.
    ///   - onText: called with each piece of the continuation as soon as it is certain.
    /// - Throws: where the prompt is longer than the context, or an option is out of its range.
    public func complete(
        _ prompt: String, options: GenerationOptions = GenerationOptions(), onText: (String) -> Void = { _ in }
    ) throws(LuthierError) -> Completion {
        try answer([Message(.user, prompt)], template: nil, options, onText)
    }

    /// Answers a conversation with the template that the model was trained with.
    ///
    /// - Parameters:
    ///   - messages: the turns so far, the oldest first, usually with a user's at the end.
    ///   - onText: called with each piece of the answer as soon as it is certain.
    /// - Throws: where the model has no template, where the conversation is longer than the context, or where an option
    ///   is out of its range.
    public func reply(
        to messages: [ChatMessage], options: GenerationOptions = GenerationOptions(),
        onText: (String) -> Void = { _ in }
    ) throws(LuthierError) -> Completion {
        guard let template = saved.template else {
            throw LuthierError("this model has no chat template", hint: "`complete` continues plain text")
        }
        let turns = messages.map { message in
            let role: Role =
                switch message.role {
                case .system: .system
                case .user: .user
                case .assistant: .assistant
                }
            return Message(role, message.text)
        }
        return try answer(turns, template: template, options, onText)
    }

    private func answer(
        _ messages: [Message], template: ChatTemplate?, _ options: GenerationOptions, _ onText: (String) -> Void
    ) throws(LuthierError) -> Completion {
        let responder = Responder(generator: generator, template: template, settings: saved.info.generation)
        let settings = try options.applied(to: responder.settings(seed: options.seed))
        return try LuthierError.wrapping { Completion(try responder.answer(messages, settings, onText: onText)) }
    }
}

extension LanguageModel: CustomStringConvertible {
    /// The number of parameters and the architecture.
    public var description: String { "\(parameterCount) parameters: \(architecture)" }
}

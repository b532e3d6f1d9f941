// A request in the engine's hands: its prompt as it is read, and its continuations as they grow.

import Kernels
import Model

/// A request that has begun. Only the engine's thread uses it.
final class EngineJob {
    let submission: Submission
    let prompt: [Int32]
    var model: EngineModel { submission.model }
    /// The prompt's; nil before reading begins, and after it has been given to a continuation.
    var cache: KeyValueCache?
    var tokensReused = 0
    /// Of the prompt's tokens, where they were asked for.
    var scores: [DrawnToken] = []
    /// Of an embedding, the sums of the states so far.
    var sums: [Double] = []
    /// Bytes that are reserved for it.
    var reservedBytes: Int
    /// Caches that have not been given back.
    var continuationsLeft: Int
    var hasEnded = false

    init(_ submission: Submission) {
        self.submission = submission
        prompt = submission.prompt
        reservedBytes = submission.bytesPerCache * submission.cacheCount
        switch submission.work {
        case .generation(let request, _): continuationsLeft = max(1, request.continuations)
        case .embedding:
            continuationsLeft = 1
            sums = [Double](repeating: 0, count: submission.model.width)
        }
    }

    /// nil for an embedding.
    var request: EngineRequest? {
        guard case .generation(let request, _) = submission.work else { return nil }
        return request
    }

    func send(_ event: EngineEvent) {
        if case .generation(_, let onEvent) = submission.work { onEvent(event) }
    }

    func send(_ embedding: [Float]) {
        if case .embedding(_, let onResult) = submission.work { onResult(.success(embedding)) }
    }
}

/// One of a request's texts.
final class EngineContinuation {
    let job: EngineJob
    let number: Int
    var cache: KeyValueCache?
    var lookup = PromptLookup()
    private(set) var generation: Generation
    private let alternatives: Int?
    /// Tokens whose text is not certain, and how many bytes of text were before each.
    private var unsent: [(token: DrawnToken, start: Int)] = []
    /// Text that is certain and was not sent.
    private var text = ""

    init(_ job: EngineJob, _ request: EngineRequest, number: Int) {
        (self.job, self.number, alternatives) = (job, number, request.alternatives)
        generation = Generation(
            request.prompt, request.settings, stream: request.stream + number, job.model.tokenizer)
    }

    /// Draws the next token. Changes only the continuation, so that several can draw side by side.
    func draw(_ logits: Vector) {
        let start = generation.text.decodedCount
        var piece = ""
        guard let token = generation.draw(logits, { piece += $0 }) else { return }
        let probabilities = alternatives.map { _ in LogProbabilities(logits) }
        unsent.append((job.model.drawn(token, probabilities, alternatives: alternatives), start))
        text += piece
    }

    /// Sends what has become certain.
    func sendNews() {
        let certain = generation.text.text.utf8.count
        send(unsent.prefix { $0.start < certain }.count)
    }

    /// Ends the text and sends what is left of it.
    func finish() {
        let completion = generation.finish { text += $0 }
        let certain = completion.text.utf8.count
        send(generation.text.isStopped ? unsent.prefix { $0.start < certain }.count : unsent.count)
        job.send(.finished(continuation: number, completion))
    }

    private func send(_ count: Int) {
        guard count > 0 || !text.isEmpty else { return }
        job.send(.tokens(continuation: number, unsent.prefix(count).map(\.token), text: text))
        unsent.removeFirst(count)
        text = ""
    }
}

/// What the engine does for one model.
final class EngineGroup {
    let model: EngineModel
    /// In the order in which they came; the first one is read.
    var reading: [EngineJob] = []
    /// Those that draw tokens; the first ones take part in the next pass.
    var drawing: [EngineContinuation] = []

    init(_ model: EngineModel) { self.model = model }

    /// Texts that it works on.
    var load: Int { reading.reduce(drawing.count) { $0 + $1.continuationsLeft } }

    var isEmpty: Bool { reading.isEmpty && drawing.isEmpty }
}

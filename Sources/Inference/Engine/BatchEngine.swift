// Generation for many requests at a time: the side that other threads see.

import Dispatch
import Foundation
import Model
import Synchronization

/// One thread that computes for all models of a process. Requests join and leave between tokens: up to
/// `Decoder.mostTokens` texts of a model draw their next token in one pass, which takes little more time than one of them
/// alone, since most of it is reading the weights. A prompt is read in chunks between the passes, so that running texts do
/// not wait for it. Models take turns.
///
/// **The same bits whatever else runs.** What a request gets depends only on the request, the model and the number of
/// threads: passes with few tokens compute each row as if it were alone; a prompt is always cut into the same chunks;
/// guesses (`PromptLookup`), made while one text is alone, are only accepted where they are what would have been drawn.
///
/// **Prefix reuse.** Keys and values of prompts are kept after the end of a request, up to the limit of memory, and the
/// next prompt that begins the same way does not read that beginning again. Only complete chunks are reused, which the
/// prompt would be cut into itself: their bits are those that reading it would give. The keys and values of *drawn* tokens
/// are not reused: they come from passes with few tokens, whose attention and, without a copy of the weights, whose
/// products are others than those of a prompt, so that they differ in their last bits. The next turn of a chat reads the
/// last answer again, which takes about a tenth of the time that drawing it took.
///
/// Programs call `Machine.prepare` before the first request. Two engines must not share a model.
package final class BatchEngine: Sendable {
    package let settings: EngineSettings
    private let inbox = EngineInbox()
    private let ended = DispatchSemaphore(value: 0)

    package init(_ settings: EngineSettings) {
        self.settings = settings
        let (inbox, ended) = (inbox, ended)
        let thread = Thread {
            EngineLoop(inbox, settings).run()
            ended.signal()
        }
        thread.name = "engine"
        thread.stackSize = 8 << 20
        thread.start()
    }

    deinit { inbox.close() }

    /// Queues a request.
    ///
    /// - Parameter onEvent: called on the engine's thread; must return at once.
    /// - Throws: what is wrong with the request, or that there is no room for it, now or ever; there are no events then.
    @discardableResult
    package func submit(
        _ request: EngineRequest, to model: EngineModel, onEvent: @escaping @Sendable (EngineEvent) -> Void
    ) throws(EngineError) -> Ticket {
        try submit(request, to: model, Ticket(inbox), onEvent: onEvent)
    }

    private func submit(
        _ request: EngineRequest, to model: EngineModel, _ ticket: Ticket,
        onEvent: @escaping @Sendable (EngineEvent) -> Void
    ) throws(EngineError) -> Ticket {
        try model.check(request.prompt)
        return try queue(
            Submission(
                work: .generation(request, onEvent), model: model, ticket: ticket,
                positions: request.positionCount(contextLength: model.contextLength), cacheCount: request.cacheCount))
    }

    /// Queues a request for a thread that waits for its events.
    package func start(_ request: EngineRequest, on model: EngineModel) throws(EngineError) -> EngineStream {
        let ticket = Ticket(inbox)
        let events = EngineStream.Events(ends: max(1, request.continuations))
        _ = try submit(request, to: model, ticket) { events.append($0) }
        return EngineStream(events, ticket)
    }

    /// The mean over all tokens of the last hidden states after the final norm (C), not normalized.
    ///
    /// - Parameter onResult: called once on the engine's thread; must return at once.
    /// - Throws: as `submit`.
    @discardableResult
    package func embed(
        _ tokens: [Int32], with model: EngineModel,
        onResult: @escaping @Sendable (Result<[Float], EngineError>) -> Void
    ) throws(EngineError) -> Ticket {
        try model.check(tokens)
        return try queue(
            Submission(
                work: .embedding(tokens, onResult), model: model, ticket: Ticket(inbox), positions: tokens.count,
                cacheCount: 1))
    }

    /// The same for a thread that waits. Not from the engine's own thread.
    package func embedding(of tokens: [Int32], with model: EngineModel) throws(EngineError) -> [Float] {
        let (result, done) = (Box<Result<[Float], EngineError>>(.failure(.stopped)), DispatchSemaphore(value: 0))
        try embed(tokens, with: model) {
            result.value = $0
            done.signal()
        }
        done.wait()
        return try result.value.get()
    }

    /// Throws what is wrong with a request, whenever it comes; not that the queue is full.
    package func check(_ request: EngineRequest, for model: EngineModel) throws(EngineError) {
        try model.check(request.prompt)
        try checkBytes(
            model.cacheBytes(positions: request.positionCount(contextLength: model.contextLength)),
            count: request.cacheCount)
    }

    private func checkBytes(_ bytesPerCache: Int, count: Int) throws(EngineError) {
        let (bytes, overflows) = bytesPerCache.multipliedReportingOverflow(by: count)
        guard !overflows, bytes <= settings.cacheBytes else {
            throw .tooLarge(bytes: overflows ? .max : bytes, limit: settings.cacheBytes)
        }
    }

    private func queue(_ submission: Submission) throws(EngineError) -> Ticket {
        try checkBytes(submission.bytesPerCache, count: submission.cacheCount)
        try inbox.add(submission, limit: settings.waitingLimit)
        return submission.ticket
    }

    /// Drops what is kept of a model's prompts.
    ///
    /// - Parameter waits: whether to return only when that is done; not on the engine's own thread.
    package func forget(_ model: EngineModel, waits: Bool = true) { inbox.forget(model.number, waits: waits) }

    /// As of the last pass.
    package var statistics: EngineStatistics { inbox.statistics }

    /// Ends all requests with `EngineError.stopped`, and the thread. Not from the engine's own thread.
    package func stop() {
        inbox.close()
        ended.wait()
        ended.signal()
    }
}

/// A value that one thread sets and another one reads.
private final class Box<Value: Sendable>: Sendable {
    private let content: Mutex<Value>

    init(_ value: Value) { content = Mutex(value) }

    var value: Value {
        get { content.withLock { $0 } }
        set { content.withLock { $0 = newValue } }
    }
}

/// The events of a request, for a thread that waits for them. Letting go of it cancels the request.
package final class EngineStream: Sendable {
    /// What has come and was not asked for yet.
    final class Events: Sendable {
        private struct State {
            var events: ArraySlice<EngineEvent> = []
            /// Ends that have not been handed out.
            var endsLeft: Int
        }
        private let state: Mutex<State>
        private let available = DispatchSemaphore(value: 0)

        init(ends: Int) { state = Mutex(State(endsLeft: ends)) }

        func append(_ event: EngineEvent) {
            state.withLock { $0.events.append(event) }
            available.signal()
        }

        func next() -> EngineEvent? {
            guard state.withLock({ $0.endsLeft > 0 }) else { return nil }
            available.wait()
            return state.withLock { state in
                let event = state.events.popFirst()
                switch event {
                case .finished: state.endsLeft -= 1
                case .failed: state.endsLeft = 0
                case .prompt, .tokens, nil: break
                }
                return event
            }
        }
    }

    private let events: Events
    private let ticket: Ticket

    init(_ events: Events, _ ticket: Ticket) { (self.events, self.ticket) = (events, ticket) }

    deinit { ticket.cancel() }

    /// Waits for the next event; nil after the end. For one thread.
    package func next() -> EngineEvent? { events.next() }

    /// As the ticket's: `failed` is the last event then, unless the end was there before.
    package func cancel() { ticket.cancel() }
}

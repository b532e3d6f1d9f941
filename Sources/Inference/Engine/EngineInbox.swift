// What reaches the engine's thread from others: requests, and wishes to end or forget something.

import Dispatch
import Synchronization

/// A request on its way to the engine's thread.
struct Submission: Sendable {
    enum Work: Sendable {
        case generation(EngineRequest, @Sendable (EngineEvent) -> Void)
        case embedding([Int32], @Sendable (Result<[Float], EngineError>) -> Void)
    }

    let work: Work
    let model: EngineModel
    let ticket: Ticket
    /// Positions of each of its caches.
    let positions: Int
    let cacheCount: Int

    var prompt: [Int32] {
        switch work {
        case .generation(let request, _): request.prompt
        case .embedding(let tokens, _): tokens
        }
    }

    /// Bytes of one cache.
    var bytesPerCache: Int { model.cacheBytes(positions: positions) }

    func fail(_ error: EngineError) {
        switch work {
        case .generation(_, let onEvent): onEvent(.failed(error))
        case .embedding(_, let onResult): onResult(.failure(error))
        }
    }
}

/// A request that was submitted. Letting go of it cancels nothing.
package final class Ticket: Sendable {
    private let isCancelledNow = Atomic<Bool>(false)
    private let inbox: EngineInbox

    init(_ inbox: EngineInbox) { self.inbox = inbox }

    /// Ends the request before its next token, with `EngineError.cancelled`. From any thread, any number of times, without
    /// effect after the end.
    package func cancel() {
        isCancelledNow.store(true, ordering: .releasing)
        inbox.wake()
    }

    var isCancelled: Bool { isCancelledNow.load(ordering: .acquiring) }
}

/// The only thing that the engine's thread shares with others.
final class EngineInbox: Sendable {
    /// What has come since the last look.
    struct News {
        var arrivals: [Submission] = []
        /// Models whose kept prompts go, and who waits for that.
        var forgotten: [(model: Int, done: DispatchSemaphore)] = []
        var isClosed = false
    }

    private struct State {
        var news = News()
        /// Requests that have not begun, here and with the engine's thread.
        var waiting = 0
        var statistics = EngineStatistics()
    }

    private let state = Mutex(State())
    private let signal = DispatchSemaphore(value: 0)

    func add(_ submission: Submission, limit: Int) throws(EngineError) {
        let error = state.withLock { state -> EngineError? in
            if state.news.isClosed { return .stopped }
            if state.waiting >= max(1, limit) { return .queueFull(limit: max(1, limit)) }
            state.waiting += 1
            state.news.arrivals.append(submission)
            return nil
        }
        if let error { throw error }
        wake()
    }

    /// Tells the engine's thread to forget what it keeps of a model.
    func forget(_ model: Int, waits: Bool) {
        let done = DispatchSemaphore(value: 0)
        let isClosed = state.withLock { state in
            if !state.news.isClosed { state.news.forgotten.append((model, done)) }
            return state.news.isClosed
        }
        guard !isClosed else { return }
        wake()
        if waits { done.wait() }
    }

    func close() {
        state.withLock { $0.news.isClosed = true }
        wake()
    }

    func wake() { signal.signal() }

    /// Blocks the engine's thread until `wake`, unless that came since the last time.
    func wait() { signal.wait() }

    func take() -> News {
        state.withLock { state in
            defer { state.news = News(isClosed: state.news.isClosed) }
            return state.news
        }
    }

    /// Requests that have begun, or ended before they did.
    func stoppedWaiting(_ count: Int) { state.withLock { $0.waiting -= count } }

    var statistics: EngineStatistics {
        get {
            state.withLock { state in
                var statistics = state.statistics
                statistics.waiting = state.waiting
                return statistics
            }
        }
        set { state.withLock { $0.statistics = newValue } }
    }
}

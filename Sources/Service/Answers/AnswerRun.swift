// The prompts of one request in the engine, and their events in the order in which they came.

import Inference
import Models
import Synchronization

/// Some prompts at a time are with the engine, so that one request with many does not fill its queue. For one thread that
/// waits; letting go of it cancels what is left.
final class AnswerRun: Sendable {
    enum Step: Sendable {
        /// Of the prompt with this number.
        case event(Int, EngineEvent)
        /// Nothing has come in time.
        case waiting
        /// Every prompt has ended.
        case ended
    }

    private struct State {
        /// Of the prompts that the engine has.
        var tickets: [Int: Ticket] = [:]
        /// Of each prompt, the continuations that have not ended.
        var endsLeft: [Int]
        /// The next prompt for the engine.
        var next = 0
    }

    private static let window = 8

    private let engine: BatchEngine
    private let lease: ModelLease
    private let requests: [EngineRequest]
    private let events = Mailbox<(Int, EngineEvent)>()
    private let state: Mutex<State>

    /// Hands the first prompts to the engine.
    ///
    /// - Throws: what is wrong with a prompt, also with one that would come later; or that there is no room.
    init(_ requests: [EngineRequest], on lease: ModelLease, _ engine: BatchEngine) throws(EngineError) {
        (self.engine, self.lease, self.requests) = (engine, lease, requests)
        state = Mutex(State(endsLeft: requests.map { max(1, $0.continuations) }))
        for request in requests { try engine.check(request, for: lease.model) }
        try submit()
    }

    /// A text that needs no model, as often as it is asked for.
    init(known text: String, times count: Int, on lease: ModelLease, _ engine: BatchEngine) {
        (self.engine, self.lease, requests) = (engine, lease, [])
        state = Mutex(State(endsLeft: [count]))
        for number in 0..<count {
            let completion = Completion(text: text, tokens: [], finishReason: .stop)
            events.append((0, .tokens(continuation: number, [], text: text)))
            events.append((0, .finished(continuation: number, completion)))
        }
    }

    deinit { cancel() }

    /// Ends everything within a token.
    func cancel() {
        let tickets = state.withLock { state in
            state.next = .max
            return Array(state.tickets.values)
        }
        for ticket in tickets { ticket.cancel() }
    }

    /// Waits for the next event.
    ///
    /// - Throws: why the request ended without result; everything else of it is cancelled then.
    func next(within seconds: Double = .infinity) throws(EngineError) -> Step {
        guard state.withLock({ $0.endsLeft.contains { $0 > 0 } }) else { return .ended }
        guard let (number, event) = events.next(within: seconds) else { return .waiting }
        switch event {
        case .prompt, .tokens: break
        case .finished:
            let isLast = state.withLock { state in
                state.endsLeft[number] -= 1
                if state.endsLeft[number] == 0 { state.tickets[number] = nil }
                return state.endsLeft[number] == 0
            }
            if isLast { try submit() }
        case .failed(let error):
            state.withLock { $0.tickets[number] = nil }
            cancel()
            throw error
        }
        return .event(number, event)
    }

    private func submit() throws(EngineError) {
        while let number = state.withLock({ state -> Int? in
            state.tickets.count < AnswerRun.window && state.next < requests.count ? state.next : nil
        }) {
            let (events, lease) = (events, lease)
            do throws(EngineError) {
                let ticket = try engine.submit(requests[number], to: lease.model) { event in
                    // The model stays until the last event.
                    withExtendedLifetime(lease) { events.append((number, event)) }
                }
                state.withLock { state in
                    state.tickets[number] = ticket
                    state.next += 1
                }
            } catch {
                // The end of another of the request's prompts will make room.
                if case .queueFull = error, state.withLock({ !$0.tickets.isEmpty }) { return }
                cancel()
                throw error
            }
        }
    }
}

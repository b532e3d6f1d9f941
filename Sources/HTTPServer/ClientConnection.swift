// One open connection: what it is busy with, since when, and whether its client is still there.

import CMicrohttpd
import Foundation
import Synchronization

/// Used by the connection's thread, by the one that watches deadlines, and by whoever asks whether the client is there.
package final class ClientConnection: Sendable {
    /// What a connection is busy with.
    package enum Phase: Equatable {
        /// For the next request; no byte of it may have come.
        case waiting(isNew: Bool)
        /// The line of a request has come.
        case head
        case body(received: Int)
        /// The handler works, or a stream has nothing to send.
        case working
        /// The client reads.
        case sending
    }

    private struct State {
        var phase = Phase.waiting(isNew: true)
        var since = ContinuousClock.now
        var target = ""
        var isOpen = true
        /// The connection has been ended from here, and its thread will see that.
        var isHungUp = false
    }

    let descriptor: Int32
    private let state = Mutex(State())

    package init(descriptor: Int32) { self.descriptor = descriptor }

    /// The target of the newest request, as sent.
    var target: String { state.withLock { $0.target } }

    var isWaiting: Bool {
        state.withLock { if case .waiting = $0.phase { true } else { false } }
    }

    /// Since when no request has come; nil while one is received or answered, and after the end.
    var idleSince: ContinuousClock.Instant? {
        state.withLock {
            switch $0.phase {
            case .waiting, .head: $0.isHungUp ? nil : $0.since
            default: nil
            }
        }
    }

    package func enter(_ phase: Phase) {
        state.withLock { ($0.phase, $0.since) = (phase, .now) }
    }

    func begin(target: String) {
        state.withLock { ($0.phase, $0.since, $0.target) = (.head, .now, target) }
    }

    /// Counts bytes of the body. The deadline is still that of the body's beginning.
    package func receive(_ bytes: Int) {
        state.withLock { state in
            if case .body(let received) = state.phase { state.phase = .body(received: received + bytes) }
        }
    }

    /// Called before the descriptor is closed.
    package func end() { state.withLock { $0.isOpen = false } }

    /// Whether the client has neither closed nor broken the connection.
    package var isConnected: Bool {
        state.withLock { state in
            guard state.isOpen else { return false }
            var entry = pollfd(fd: descriptor, events: luthier_poll_hang_up, revents: 0)
            return poll(&entry, 1, 0) <= 0 || !ClientConnection.isGone(entry.revents)
        }
    }

    /// Whether events of poll say that the client has gone.
    static func isGone(_ events: Int16) -> Bool {
        events & (luthier_poll_hang_up | Int16(POLLHUP) | Int16(POLLERR) | Int16(POLLNVAL)) != 0
    }

    /// Ends the connection; its thread sees that and closes it.
    ///
    /// - Parameter response: what the client is told, if it has room for it.
    func hangUp(_ response: HTTPResponse? = nil) {
        state.withLock { hangUp(&$0, response) }
    }

    private func hangUp(_ state: inout State, _ response: HTTPResponse?) {
        guard state.isOpen, !state.isHungUp else { return }
        state.isHungUp = true
        if let response {
            let bytes = RawReply.bytes(of: response, isHead: false)
            _ = send(descriptor, bytes, bytes.count, RawReply.flags | RawReply.withoutWaiting)
        }
        shutdown(descriptor, Int32(SHUT_RDWR))
    }

    /// Ends the connection if it is busy with one thing for too long. A request that comes too slowly is told.
    package func hangUpIfOverdue(_ settings: HTTPServerSettings, now: ContinuousClock.Instant = .now) {
        state.withLock { state in
            guard state.isOpen else { return }
            let limit: Double
            switch state.phase {
            case .waiting(let isNew): limit = isNew ? settings.requestSeconds : settings.idleSeconds
            case .head: limit = settings.requestSeconds
            case .body(let received):
                limit = settings.requestSeconds + Double(received) / Double(max(1, settings.slowestBytesPerSecond))
            case .working: return
            case .sending: limit = settings.idleSeconds
            }
            guard state.since.duration(to: now) > .seconds(limit) else { return }
            switch state.phase {
            case .head, .body:
                hangUp(&state, .refusal(408, "The request came too slowly.", code: "request_timeout"))
            default: hangUp(&state, nil)
            }
        }
    }
}

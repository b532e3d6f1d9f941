// Between the thread that produces a streamed response and the one that sends it.

import CMicrohttpd
import Foundation

/// Bytes on their way from one producer to one connection. The lock of `condition` protects everything that changes.
final class StreamPipe: @unchecked Sendable {
    /// So many bytes may wait for a client that reads slowly; then the producer waits.
    static let capacity = 65_536

    private let condition = NSCondition()
    private var pending: [UInt8] = []
    /// The producer has ended.
    private var isFinished = false
    /// Nobody reads any more.
    private var isClosed = false
    private var isReaderWaiting = false
    /// A byte in this pipe of the system wakes the reader, which waits for its client to leave at the same time.
    private let (wakeEnd, pokeEnd): (Int32, Int32)

    /// Nil if the process has no descriptors left.
    init?() {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return nil }
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, fcntl(end, F_GETFL) | O_NONBLOCK)
        }
        (wakeEnd, pokeEnd) = (ends[0], ends[1])
    }

    deinit {
        Foundation.close(wakeEnd)
        Foundation.close(pokeEnd)
    }

    // MARK: The producer's end

    /// Waits while the client is slow. False once nobody reads.
    func write(_ bytes: [UInt8]) -> Bool {
        condition.lock()
        defer { condition.unlock() }
        var rest = bytes[...]
        while !rest.isEmpty {
            while pending.count >= StreamPipe.capacity, !isClosed { condition.wait() }
            guard !isClosed else { return false }
            let count = min(StreamPipe.capacity - pending.count, rest.count)
            pending += rest.prefix(count)
            rest = rest.dropFirst(count)
            wakeReader()
        }
        return !isClosed
    }

    func finish() {
        condition.lock()
        defer { condition.unlock() }
        isFinished = true
        wakeReader()
    }

    var isOpen: Bool {
        condition.lock()
        defer { condition.unlock() }
        return !isClosed
    }

    // MARK: The connection's end

    /// The producer is told with its next write.
    func close() {
        condition.lock()
        defer { condition.unlock() }
        isClosed = true
        pending = []
        wakeReader()
        condition.broadcast()
    }

    /// Waits for bytes and copies them. A number of bytes, `luthier_microhttpd_end` after the last, or
    /// `luthier_microhttpd_failure` if the client has gone.
    func read(into buffer: UnsafeMutableRawBufferPointer, from client: ClientConnection) -> Int {
        while true {
            if let result = take(into: buffer) { return result }
            client.enter(.working)
            var entries = [
                pollfd(fd: client.descriptor, events: luthier_poll_hang_up, revents: 0),
                pollfd(fd: wakeEnd, events: Int16(POLLIN), revents: 0),
            ]
            _ = poll(&entries, 2, -1)
            if ClientConnection.isGone(entries[0].revents) { close() }
            var poked = [UInt8](repeating: 0, count: 16)
            while Foundation.read(wakeEnd, &poked, poked.count) > 0 {}
        }
    }

    /// Nil if the reader must wait.
    private func take(into buffer: UnsafeMutableRawBufferPointer) -> Int? {
        condition.lock()
        defer { condition.unlock() }
        isReaderWaiting = false
        if isClosed { return luthier_microhttpd_failure }
        if !pending.isEmpty {
            let count = min(buffer.count, pending.count)
            buffer.copyBytes(from: pending.prefix(count))
            pending.removeFirst(count)
            condition.signal()
            return count
        }
        if isFinished { return luthier_microhttpd_end }
        isReaderWaiting = true
        return nil
    }

    /// Called by the holder of the lock.
    private func wakeReader() {
        guard isReaderWaiting else { return }
        isReaderWaiting = false
        var byte: UInt8 = 1
        _ = Foundation.write(pokeEnd, &byte, 1)
    }
}

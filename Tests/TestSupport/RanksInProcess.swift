// Ranks that are threads of one process, so that tests need no MPI.

import Communication
import Foundation

/// The messages that nobody has received yet.
package final class LocalExchange: @unchecked Sendable {
    package let count: Int
    private let lock = NSLock()
    private var waiting: [Route: [[UInt8]]] = [:]

    private struct Route: Hashable {
        let from, to: Int
        let tag: MessageTag
    }

    package init(count: Int) { self.count = count }

    func put(_ bytes: [UInt8], from: Int, to: Int, _ tag: MessageTag) {
        lock.withLock { waiting[Route(from: from, to: to, tag: tag), default: []].append(bytes) }
    }

    func take(from: Int, to: Int, _ tag: MessageTag) -> [UInt8]? {
        let route = Route(from: from, to: to, tag: tag)
        return lock.withLock { waiting[route]?.isEmpty ?? true ? nil : waiting[route]?.removeFirst() }
    }

    func hasMessage(from: Int, to: Int, _ tag: MessageTag) -> Bool {
        lock.withLock { !(waiting[Route(from: from, to: to, tag: tag)]?.isEmpty ?? true) }
    }
}

/// One rank's end of a `LocalExchange`.
package final class LocalTransport: Transport {
    package let rank: Int
    package var count: Int { exchange.count }
    package let name = "threads of one process"
    private let exchange: LocalExchange
    /// What will be received, in order for each sender and tag, by the number of its request.
    private var expected: [(number: UInt, from: Int, tag: MessageTag, memory: UnsafeMutableRawBufferPointer)] = []
    private var nextNumber: UInt = 1

    package init(_ exchange: LocalExchange, rank: Int) { (self.exchange, self.rank) = (exchange, rank) }

    package func send(_ bytes: UnsafeRawBufferPointer, to other: Int, _ tag: MessageTag) -> Request {
        exchange.put(Array(bytes), from: rank, to: other, tag)
        return Request(handle: 0)
    }

    package func receive(into bytes: UnsafeMutableRawBufferPointer, from other: Int, _ tag: MessageTag) -> Request {
        defer { nextNumber += 1 }
        expected.append((nextNumber, other, tag, bytes))
        return Request(handle: nextNumber)
    }

    package func isDone(_ request: inout Request) throws(CommunicationError) -> Bool {
        guard request.handle > 0 else { return true }
        // The earlier of two of one kind gets the earlier message.
        for (index, one) in expected.enumerated() {
            let isFirst = !expected[..<index].contains { $0.from == one.from && $0.tag == one.tag }
            guard isFirst, one.number == request.handle else { continue }
            guard let bytes = exchange.take(from: one.from, to: rank, one.tag) else { return false }
            guard bytes.count == one.memory.count else { throw .failed("a message of another size", code: bytes.count) }
            one.memory.copyBytes(from: bytes)
            expected.remove(at: index)
            return true
        }
        return false
    }

    package func hasMessage(from other: Int, _ tag: MessageTag) -> Bool {
        exchange.hasMessage(from: other, to: rank, tag)
    }

    package func finish() {}

    package func abort(code: Int32) -> Never { fatalError("a rank of a test was lost") }
}

/// Runs `body` once for each rank of a group, each on its own thread.
///
/// - Returns: what `body` returned, by rank.
package func withRanks<Value>(
    _ count: Int, _ body: @escaping @Sendable (RankGroup) throws -> Value
) throws -> [Value] {
    let exchange = LocalExchange(count: count)
    let results = RankResults<Value>(count: count)
    let ends = (0..<count).map { rank in
        let end = DispatchSemaphore(value: 0)
        let thread = Thread {
            results.set(
                rank,
                Result {
                    let group = try RankGroup(processorCount: 1) { () throws(CommunicationError) in
                        LocalTransport(exchange, rank: rank)
                    }
                    defer { group.leave() }
                    return try body(group)
                })
            end.signal()
        }
        thread.stackSize = 8 << 20
        thread.start()
        return end
    }
    for end in ends { end.wait() }
    return try results.values()
}

private final class RankResults<Value>: @unchecked Sendable {
    private let lock = NSLock()
    private var results: [Result<Value, any Error>?]

    init(count: Int) { results = Array(repeating: nil, count: count) }

    func set(_ rank: Int, _ result: Result<Value, any Error>) { lock.withLock { results[rank] = result } }

    func values() throws -> [Value] { try lock.withLock { try results.map { try $0!.get() } } }
}

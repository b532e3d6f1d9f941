// The processes that train one model together.

import Foundation

/// This process's place among the ranks, and what they do together. Each rank calls the same functions in the same order.
package final class RankGroup: Sendable {
    /// This process's number, from 0, and how many there are.
    package let rank: Int
    package let count: Int
    /// All ranks, this one included, by number.
    package let members: [Member]
    /// Name and version of the MPI library.
    package let library: String
    private let thread: CommunicationThread

    private init(_ thread: CommunicationThread, rank: Int, members: [Member], library: String) {
        (self.thread, self.rank, self.members, self.library) = (thread, rank, members, library)
        count = members.count
    }

    /// Starts the communication with the other ranks of a launch; waits for all of them.
    ///
    /// - Parameters:
    ///   - processorCount: that this process may use.
    ///   - path: of the MPI library to load; nil for the launcher's own.
    ///   - onLoss: told which rank has fallen silent and for how many seconds, before all ranks end.
    package static func join(
        _ launch: Launch, processorCount: Int, path: String? = nil,
        onLoss: @escaping @Sendable (Member?, Double) -> Void
    ) throws(CommunicationError) -> RankGroup {
        let known = KnownMembers()
        let thread = CommunicationThread(
            onLoss: { rank, seconds in onLoss(known.member(rank), seconds) }
        ) { () throws(CommunicationError) in
            let transport = try MPITransport(MPILibrary(for: launch, path: path))
            guard transport.count == launch.count else {
                throw .launchDiffers(started: launch.count, found: transport.count, library: transport.name)
            }
            return transport
        }
        return try RankGroup(thread, processorCount: processorCount, known)
    }

    /// Joins over another transport, which is made on the thread that will use it.
    package convenience init(
        processorCount: Int, _ makeTransport: @escaping () throws(CommunicationError) -> any Transport
    ) throws(CommunicationError) {
        let thread = CommunicationThread(onLoss: { _, _ in }, makeTransport)
        try self.init(thread, processorCount: processorCount, KnownMembers())
    }

    private convenience init(
        _ thread: CommunicationThread, processorCount: Int, _ known: KnownMembers
    ) throws(CommunicationError) {
        let (rank, library, members) = try thread.call { collectives throws(CommunicationError) in
            let transport = collectives.transport
            let own = Member.here(rank: transport.rank, processorCount: processorCount)
            let all = try collectives.gather(own.bytes)
            let members = all.enumerated().compactMap { Member(rank: $0, bytes: $1) }
            collectives.neighbours = Set(members.filter { $0.isOnOneMachine(as: own) }.map(\.rank))
            return (transport.rank, transport.name, members)
        }
        known.set(members)
        self.init(thread, rank: rank, members: members, library: library)
    }

    /// This process.
    package var own: Member { members[rank] }

    /// Gives each rank what every rank has given, by rank. Waits.
    package func gather(_ bytes: [UInt8]) throws(CommunicationError) -> [[UInt8]] {
        try thread.call { collectives throws(CommunicationError) in try collectives.gather(bytes) }
    }

    /// The same for numbers.
    package func gather(numbers: [Double]) throws(CommunicationError) -> [[Double]] {
        try gather(numbers.withUnsafeBytes { Array($0) }).map { bytes in
            bytes.withUnsafeBytes { buffer in
                (0..<(buffer.count / 8)).map { buffer.loadUnaligned(fromByteOffset: 8 * $0, as: Double.self) }
            }
        }
    }

    /// Begins to sum `segments` of `base` over all ranks: segment r on rank r, and then, if `spreads`, every segment on
    /// every rank. The memory is left alone until `finish` returns.
    ///
    /// - Parameter segments: ranges of floats, one for each rank, the same on all ranks; of less than 2 GiB each.
    package func beginSum(_ base: UnsafeMutablePointer<Float>, _ segments: [Range<Int>], spreads: Bool) {
        let memory = Memory(base: base)
        thread.begin(isTransfer: true) { collectives throws(CommunicationError) in
            try collectives.sum(memory.base, segments)
            if spreads { try collectives.spread(memory.base, segments) }
        }
    }

    /// Begins to give every rank each rank's own segment of `base`.
    package func beginSpread(_ base: UnsafeMutablePointer<Float>, _ segments: [Range<Int>]) {
        let memory = Memory(base: base)
        thread.begin(isTransfer: true) { collectives throws(CommunicationError) in
            try collectives.spread(memory.base, segments)
        }
    }

    /// Gives the first rank each rank's own floats, segment r of `base` those of rank r. Waits.
    ///
    /// - Parameter base: on the first rank, where they go; nil on the others.
    package func collect(
        _ own: UnsafeMutableBufferPointer<Float>, into base: UnsafeMutablePointer<Float>?, _ segments: [Range<Int>]
    ) throws(CommunicationError) {
        let memory = (own: Memory(base: own.baseAddress!), base: base.map { Memory(base: $0) })
        try thread.call { collectives throws(CommunicationError) in
            try collectives.collect(
                UnsafeMutableBufferPointer(start: memory.own.base, count: own.count), into: memory.base?.base, segments)
        }
    }

    /// Waits until all that was begun is done.
    ///
    /// - Returns: seconds that sums and what was spread have taken since the last call, the waits of the thread that makes
    ///   them included.
    @discardableResult
    package func finish() throws(CommunicationError) -> Double {
        try thread.waitForAll()
        return thread.takeTransferSeconds()
    }

    /// Leaves the group. Every rank must do so before it ends.
    package func leave() { thread.end() }

    /// Ends the processes of all ranks, where this one cannot continue and the others would wait for it.
    package func abort() -> Never {
        thread.begin { collectives throws(CommunicationError) in collectives.transport.abort(code: 1) }
        // The job does not return.
        thread.end()
        _exit(1)
    }

    /// Handed over to the communication's thread.
    private struct Memory: @unchecked Sendable {
        let base: UnsafeMutablePointer<Float>
    }
}

/// The members, once they are known: the thread that may miss one is older than the list.
private final class KnownMembers: @unchecked Sendable {
    private let lock = NSLock()
    private var members: [Member] = []

    func set(_ members: [Member]) { lock.withLock { self.members = members } }

    func member(_ rank: Int) -> Member? { lock.withLock { members.first { $0.rank == rank } } }
}

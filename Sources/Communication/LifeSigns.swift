// How a rank notices that another one is gone: a process that was killed on a machine that fell silent says nothing.

import Foundation

/// Each rank sends the next one a sign of life every few seconds, and expects one from the rank before it.
package struct LifeSigns {
    /// Seconds between two signs.
    static let interval = 2.0
    /// Seconds without a sign after which a rank counts as lost. A step or an evaluation may take longer: the signs come
    /// from a thread that does nothing else but communicate.
    package static let patience = 40.0

    private let transport: any Transport
    private var sentAt: Double
    private var heardAt: Double
    private var lookedAt: Double
    /// The last sign sent, while it is under way.
    private var request: Request?
    private let sign = UnsafeMutableRawBufferPointer.allocate(byteCount: 16, alignment: 16)

    package init(_ transport: any Transport, at start: Double = LifeSigns.now) {
        self.transport = transport
        sign.initializeMemory(as: UInt8.self, repeating: 1)
        (sentAt, heardAt, lookedAt) = (start - LifeSigns.interval, start, start)
    }

    package static var now: Double { ProcessInfo.processInfo.systemUptime }

    private var next: Int { (transport.rank + 1) % transport.count }
    private var previous: Int { (transport.rank + transport.count - 1) % transport.count }

    /// Sends a sign where one is due and takes those that have arrived.
    ///
    /// - Returns: the rank that has been silent for too long, and for how many seconds; nil while all is well.
    package mutating func exchange(at now: Double = LifeSigns.now) throws(CommunicationError) -> (
        rank: Int, seconds: Double
    )? {
        // Whoever was stopped itself cannot know whether the others were as well.
        if now - lookedAt > LifeSigns.patience / 4 { heardAt = now }
        lookedAt = now
        if var last = request { request = try transport.isDone(&last) ? nil : last }
        if now - sentAt >= LifeSigns.interval, request == nil {
            request = try transport.send(
                UnsafeRawBufferPointer(rebasing: sign[0..<1]), to: next, .lifeSign)
            sentAt = now
        }
        while transport.hasMessage(from: previous, .lifeSign) {
            var arriving = try transport.receive(
                into: UnsafeMutableRawBufferPointer(rebasing: sign[8..<9]), from: previous, .lifeSign)
            while try !transport.isDone(&arriving) {}
            heardAt = now
        }
        return now - heardAt > LifeSigns.patience ? (previous, now - heardAt) : nil
    }

    package func release() { sign.deallocate() }
}

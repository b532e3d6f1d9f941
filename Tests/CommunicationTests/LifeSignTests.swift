// Signs of life between ranks, by a clock that the test sets.

import Communication
import TestSupport
import Testing

@Suite struct LifeSignTests {
    @Test func silenceIsNoticed() throws {
        let exchange = LocalExchange(count: 3)
        var signs = LifeSigns(LocalTransport(exchange, rank: 1), at: 100)
        defer { signs.release() }
        for second in stride(from: 100.0, through: 140, by: 5) { #expect(try signs.exchange(at: second) == nil) }
        let lost = try #require(try signs.exchange(at: 141))
        #expect(lost.rank == 0 && lost.seconds == 41)
    }

    @Test func nobodyIsMissedWhileSignsArrive() throws {
        let exchange = LocalExchange(count: 2)
        var all = (0..<2).map { LifeSigns(LocalTransport(exchange, rank: $0), at: 0) }
        defer { for signs in all { signs.release() } }
        for second in stride(from: 0.0, through: 300, by: 5) {
            for rank in 0..<2 { #expect(try all[rank].exchange(at: second) == nil) }
        }
        // The first one falls silent.
        for second in stride(from: 305.0, through: 340, by: 5) { #expect(try all[1].exchange(at: second) == nil) }
        #expect(try all[1].exchange(at: 349)?.rank == 0)
    }

    /// A laptop whose lid was closed, or a stopped job: its own clock has jumped, and the others may be well.
    @Test func whoWasStoppedDoesNotBlameTheOthers() throws {
        let exchange = LocalExchange(count: 2)
        var signs = LifeSigns(LocalTransport(exchange, rank: 0), at: 0)
        defer { signs.release() }
        #expect(try signs.exchange(at: 1) == nil)
        #expect(try signs.exchange(at: 1_000) == nil)
        #expect(try signs.exchange(at: 1_009) == nil)
    }
}

// Large arrays both ways between two ranks, in pieces.

/// What this rank sends another one, and what it gets from it meanwhile.
///
/// MPI asks the receiver before it sends a large message. The answer has to wait for what the receiver itself is
/// sending, so that two ranks with large messages for each other send by turns, and use half of their link: measured with
/// Open MPI over TCP. Pieces are sent at once. They are copied, so each rank stays only a little ahead of what it has received.
struct PieceRoute {
    /// Bytes of a piece. Open MPI sends messages of up to 64 KiB at once over TCP (btl_tcp_eager_limit), their head included.
    /// On one machine the receiver copies them itself, so that large ones cost nothing and have fewer starts.
    static func pieceBytes(isOnOneHost: Bool) -> Int { isOnOneHost ? 1 << 20 : 48 << 10 }
    /// Pieces that are sent ahead of those that have been received: enough for a link of 10 Gbit/s whose ends look for
    /// messages every millisecond.
    static let ahead = 64

    private let other: Int
    private let piece: Int
    private let out: UnsafeMutableRawBufferPointer
    private let into: UnsafeMutableRawBufferPointer
    private let (outCount, intoCount): (Int, Int)
    /// Pieces that were begun and those that are done, each way.
    private var (sent, posted, received) = (0, 0, 0)
    private var sending: [Request] = []
    private var receiving: [Request] = []

    /// - Parameters:
    ///   - out: to send; either may be empty.
    ///   - into: where what arrives is written. The other rank knows its size.
    ///   - isOnOneHost: whether both ranks are on one machine; both must say the same.
    init(
        _ other: Int, out: UnsafeMutableRawBufferPointer, into: UnsafeMutableRawBufferPointer, isOnOneHost: Bool
    ) {
        piece = Self.pieceBytes(isOnOneHost: isOnOneHost)
        (self.other, self.out, self.into) = (other, out, into)
        outCount = (out.count + piece - 1) / piece
        intoCount = (into.count + piece - 1) / piece
    }

    var isDone: Bool { received == intoCount && sent == outCount && sending.isEmpty }

    /// Begins what can be begun, and notices what is done. Messages of one rank arrive in their order, so that only the
    /// oldest are looked at.
    ///
    /// - Returns: whether anything was.
    mutating func advance(_ transport: any Transport) throws(CommunicationError) -> Bool {
        let before = (sent, received, sending.count)
        // The other rank is as far ahead of what it has got as this one: nothing arrives unexpected.
        while posted < min(intoCount, received + 2 * Self.ahead) {
            receiving.append(try transport.receive(into: part(into, posted), from: other, .data))
            posted += 1
        }
        while !receiving.isEmpty, try transport.isDone(&receiving[0]) {
            receiving.removeFirst()
            received += 1
        }
        while sent < outCount, sent < received + Self.ahead || received == intoCount {
            sending.append(try transport.send(UnsafeRawBufferPointer(part(out, sent)), to: other, .data))
            sent += 1
        }
        while !sending.isEmpty, try transport.isDone(&sending[0]) { sending.removeFirst() }
        return before != (sent, received, sending.count)
    }

    private func part(_ bytes: UnsafeMutableRawBufferPointer, _ index: Int) -> UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(rebasing: bytes[(index * piece)..<min((index + 1) * piece, bytes.count)])
    }
}

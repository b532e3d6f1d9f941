// What all ranks do together, made of messages between two of them.

/// Every rank calls the same functions in the same order. Each sum has a fixed order, whatever arrives first.
struct Collectives {
    let transport: any Transport
    /// Called between two looks at what has arrived.
    let whileWaiting: () throws(CommunicationError) -> Void
    /// Ranks on this rank's machine, once they are known.
    var neighbours: Set<Int> = []
    /// What other ranks send of this rank's segment, in turn.
    private var inbox: [Float] = []

    init(_ transport: any Transport, whileWaiting: @escaping () throws(CommunicationError) -> Void) {
        (self.transport, self.whileWaiting) = (transport, whileWaiting)
    }

    private var others: [Int] { (0..<transport.count).filter { $0 != transport.rank } }

    /// Gives each rank what every rank has given.
    ///
    /// - Returns: by rank.
    func gather(_ bytes: [UInt8]) throws(CommunicationError) -> [[UInt8]] {
        let lengths = try exchange(
            withUnsafeBytes(of: Int64(bytes.count)) { Array($0) },
            lengths: [Int](repeating: 8, count: transport.count))
        let counts = lengths.map { length in Int(length.withUnsafeBytes { $0.loadUnaligned(as: Int64.self) }) }
        return try exchange(bytes, lengths: counts)
    }

    /// The same where all ranks know how much each of them gives.
    private func exchange(_ bytes: [UInt8], lengths: [Int]) throws(CommunicationError) -> [[UInt8]] {
        // Memory that stays where it is while messages are under way.
        let out = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, bytes.count), alignment: 16)
        out.copyBytes(from: bytes)
        let into = lengths.map { UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, $0), alignment: 16) }
        defer { for memory in into + [out] { memory.deallocate() } }
        var requests: [Request] = []
        for other in others where lengths[other] > 0 {
            let part = UnsafeMutableRawBufferPointer(rebasing: into[other][..<lengths[other]])
            requests.append(try transport.receive(into: part, from: other, .data))
        }
        if !bytes.isEmpty {
            let part = UnsafeRawBufferPointer(rebasing: out[..<bytes.count])
            for other in others { requests.append(try transport.send(part, to: other, .data)) }
        }
        try wait(&requests)
        return lengths.indices.map { rank in
            rank == transport.rank ? bytes : Array(UnsafeRawBufferPointer(rebasing: into[rank][..<lengths[rank]]))
        }
    }

    /// Segment r of `base` becomes, on rank r, the sum of this segment of all ranks; the other segments stay as they are.
    ///
    /// Every rank sends each other rank its segment, so that a rank sends and receives (n - 1) / n of all of them, however
    /// many ranks there are; and the sum is a fixed tree: the first half of the ranks and the second half, each likewise.
    mutating func sum(_ base: UnsafeMutablePointer<Float>, _ segments: [Range<Int>]) throws(CommunicationError) {
        let own = segments[transport.rank]
        let others = others
        if inbox.count < max(1, others.count * own.count) {
            inbox = [Float](repeating: 0, count: max(1, others.count * own.count))
        }
        // The array's memory is taken out while messages write to it.
        var memory: [Float] = []
        swap(&memory, &inbox)
        let failure = memory.withUnsafeMutableBufferPointer { inbox -> CommunicationError? in
            do throws(CommunicationError) {
                var parts = [UnsafeMutablePointer<Float>](repeating: base + own.lowerBound, count: transport.count)
                for (index, other) in others.enumerated() { parts[other] = inbox.baseAddress! + index * own.count }
                try exchange(
                    others.map { other in
                        PieceRoute(
                            other, out: Collectives.bytes(base + segments[other].lowerBound, segments[other].count),
                            into: Collectives.bytes(parts[other], own.count), isOnOneHost: neighbours.contains(other))
                    })
                if !own.isEmpty { _ = Collectives.addTree(parts, 0..<parts.count, own: transport.rank, own.count) }
                return nil
            } catch { return error }
        }
        swap(&memory, &inbox)
        if let failure { throw failure }
    }

    /// Every rank gives the others its own segment of `base`.
    func spread(_ base: UnsafeMutablePointer<Float>, _ segments: [Range<Int>]) throws(CommunicationError) {
        let own = segments[transport.rank]
        try exchange(
            others.map { other in
                PieceRoute(
                    other, out: Collectives.bytes(base + own.lowerBound, own.count),
                    into: Collectives.bytes(base + segments[other].lowerBound, segments[other].count),
                    isOnOneHost: neighbours.contains(other))
            })
    }

    /// Sends and receives all of the routes, on all of them at once.
    private func exchange(_ routes: [PieceRoute]) throws(CommunicationError) {
        var routes = routes
        while true {
            var (hasMoved, isDone) = (false, true)
            for index in routes.indices {
                let isMoving = try routes[index].advance(transport)
                hasMoved = hasMoved || isMoving
                isDone = isDone && routes[index].isDone
            }
            if isDone { return }
            if !hasMoved { try whileWaiting() }
        }
    }

    /// Gives the first rank each rank's own floats: segment r of `base` is rank r's.
    ///
    /// - Parameters:
    ///   - own: this rank's floats.
    ///   - base: on the first rank only, where they go; its own are copied as well.
    func collect(
        _ own: UnsafeMutableBufferPointer<Float>, into base: UnsafeMutablePointer<Float>?, _ segments: [Range<Int>]
    ) throws(CommunicationError) {
        var requests: [Request] = []
        if let base {
            for other in others where !segments[other].isEmpty {
                let part = Collectives.bytes(base + segments[other].lowerBound, segments[other].count)
                requests.append(try transport.receive(into: part, from: other, .data))
            }
            (base + segments[transport.rank].lowerBound).update(from: own.baseAddress!, count: own.count)
        } else if !own.isEmpty {
            requests.append(try transport.send(UnsafeRawBufferPointer(own), to: 0, .data))
        }
        try wait(&requests)
    }

    private static func bytes(_ base: UnsafeMutablePointer<Float>, _ count: Int) -> UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(start: base, count: count))
    }

    /// Adds the parts of `ranks`, two halves at a time. a + b has the bits of b + a, so that the sum may end where this
    /// rank's own part is.
    ///
    /// - Returns: the rank whose part holds the sum.
    static func addTree(
        _ parts: [UnsafeMutablePointer<Float>], _ ranks: Range<Int>, own: Int, _ count: Int
    ) -> Int {
        guard ranks.count > 1 else { return ranks.lowerBound }
        let middle = ranks.lowerBound + (ranks.count + 1) / 2
        let first = addTree(parts, ranks.lowerBound..<middle, own: own, count)
        let second = addTree(parts, middle..<ranks.upperBound, own: own, count)
        let (target, source) = second == own ? (second, first) : (first, second)
        let (sum, summand) = (parts[target], parts[source])
        for index in 0..<count { sum[index] += summand[index] }
        return target
    }

    /// Waits until all requests are done.
    private func wait(_ requests: inout [Request]) throws(CommunicationError) {
        while !requests.isEmpty {
            var pending: [Request] = []
            for request in requests {
                var request = request
                if try !transport.isDone(&request) { pending.append(request) }
            }
            let hasMoved = pending.count < requests.count
            requests = pending
            if !requests.isEmpty, !hasMoved { try whileWaiting() }
        }
    }
}

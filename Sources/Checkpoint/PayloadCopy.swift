// Writes the bytes of arrays into the space that HDF5 allocated, with two threads.

import Files
import Foundation

/// Copies memory to a file. Training waits for this before it changes the arrays and uses all cores meanwhile, so the copy
/// uses little CPU time: each thread fills a small buffer and writes it directly to disk.
enum PayloadCopy {
    /// Size of a piece; small enough for the processor's cache.
    private static let pieceBytes = 4 << 20
    /// One thread fills its buffer while the other waits for the disk.
    private static let threadCount = 2

    /// Part of a payload.
    private struct Piece {
        let payload: Int
        /// Its range in the file, within one aligned window of `pieceBytes`, which the buffer mirrors.
        let range: Range<Int>
    }

    private static func pieces(_ payloads: [Payload], at offsets: [Int]) -> [Piece] {
        var pieces: [Piece] = []
        for (index, payload) in payloads.enumerated() {
            var start = offsets[index]
            let end = start + payload.byteCount
            while start < end {
                let next = min(end, (start / pieceBytes + 1) * pieceBytes)
                pieces.append(Piece(payload: index, range: start..<next))
                start = next
            }
        }
        return pieces
    }

    /// Writes every payload at its offset.
    ///
    /// - Returns: the fingerprint of each payload in memory.
    /// - Throws: the first failed write.
    static func write(
        _ payloads: [Payload], at offsets: [Int], to descriptor: FileDescriptor
    ) throws(FileError) -> [Fingerprint] {
        let pieces = pieces(payloads, at: offsets)
        let outcome = Outcome(count: payloads.count)
        let direct = DirectFile(path: descriptor.path)
        defer { direct?.close() }
        DispatchQueue.concurrentPerform(iterations: min(threadCount, pieces.count)) { _ in
            let buffer = DirectFile.makeBuffer(byteCount: pieceBytes)
            defer { buffer.deallocate() }
            while let number = outcome.nextPiece(of: pieces.count) {
                let (payload, range) = (pieces[number].payload, pieces[number].range)
                let place = range.lowerBound - offsets[payload]
                let start = range.lowerBound % pieceBytes
                let copy = UnsafeMutableRawBufferPointer(rebasing: buffer[start..<(start + range.count)])
                payloads[payload].withBytes { bytes in
                    copy.copyMemory(from: .init(rebasing: bytes[place..<(place + range.count)]))
                }
                // Computed from the copy, which is still in the cache.
                var fingerprint = Fingerprint()
                fingerprint.add(UnsafeRawBufferPointer(copy), at: place)
                outcome.add(fingerprint, to: payload)
                do throws(FileError) {
                    try write(UnsafeRawBufferPointer(copy), at: range.lowerBound, descriptor, direct)
                } catch {
                    outcome.fail(error)
                }
            }
        }
        if let failure = outcome.failure { throw failure }
        return outcome.fingerprints
    }

    /// Complete blocks bypass the page cache; the bytes before and after them go through it.
    private static func write(
        _ bytes: UnsafeRawBufferPointer, at start: Int, _ descriptor: FileDescriptor, _ direct: DirectFile?
    ) throws(FileError) {
        func part(_ range: Range<Int>) -> UnsafeRawBufferPointer {
            .init(rebasing: bytes[(range.lowerBound - start)..<(range.upperBound - start)])
        }
        let all = start..<(start + bytes.count)
        let blocks = DirectFile.blocks(within: all)
        guard let direct, !blocks.isEmpty else { return try descriptor.write(bytes, at: start) }
        try direct.descriptor.write(part(blocks), at: blocks.lowerBound)
        try descriptor.write(part(all.lowerBound..<blocks.lowerBound), at: all.lowerBound)
        try descriptor.write(part(blocks.upperBound..<all.upperBound), at: blocks.upperBound)
    }

    /// The threads' shared state, protected by a lock.
    private final class Outcome: @unchecked Sendable {
        private let lock = NSLock()
        private var sums: [Fingerprint]
        private var first: FileError?
        private var started = 0

        init(count: Int) { sums = [Fingerprint](repeating: Fingerprint(), count: count) }

        /// The next piece to write; nil when all have been started, or after a failure.
        func nextPiece(of count: Int) -> Int? {
            lock.withLock {
                guard started < count, first == nil else { return nil }
                defer { started += 1 }
                return started
            }
        }

        func add(_ fingerprint: Fingerprint, to payload: Int) { lock.withLock { sums[payload].add(fingerprint) } }

        func fail(_ error: FileError) { lock.withLock { first = first ?? error } }

        var fingerprints: [Fingerprint] { lock.withLock { sums } }
        var failure: FileError? { lock.withLock { first } }
    }
}

// Puts the bytes of arrays where HDF5 has made room for them, by several threads at a time.

import Files
import Foundation

/// Copies memory into a file. Training waits for this before it changes the arrays, and computes on all cores meanwhile:
/// one copying thread among them would get too little of the processor to be done in time.
enum PayloadCopy {
    private static let pieceBytes = 8 << 20

    /// Part of a payload's bytes.
    private struct Piece {
        let payload: Int
        let range: Range<Int>
    }

    /// Writes every payload at its offset.
    ///
    /// - Returns: each payload's fingerprint as memory held it.
    /// - Throws: the first failure of a write.
    static func write(
        _ payloads: [Payload], at offsets: [Int], to descriptor: FileDescriptor
    ) throws(FileError) -> [Fingerprint] {
        let pieces = payloads.indices.flatMap { index in
            stride(from: 0, to: payloads[index].byteCount, by: pieceBytes).map {
                Piece(payload: index, range: $0..<min($0 + pieceBytes, payloads[index].byteCount))
            }
        }
        let outcome = Outcome(count: payloads.count)
        DispatchQueue.concurrentPerform(iterations: pieces.count) { number in
            guard outcome.failure == nil else { return }
            let piece = pieces[number]
            let failure: FileError? = payloads[piece.payload].withBytes { bytes in
                let part = UnsafeRawBufferPointer(rebasing: bytes[piece.range])
                var fingerprint = Fingerprint()
                fingerprint.add(part, at: piece.range.lowerBound)
                outcome.add(fingerprint, to: piece.payload)
                do throws(FileError) {
                    try descriptor.write(part, at: offsets[piece.payload] + piece.range.lowerBound)
                    return nil
                } catch {
                    return error
                }
            }
            if let failure { outcome.fail(failure) }
        }
        if let failure = outcome.failure { throw failure }
        return outcome.fingerprints
    }

    /// What the threads have found, behind a lock.
    private final class Outcome: @unchecked Sendable {
        private let lock = NSLock()
        private var sums: [Fingerprint]
        private var first: FileError?

        init(count: Int) { sums = [Fingerprint](repeating: Fingerprint(), count: count) }

        func add(_ fingerprint: Fingerprint, to payload: Int) { lock.withLock { sums[payload].add(fingerprint) } }

        func fail(_ error: FileError) { lock.withLock { first = first ?? error } }

        var fingerprints: [Fingerprint] { lock.withLock { sums } }
        var failure: FileError? { lock.withLock { first } }
    }
}

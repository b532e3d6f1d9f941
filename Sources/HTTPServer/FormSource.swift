// The bytes of a form, in memory or in a file.

import CMicrohttpd
import Foundation

/// What a form is read from.
struct FormSource: Sendable {
    enum Kind: Sendable {
        case bytes([UInt8])
        case file(String)
    }

    private let kind: Kind

    init(_ kind: Kind) { self.kind = kind }

    /// Calls `body` with a reader that is valid until it returns.
    func reading<Result>(
        _ body: (FormReader) throws(MultipartError) -> Result
    ) throws(MultipartError) -> Result {
        switch kind {
        case .bytes(let bytes): return try body(FormReader(bytes: bytes))
        case .file(let path):
            let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
            guard descriptor >= 0 else { throw .unreadable(reason: String(cString: strerror(errno))) }
            defer { close(descriptor) }
            var status = stat()
            guard fstat(descriptor, &status) == 0 else { throw .unreadable(reason: String(cString: strerror(errno))) }
            return try body(FormReader(descriptor: descriptor, count: Int(status.st_size)))
        }
    }
}

/// Reads parts of a form by their place, a block at a time.
package struct FormReader {
    let count: Int
    private let bytes: [UInt8]?
    private let descriptor: Int32
    package static let blockSize = 262_144

    init(bytes: [UInt8]) { (self.bytes, descriptor, count) = (bytes, -1, bytes.count) }

    init(descriptor: Int32, count: Int) { (bytes, self.descriptor, self.count) = (nil, descriptor, count) }

    /// The bytes of a range that is small enough for the memory, as far as there are any.
    func bytes(_ range: Range<Int>) throws(MultipartError) -> [UInt8] {
        let range = range.clamped(to: 0..<count)
        if let bytes { return Array(bytes[range]) }
        var block = [UInt8](repeating: 0, count: range.count)
        var filled = 0
        while filled < block.count {
            let got = block.withUnsafeMutableBytes { buffer in
                pread(descriptor, buffer.baseAddress! + filled, buffer.count - filled, off_t(range.lowerBound + filled))
            }
            if got < 0, errno == EINTR { continue }
            guard got > 0 else {
                throw .unreadable(reason: got < 0 ? String(cString: strerror(errno)) : "it became shorter")
            }
            filled += got
        }
        return block
    }

    /// The bytes of a range in order, a block at a time.
    func blocks(
        _ range: Range<Int>, _ body: ([UInt8]) throws(MultipartError) -> Void
    ) throws(MultipartError) {
        var place = range.lowerBound
        while place < range.upperBound {
            let block = try bytes(place..<min(place + FormReader.blockSize, range.upperBound))
            try body(block)
            place += block.count
        }
    }

    /// Where `pattern` begins first at `start` or later; nil if nowhere.
    func find(_ pattern: [UInt8], from start: Int) throws(MultipartError) -> Int? {
        var place = start
        while place + pattern.count <= count {
            // Blocks overlap, so that a pattern between two is found.
            let block = try bytes(place..<min(place + FormReader.blockSize + pattern.count - 1, count))
            let found = block.withUnsafeBytes { buffer -> Int? in
                luthier_find_bytes(buffer.baseAddress, buffer.count, pattern, pattern.count).map {
                    $0 - UnsafeRawPointer(buffer.baseAddress!)
                }
            }
            if let found { return place + found }
            place += FormReader.blockSize
        }
        return nil
    }
}

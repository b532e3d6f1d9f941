// Where libmicrohttpd takes the bytes of a response from, a block at a time.

import CMicrohttpd
import Foundation

/// Used by the thread of its connection only. Released when the response has been sent, or cannot be.
final class ResponseSource {
    private enum Content {
        case bytes([UInt8])
        case file(descriptor: Int32, size: Int)
        case stream(StreamPipe)
    }

    private let content: Content
    private let client: ClientConnection
    /// Starts the producer of a stream, with the first read: a HEAD request has none.
    private var start: (() -> Void)?

    /// Nil for a file that cannot be opened, and for a stream if the process has no descriptors left; `errno` says why.
    init?(
        _ body: HTTPResponse.Body, client: ClientConnection,
        run: @escaping (StreamPipe, @escaping @Sendable (HTTPStream) -> Void) -> Void
    ) {
        self.client = client
        switch body {
        case .bytes(let bytes): content = .bytes(bytes)
        case .file(let path):
            let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
            guard descriptor >= 0 else { return nil }
            var status = stat()
            guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
                close(descriptor)
                errno = ENOENT
                return nil
            }
            content = .file(descriptor: descriptor, size: Int(status.st_size))
        case .stream(let produce):
            guard let pipe = StreamPipe() else { return nil }
            content = .stream(pipe)
            start = { run(pipe, produce) }
        }
    }

    deinit {
        switch content {
        case .bytes: break
        case .file(let descriptor, _): close(descriptor)
        case .stream(let pipe): pipe.close()
        }
    }

    /// Nil if it is not known.
    var size: Int? {
        switch content {
        case .bytes(let bytes): bytes.count
        case .file(_, let size): size
        case .stream: nil
        }
    }

    /// How many bytes are asked for at once.
    var blockSize: Int { min(max(size ?? 16_384, 1), 65_536) }

    /// Copies bytes from `position` on. Their number, or one of libmicrohttpd's marks for the end and for a failure.
    func read(_ position: Int, into buffer: UnsafeMutableRawBufferPointer) -> Int {
        switch content {
        case .bytes(let bytes):
            client.enter(.sending)
            let part = bytes.dropFirst(position).prefix(buffer.count)
            buffer.copyBytes(from: part)
            return part.isEmpty ? luthier_microhttpd_end : part.count
        case .file(let descriptor, let size):
            client.enter(.sending)
            let count = pread(descriptor, buffer.baseAddress, min(buffer.count, size - position), off_t(position))
            // A file that became shorter cannot be sent: its size has been said.
            return count > 0 ? count : luthier_microhttpd_failure
        case .stream(let pipe):
            start?()
            start = nil
            let count = pipe.read(into: buffer, from: client)
            client.enter(.sending)
            return count
        }
    }
}

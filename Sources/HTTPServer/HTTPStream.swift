// Where the producer of a streamed response writes.

import Synchronization

/// The client's end of a streamed response. Each write is sent at once.
package final class HTTPStream: Sendable {
    private let send: @Sendable ([UInt8]) -> Bool
    private let isConnected: @Sendable () -> Bool

    /// A stream whose bytes `send` takes, which returns false once nobody reads them.
    package init(
        send: @escaping @Sendable ([UInt8]) -> Bool, isConnected: @escaping @Sendable () -> Bool = { true }
    ) {
        (self.send, self.isConnected) = (send, isConnected)
    }

    /// Blocks while the client is slow; false once the client has gone, and then the producer stops.
    package func write(_ text: String) -> Bool { write(Array(text.utf8)) }

    /// Blocks while the client is slow; false once the client has gone, and then the producer stops.
    package func write(_ bytes: [UInt8]) -> Bool {
        // An empty chunk would end the response.
        bytes.isEmpty ? isOpen : send(bytes)
    }

    /// Whether the client is still there. A producer that has nothing to write for a while asks this.
    package var isOpen: Bool { isConnected() }
}

extension HTTPResponse.Body {
    /// All bytes of a body in memory or of a stream, whose producer runs to its end; nil for a file.
    package var collected: [UInt8]? {
        switch self {
        case .bytes(let bytes): return bytes
        case .file: return nil
        case .stream(let produce):
            let collector = Collector()
            produce(
                HTTPStream { bytes in
                    collector.bytes.withLock { $0 += bytes }
                    return true
                })
            return collector.bytes.withLock { $0 }
        }
    }

    private final class Collector: Sendable {
        let bytes = Mutex<[UInt8]>([])
    }
}

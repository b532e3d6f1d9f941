// A response that is written past libmicrohttpd, which cannot answer while a body comes in.

import Foundation

/// The connection ends afterwards.
enum RawReply {
    #if os(Linux)
        static let flags = Int32(MSG_NOSIGNAL)
        static let withoutWaiting = Int32(MSG_DONTWAIT)
    #else
        static let flags: Int32 = 0
        static let withoutWaiting = Int32(MSG_DONTWAIT)
    #endif
    private static let (mostSeconds, quietMilliseconds): (Int64, Int32) = (3, 500)

    /// The bytes of a response whose body is in memory.
    static func bytes(of response: HTTPResponse, isHead: Bool) -> [UInt8] {
        let body = response.body.collected ?? []
        var text = "HTTP/1.1 \(response.status) \(HTTPResponse.reason(response.status))\r\n"
        for header in response.headers where header.name.lowercased() != "connection" {
            text += "\(header.name): \(header.value)\r\n"
        }
        text += "Content-Length: \(body.count)\r\nConnection: close\r\n\r\n"
        return Array(text.utf8) + (isHead ? [] : body)
    }

    /// Sends a response, and reads for a short while what the client still sends: closing at once would make the system
    /// drop the response (RFC 9112, section 9.6).
    static func send(_ response: HTTPResponse, isHead: Bool, to descriptor: Int32) {
        let end = ContinuousClock.now + .seconds(mostSeconds)
        var rest = bytes(of: response, isHead: isHead)[...]
        while !rest.isEmpty, .now < end {
            let count = rest.withUnsafeBytes { Foundation.send(descriptor, $0.baseAddress, $0.count, flags) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if count < 0, errno == EAGAIN || errno == EINTR {
                guard wait(descriptor, Int16(POLLOUT)) else { return }
            } else {
                return
            }
        }
        shutdown(descriptor, Int32(SHUT_WR))
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while .now < end, wait(descriptor, Int16(POLLIN)) {
            let count = recv(descriptor, &buffer, buffer.count, withoutWaiting)
            if count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR) { return }
        }
    }

    private static func wait(_ descriptor: Int32, _ events: Int16) -> Bool {
        var entry = pollfd(fd: descriptor, events: events, revents: 0)
        return poll(&entry, 1, quietMilliseconds) > 0
    }
}

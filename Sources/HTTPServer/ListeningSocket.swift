// The socket that a server listens on.

import Foundation

/// A socket that listens. Whoever gets it closes it.
struct ListeningSocket {
    let descriptor: Int32
    /// The real port, where any was asked for.
    let port: Int
    /// Whether only this machine can reach it.
    let isLoopback: Bool

    init(host: String, port: Int) throws(HTTPServerError) {
        guard 0...65535 ~= port else { throw .badPort(port) }
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
        var list: UnsafeMutablePointer<addrinfo>?
        // "[::1]" is how addresses of version 6 are written next to a port.
        let name = host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
        let code = getaddrinfo(name, String(port), &hints, &list)
        guard code == 0, let first = list else {
            throw .unknownHost(host, reason: String(cString: gai_strerror(code)))
        }
        defer { freeaddrinfo(list) }
        // Clients ask for version 4 first where a name has both.
        let version4 = sequence(first: first, next: \.pointee.ai_next).first { $0.pointee.ai_family == AF_INET }
        let address = (version4 ?? first).pointee

        let descriptor = socket(address.ai_family, address.ai_socktype, address.ai_protocol)
        func failure() -> HTTPServerError {
            switch errno {
            case EADDRINUSE: .portTaken(host: host, port: port)
            case EACCES, EPERM: .portNotPermitted(host: host, port: port)
            case EADDRNOTAVAIL: .unknownHost(host, reason: "it is not an address of this machine")
            case let number: .cannotListen(host: host, port: port, reason: String(cString: strerror(number)))
            }
        }
        guard descriptor >= 0 else { throw failure() }
        var one: Int32 = 1
        // A port that an ended server has used is free at once. It does not let two servers share a port.
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
        guard bind(descriptor, address.ai_addr, address.ai_addrlen) == 0, listen(descriptor, SOMAXCONN) == 0 else {
            let error = failure()
            close(descriptor)
            throw error
        }
        self.descriptor = descriptor
        (self.port, isLoopback) = ListeningSocket.place(of: descriptor)
    }

    private static func place(of descriptor: Int32) -> (port: Int, isLoopback: Bool) {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = getsockname(descriptor, $0, &length) }
            if Int32(pointer.pointee.ss_family) == AF_INET6 {
                return pointer.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { address in
                    let bytes = withUnsafeBytes(of: address.pointee.sin6_addr) { Array($0) }
                    let isMapped = bytes.starts(with: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 127])
                    let isOne = bytes == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]
                    return (Int(UInt16(bigEndian: address.pointee.sin6_port)), isOne || isMapped)
                }
            }
            return pointer.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { address in
                let first = UInt32(bigEndian: address.pointee.sin_addr.s_addr) >> 24
                return (Int(UInt16(bigEndian: address.pointee.sin_port)), first == 127)
            }
        }
    }
}

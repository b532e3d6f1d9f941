// An HTTP server for one handler: whom it answers and what it accepts is checked before the handler is asked.

import CMicrohttpd
import Foundation
import Synchronization

/// Listens from its creation until `stop`. Each connection has a thread, on which the handler runs.
///
/// Connections are kept open as HTTP/1.1 has it. What the server refuses by itself has a body in the form of OpenAI's
/// API, except what libmicrohttpd cannot read as a request: that gets libmicrohttpd's own page, or no answer.
package final class HTTPServer: Sendable {
    /// Of the address that is listened on; the real one, where any was asked for.
    package let port: Int

    private let core: ServerCore
    private let listener: Int32
    /// The address of libmicrohttpd's server; 0 after the end.
    private let daemon: Mutex<UInt>
    /// How long the end of handlers is waited for that were not given the time to end.
    private static let lastSeconds = 2.0

    package init(
        _ settings: HTTPServerSettings, handler: @escaping @Sendable (HTTPRequest) -> HTTPResponse
    ) throws(HTTPServerError) {
        // A client that has gone must be an error of a write, not the end of the process.
        signal(SIGPIPE, SIG_IGN)
        let library = try MicrohttpdLibrary()
        let socket = try ListeningSocket(host: settings.host, port: settings.port)
        do throws(HTTPServerError) {
            guard socket.isLoopback || settings.authorize != nil else { throw .needsKey(host: settings.host) }
            var settings = settings
            settings.connectionLimit = DescriptorLimit.connections(atMost: settings.connectionLimit)
            core = ServerCore(
                settings, isLoopback: socket.isLoopback, functions: library.functions,
                uploads: try UploadFolder(settings.uploadFolder), handler: handler)
            let context = Unmanaged.passRetained(core).toOpaque()
            var callbacks = ServerCore.callbacks(context)
            var functions = library.functions
            // Half of this memory reads a body, and its rest holds headers: libmicrohttpd takes as much as is needed.
            let memory = max(131_072, min(settings.headerBytes, 1 << 24) * 4)
            // The limit is kept by closing connections, whose threads take a moment to end. libmicrohttpd's own refuses all
            // that come in this moment.
            let connections = settings.connectionLimit * 2 + 64
            guard
                let started = luthier_microhttpd_start(
                    &functions, socket.descriptor, UInt32(connections), memory, &callbacks)
            else {
                Unmanaged<ServerCore>.fromOpaque(context).release()
                throw .cannotStart(reason: String(cString: strerror(errno)))
            }
            daemon = Mutex(UInt(bitPattern: started))
        } catch {
            close(socket.descriptor)
            throw error
        }
        (port, listener) = (socket.port, socket.descriptor)
        let core = core
        let thread = Thread { core.watch() }
        thread.name = "deadlines"
        thread.start()
    }

    /// How many connections are open.
    package var connectionCount: Int { core.connectionCount }

    deinit { stop(draining: 0) }

    /// Stops to listen, lets running requests end for at most `seconds`, and then ends them: streams are cut, and
    /// `isConnected` of a request is false. A handler that does not return is waited for no longer than two more seconds.
    package func stop(draining seconds: Double) {
        let running = daemon.withLock { address in
            defer { address = 0 }
            return OpaquePointer(bitPattern: address)
        }
        guard let running else { return }
        _ = core.functions.stop_listening(running)
        // Nobody is left in the system's queue for a server that does not listen.
        shutdown(listener, Int32(SHUT_RDWR))
        core.drain(seconds: max(0, seconds))
        // libmicrohttpd waits for all its threads, without end. The memory of a stuck one is left to it.
        if core.cut(seconds: HTTPServer.lastSeconds) {
            core.functions.stop(running)
            Unmanaged.passUnretained(core).release()
        }
        close(listener)
        core.uploads.remove()
    }
}

/// How many files and sockets the process may have open.
enum DescriptorLimit {
    /// A connection needs one, and up to two more while it is answered; the rest of the program needs some too.
    private static let (perConnection, reserve) = (3, 128)

    /// Raises the process's limit as far as is useful and allowed. The number of connections that fit, at most `wanted`.
    static func connections(atMost wanted: Int) -> Int {
        let wanted = min(max(1, wanted), 1_000_000)
        var limit = rlimit()
        #if os(Linux)
            let kind = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        #else
            let kind = RLIMIT_NOFILE
        #endif
        guard getrlimit(kind, &limit) == 0 else { return wanted }
        let needed = rlim_t(wanted * perConnection + reserve)
        if limit.rlim_cur < needed {
            limit.rlim_cur = min(needed, limit.rlim_max)
            _ = setrlimit(kind, &limit)
            _ = getrlimit(kind, &limit)
        }
        let available = Int(clamping: limit.rlim_cur)
        return min(wanted, max(1, (available - reserve) / perConnection))
    }
}

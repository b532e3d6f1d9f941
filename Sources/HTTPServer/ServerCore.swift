// What all connections of a server share, and what libmicrohttpd calls.

import CMicrohttpd
import Foundation
import Synchronization

final class ServerCore: Sendable {
    private enum Stage: Int {
        case running, draining, cut
    }

    let settings: HTTPServerSettings
    let checks: RequestChecks
    let handler: @Sendable (HTTPRequest) -> HTTPResponse
    let functions: luthier_microhttpd
    let uploads: UploadFolder
    private let connections = Mutex<[ObjectIdentifier: ClientConnection]>([:])
    private let stage = Atomic<Int>(0)
    private let exchanges = Atomic<Int>(0)
    private let producers = Atomic<Int>(0)
    private let pipes = Mutex<[ObjectIdentifier: StreamPipe]>([:])
    private let watcher = NSCondition()

    init(
        _ settings: HTTPServerSettings, isLoopback: Bool, functions: luthier_microhttpd, uploads: UploadFolder,
        handler: @escaping @Sendable (HTTPRequest) -> HTTPResponse
    ) {
        (self.settings, self.functions, self.uploads, self.handler) = (settings, functions, uploads, handler)
        checks = RequestChecks(settings, isLoopback: isLoopback)
    }

    // MARK: Connections

    private func opened(_ descriptor: Int32) -> ClientConnection {
        var one: Int32 = 1
        // A token is a few bytes, and must not wait for the next.
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
        let client = ClientConnection(descriptor: descriptor)
        let crowd: [ClientConnection] = connections.withLock {
            $0[ObjectIdentifier(client)] = client
            return $0.count > settings.connectionLimit ? Array($0.values) : []
        }
        guard !crowd.isEmpty else { return client }
        // Whoever sends nothing cannot lock others out.
        let waiting = crowd.compactMap { other in
            other === client ? nil : other.idleSince.map { (client: other, since: $0) }
        }
        if let oldest = waiting.min(by: { $0.since < $1.since })?.client {
            oldest.hangUp()
        } else {
            client.hangUp(
                .refusal(503, "The server has too many connections.", headers: [(name: "Retry-After", value: "1")]))
        }
        return client
    }

    private func closed(_ client: ClientConnection) {
        client.end()
        connections.withLock { _ = $0.removeValue(forKey: ObjectIdentifier(client)) }
    }

    var connectionCount: Int { connections.withLock { $0.count } }

    private var allConnections: [ClientConnection] { connections.withLock { Array($0.values) } }

    /// Ends connections that are too slow, until the server is stopped.
    func watch() {
        let shortest = min(settings.idleSeconds, settings.requestSeconds)
        let interval = min(1, max(0.02, shortest / 4))
        watcher.lock()
        defer { watcher.unlock() }
        while !isCut {
            _ = watcher.wait(until: Date(timeIntervalSinceNow: interval))
            let now = ContinuousClock.now
            for client in allConnections {
                if isStopping, client.isWaiting { client.hangUp() }
                client.hangUpIfOverdue(settings, now: now)
            }
        }
    }

    // MARK: Streams

    /// Runs the producer of a stream on a thread.
    func produce(into pipe: StreamPipe, _ body: @escaping @Sendable (HTTPStream) -> Void) {
        producers.wrappingAdd(1, ordering: .relaxed)
        pipes.withLock { $0[ObjectIdentifier(pipe)] = pipe }
        if isCut { pipe.close() }
        let thread = Thread { [self] in
            body(HTTPStream(send: { pipe.write($0) }, isConnected: { pipe.isOpen }))
            pipe.finish()
            pipes.withLock { _ = $0.removeValue(forKey: ObjectIdentifier(pipe)) }
            producers.wrappingSubtract(1, ordering: .releasing)
        }
        thread.name = "stream"
        thread.start()
    }

    // MARK: The end

    var isStopping: Bool { stage.load(ordering: .acquiring) >= Stage.draining.rawValue }
    /// Whether running requests are no longer waited for.
    var isCut: Bool { stage.load(ordering: .acquiring) == Stage.cut.rawValue }
    private var isBusy: Bool {
        exchanges.load(ordering: .acquiring) > 0 || producers.load(ordering: .acquiring) > 0
    }

    /// Lets running requests end; new ones are refused.
    func drain(seconds: Double) {
        stage.store(Stage.draining.rawValue, ordering: .releasing)
        wait(until: .now + .seconds(seconds)) {
            for client in allConnections where client.isWaiting { client.hangUp() }
            return !isBusy
        }
    }

    /// Ends all connections. Whether all handlers and producers have returned within `seconds`.
    func cut(seconds: Double) -> Bool {
        stage.store(Stage.cut.rawValue, ordering: .releasing)
        watcher.lock()
        watcher.signal()
        watcher.unlock()
        return wait(until: .now + .seconds(seconds)) {
            for pipe in pipes.withLock({ Array($0.values) }) { pipe.close() }
            for client in allConnections { client.hangUp() }
            return !isBusy
        }
    }

    @discardableResult
    private func wait(until end: ContinuousClock.Instant, _ isDone: () -> Bool) -> Bool {
        while !isDone() {
            guard .now < end else { return false }
            usleep(5000)
        }
        return true
    }

    // MARK: What libmicrohttpd calls

    /// - Parameter context: the address of a server core.
    static func callbacks(_ context: UnsafeMutableRawPointer) -> luthier_microhttpd_callbacks {
        var callbacks = luthier_microhttpd_callbacks()
        callbacks.context = context
        callbacks.connection = { server, handle, context, code in
            guard let context, let server = ServerCore.at(server), let handle else { return }
            if luthier_microhttpd_is_start(code) != 0 {
                let client = withUnsafePointer(to: server.functions) {
                    server.opened(luthier_microhttpd_descriptor($0, handle))
                }
                context.pointee = Unmanaged.passRetained(client).toOpaque()
            } else if let client = context.pointee {
                context.pointee = nil
                server.closed(Unmanaged<ClientConnection>.fromOpaque(client).takeRetainedValue())
            }
        }
        callbacks.target = { server, target, handle in
            guard let server = ServerCore.at(server), let target, let handle else { return nil }
            server.client(handle)?.begin(target: String(cString: target))
            return nil
        }
        callbacks.request = { server, handle, _, method, _, data, size, context in
            guard let server = ServerCore.at(server), let handle, let size, let context else {
                return luthier_microhttpd_no
            }
            let isGood: Bool
            if let known = context.pointee {
                let exchange = Unmanaged<Exchange>.fromOpaque(known).takeUnretainedValue()
                if let data, size.pointee > 0 {
                    isGood = exchange.receive(UnsafeRawBufferPointer(start: data, count: size.pointee))
                    size.pointee = 0
                } else {
                    isGood = exchange.answer()
                }
            } else {
                isGood = server.begin(handle, method: method.map { String(cString: $0) } ?? "", context)
            }
            return isGood ? luthier_microhttpd_yes : luthier_microhttpd_no
        }
        callbacks.completed = { server, handle, context, _ in
            guard let server = ServerCore.at(server), let handle else { return }
            if let known = context?.pointee {
                context?.pointee = nil
                Unmanaged<Exchange>.fromOpaque(known).release()
                server.exchanges.wrappingSubtract(1, ordering: .releasing)
            }
            server.client(handle)?.enter(.waiting(isNew: false))
        }
        return callbacks
    }

    private static func at(_ context: UnsafeMutableRawPointer?) -> ServerCore? {
        context.map { Unmanaged<ServerCore>.fromOpaque($0).takeUnretainedValue() }
    }

    private func client(_ handle: OpaquePointer) -> ClientConnection? {
        withUnsafePointer(to: functions) { luthier_microhttpd_context($0, handle) }
            .map { Unmanaged<ClientConnection>.fromOpaque($0).takeUnretainedValue() }
    }

    private func begin(
        _ handle: OpaquePointer, method: String, _ context: UnsafeMutablePointer<UnsafeMutableRawPointer?>
    ) -> Bool {
        guard let client = client(handle) else { return false }
        let target = client.target
        let request = HTTPRequest(method: method, target: target, headers: headers(handle))
        let exchange = Exchange(server: self, client: client, handle: handle, request: request)
        exchanges.wrappingAdd(1, ordering: .relaxed)
        context.pointee = Unmanaged.passRetained(exchange).toOpaque()
        return exchange.begin(fullTarget: target)
    }

    private func headers(_ handle: OpaquePointer) -> [(name: String, value: String)] {
        var headers: [(name: String, value: String)] = []
        withUnsafeMutablePointer(to: &headers) { list in
            _ = functions.each_value(
                handle, luthier_microhttpd_headers(),
                { list, _, name, nameCount, value, valueCount in
                    func text(_ start: UnsafePointer<CChar>?, _ count: Int) -> String {
                        String(
                            decoding: UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : count),
                            as: UTF8.self)
                    }
                    list?.assumingMemoryBound(to: [(name: String, value: String)].self).pointee
                        .append((name: text(name, nameCount), value: text(value, valueCount)))
                    return luthier_microhttpd_yes
                }, list)
        }
        return headers
    }
}

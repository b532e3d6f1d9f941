// A hub of models on this machine: one repository, with the faults that a test orders.

import Checkpoint
import Foundation
import StrictJSON
import Synchronization

/// Answers as the Hugging Face hub does: a listing, small files directly, large ones from another server after a redirect.
package final class TestHub: Sendable {
    package typealias Reply = TestServer.Reply

    /// A fault of the server of large files, for one request.
    package enum Fault: Sendable {
        case status(Int, [(name: String, value: String)])
        /// The connection ends after so many bytes.
        case cut(Int)
        /// The length in the header is too large or too small by so many bytes.
        case wrongLength(by: Int)
        /// Other bytes of the same length.
        case otherBytes
        /// More bytes than the file has.
        case longer(Int)
        /// All bytes, although a part was asked for.
        case ignoresRange
        /// A part, but not the one that was asked for.
        case wrongRange
    }

    package static let repository = "owner/name"
    package static let commit = "0123456789abcdef0123456789abcdef01234567"

    private let state: State
    private let hub: TestServer
    private let files: TestServer

    package var address: String { hub.address }
    package var hubRequests: [TestServer.Request] { hub.requests }
    package var fileRequests: [TestServer.Request] { files.requests }

    private final class State: Sendable {
        let contents: [String: [UInt8]]
        let large: Set<String>
        let faults: Mutex<[Fault]>
        let tag = Mutex("\"one\"")

        init(_ contents: [String: [UInt8]], _ large: Set<String>, _ faults: [Fault]) {
            (self.contents, self.large) = (contents, large)
            self.faults = Mutex(faults)
        }
    }

    /// - Parameters:
    ///   - large: names of the files that another server has.
    ///   - faults: of that server, in order; it is well after them.
    ///   - hidesSizes: whether the listing says names only.
    ///   - instead: answers a path in another way.
    package init(
        _ contents: [String: [UInt8]], large: Set<String>, faults: [Fault] = [], hidesSizes: Bool = false,
        instead: (@Sendable (String) -> Reply?)? = nil
    ) throws {
        let state = State(contents, large, faults)
        self.state = state
        let files = try TestServer { TestHub.serve($0, state) }
        self.files = files
        let fileAddress = files.address
        hub = try TestServer { request in
            if let reply = instead?(request.path) { return reply }
            return TestHub.answer(request, state, fileAddress, hidesSizes)
        }
    }

    /// Orders more faults.
    package func add(_ faults: [Fault]) { state.faults.withLock { $0 += faults } }

    /// Says that the files have another version.
    package func changeTag() { state.tag.withLock { $0 = "\"two\"" } }

    private static func answer(
        _ request: TestServer.Request, _ state: State, _ fileAddress: String, _ hidesSizes: Bool
    ) -> Reply {
        if request.path.hasPrefix("/api/models/\(repository)/revision/") {
            return Reply(200, listing(state, hidesSizes))
        }
        let prefix = "/\(repository)/resolve/\(commit)/"
        let name = String(request.path.dropFirst(prefix.count))
        guard request.path.hasPrefix(prefix), let content = state.contents[name] else {
            return Reply(404, Array("Not found".utf8))
        }
        guard state.large.contains(name) else { return Reply(200, content, headers: [("ETag", "\"abc\"")]) }
        let headers = [
            ("Location", "\(fileAddress)/\(name)"), ("X-Linked-Size", "\(content.count)"),
            ("X-Linked-ETag", "\"\(SHA256Digest.hex(of: content))\""),
        ]
        return Reply(302, Array("Found".utf8), headers: headers.map { (name: $0.0, value: $0.1) })
    }

    private static func listing(_ state: State, _ hidesSizes: Bool) -> [UInt8] {
        let siblings = state.contents.sorted { $0.key < $1.key }.map { name, content -> JSONOutput in
            if hidesSizes { return ["rfilename": .string(name)] }
            let size = JSONOutput.integer(content.count)
            guard state.large.contains(name) else { return ["rfilename": .string(name), "size": size] }
            return [
                "rfilename": .string(name), "size": size,
                "lfs": ["sha256": .string(SHA256Digest.hex(of: content)), "size": size],
            ]
        }
        let object: JSONOutput = [
            "id": .string(repository), "sha": .string(commit), "tags": ["safetensors", "license:apache-2.0"],
            "siblings": .array(siblings),
        ]
        return object.serializedBytes()
    }

    private static func serve(_ request: TestServer.Request, _ state: State) -> Reply {
        guard let content = state.contents[String(request.path.dropFirst())] else { return Reply(404) }
        let fault = state.faults.withLock { $0.isEmpty ? nil : $0.removeFirst() }
        let tag = state.tag.withLock { $0 }
        if case .status(let status, let headers) = fault { return Reply(status, headers: headers) }
        var (start, reply) = (0, Reply(200, headers: [("ETag", tag)]))
        let isSame = request.headers["if-range"].map { $0 == tag } ?? true
        if let range = request.headers["range"], isSame, !isIgnoring(fault) {
            start = range.dropFirst("bytes=".count).split(separator: "-").first.flatMap { Int($0) } ?? 0
            guard start < content.count else { return Reply(416) }
            if case .wrongRange = fault { start += 1 }
            reply.status = 206
            reply.headers.append(("Content-Range", "bytes \(start)-\(content.count - 1)/\(content.count)"))
        }
        reply.body = Array(content[start...])
        switch fault {
        case .cut(let count): reply.sentBytes = count
        case .wrongLength(let difference):
            reply.declaredBytes = reply.body.count + difference
            reply.sentBytes = min(reply.body.count, reply.body.count + difference)
        case .otherBytes: reply.body = reply.body.map { ~$0 }
        case .longer(let count): reply.body += [UInt8](repeating: 0, count: count)
        default: break
        }
        return reply
    }

    private static func isIgnoring(_ fault: Fault?) -> Bool {
        if case .ignoresRange = fault { return true }
        return false
    }
}

// What the command line asks of a service about fine-tunes: both generations of the API, distinguished by their ids.

import Foundation
import HTTPServer
import StrictJSON

/// The questions of `luthier fine-tunes`.
package struct FineTunesClient {
    package struct Event: Sendable, Equatable {
        package var created: Int
        package var message: String
    }

    package let caller: any ServiceCaller
    /// The most bytes of an uploaded file.
    private let uploadBytes: Int

    package init(_ caller: any ServiceCaller, uploadBytes: Int = ServiceSettings().uploadBytes) {
        (self.caller, self.uploadBytes) = (caller, uploadBytes)
    }

    /// Uploads a file, unless what is given is the id of one.
    ///
    /// - Returns: its id, and whether it was uploaded.
    package func file(_ pathOrID: String) throws -> (id: String, isNew: Bool) {
        if pathOrID.hasPrefix("file-"), Identifier.isPlausible(pathOrID),
            !FileManager.default.fileExists(atPath: pathOrID)
        {
            return (pathOrID, false)
        }
        let bytes = try ClientFile.bytes(pathOrID, limit: uploadBytes)
        let answer = try object(ClientFile.upload(pathOrID, bytes))
        return (try text("id", of: answer), true)
    }

    /// `POST /v1/fine-tunes`
    ///
    /// - Returns: the new job.
    package func create(_ members: [(key: String, value: JSONOutput)]) throws -> JSONNode {
        try node(post("/v1/fine-tunes", JSONOutput.object(members)))
    }

    /// All jobs of both generations, the oldest first.
    package func list() throws -> [JSONNode] {
        let old = try node(get("/v1/fine-tunes")).object?["data"]?.array ?? []
        let new = try pages("/v1/fine_tuning/jobs")
        func created(_ job: JSONNode) -> Int { job.object?["created_at"]?.integer ?? 0 }
        return (old + new.reversed()).enumerated().sorted { one, other in
            (created(one.element), one.offset) < (created(other.element), other.offset)
        }.map(\.element)
    }

    package func job(_ id: String) throws -> JSONNode { try node(get(path(id))) }

    package func cancel(_ id: String) throws -> JSONNode { try node(post(path(id) + "/cancel", nil)) }

    /// The events after the first `known` ones, the oldest first.
    package func events(_ id: String, skipping known: Int = 0) throws -> [Event] {
        let all: [JSONNode]
        if FineTunesClient.isNew(id) {
            all = try pages(path(id) + "/events").reversed()
        } else {
            all = try node(get(path(id) + "/events")).object?["data"]?.array ?? []
        }
        return all.dropFirst(known).map { event in
            Event(
                created: event.object?["created_at"]?.integer ?? 0,
                message: event.object?["message"]?.string ?? "")
        }
    }

    /// The table of a job's results, as text.
    package func results(_ id: String) throws -> [UInt8] {
        let job = try job(id)
        let first = job.object?["result_files"]?.array?.first
        guard let file = first?.string ?? first?.object?["id"]?.string else {
            throw ServiceClientError.noResults(id: id, status: FineTunesClient.status(job))
        }
        let bytes = try answer(get("/v1/files/\(file)/content")).body
        // The results of the newer API come as base64, in which no table can be.
        if !bytes.contains(UInt8(ascii: ",")), let plain = Data(base64Encoded: Data(bytes)) { return [UInt8](plain) }
        return bytes
    }

    package static func status(_ job: JSONNode) -> String { job.object?["status"]?.string ?? "unknown" }

    package static func isOver(_ job: JSONNode) -> Bool {
        ["succeeded", "failed", "cancelled"].contains(status(job))
    }

    // MARK: Requests

    private static func isNew(_ id: String) -> Bool { id.hasPrefix("ftjob-") }

    private func path(_ id: String) throws -> String {
        guard Identifier.isPlausible(id) else {
            throw ServiceClientError.refused(
                message: "Could not find fine tune: \(APIError.shown(id))", param: nil)
        }
        return (FineTunesClient.isNew(id) ? "/v1/fine_tuning/jobs/" : "/v1/fine-tunes/") + id
    }

    private func get(_ target: String) -> HTTPRequest { HTTPRequest(method: "GET", target: target) }

    private func post(_ target: String, _ body: JSONOutput?) -> HTTPRequest {
        guard let body else { return HTTPRequest(method: "POST", target: target) }
        return HTTPRequest(
            method: "POST", target: target, headers: [(name: "Content-Type", value: "application/json")],
            body: body.serializedBytes())
    }

    /// All elements of a list that comes in pages, in its own order.
    private func pages(_ path: String) throws -> [JSONNode] {
        var (elements, after) = ([JSONNode](), "")
        while true {
            let page = try object(get("\(path)?limit=100\(after)"))
            let data = page["data"]?.array ?? []
            elements += data
            guard page["has_more"]?.bool == true, let last = data.last?.object?["id"]?.string else {
                return elements
            }
            after = "&after=\(last)"
        }
    }

    private func answer(_ request: HTTPRequest) throws -> ServiceAnswer {
        let answer = try caller.send(request)
        guard answer.status != 200 else { return answer }
        let error = (try? JSONText.parse(answer.body))?.object?["error"]?.object
        throw ServiceClientError.refused(
            message: APIError.shown(error?["message"]?.string ?? "the service answers \(answer.status)"),
            param: error?["param"]?.string.map(APIError.shown))
    }

    private func node(_ request: HTTPRequest) throws -> JSONNode { try JSONText.parse(answer(request).body) }

    private func object(_ request: HTTPRequest) throws -> JSONObject {
        guard let object = try node(request).object else {
            throw ServiceClientError.brokenAnswer(address: "the service", reason: "it is not an object")
        }
        return object
    }

    private func text(_ key: String, of object: JSONObject) throws -> String {
        guard let text = object[key]?.string else {
            throw ServiceClientError.brokenAnswer(address: "the service", reason: "it has no \(key)")
        }
        return text
    }
}

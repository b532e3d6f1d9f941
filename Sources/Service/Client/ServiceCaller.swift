// Who answers the requests of the command line: a running service, or one that lives as long as the command.

import HTTPServer
import StrictJSON

/// An answer with its body in memory.
package struct ServiceAnswer: Sendable {
    package var status: Int
    package var body: [UInt8]

    package init(status: Int, body: [UInt8]) { (self.status, self.body) = (status, body) }
}

/// Something that answers requests of this API.
package protocol ServiceCaller {
    func send(_ request: HTTPRequest) throws -> ServiceAnswer
    /// Whether jobs are only worked on until `close`.
    var endsWithCommand: Bool { get }
    /// Lets work begin; a running service does so by itself.
    func start()
    func close()
}

/// What goes wrong between the command line and a service.
package enum ServiceClientError: Error, Equatable, CustomStringConvertible {
    case notReached(address: String, reason: String)
    /// Something else listens at the port.
    case notAService(address: String)
    case brokenAnswer(address: String, reason: String)
    /// The service refused a request, in its own words.
    case refused(message: String, param: String?)
    case unreadable(path: String, reason: String)
    case tooLarge(path: String, bytes: Int, limit: Int)
    case noResults(id: String, status: String)

    package var description: String {
        switch self {
        case .notReached(let address, let reason): "no service answers at \(address): \(reason)"
        case .notAService(let address): "what answers at \(address) is not a service of Luthier"
        case .brokenAnswer(let address, let reason): "the answer of \(address) is not valid: \(reason)"
        case .refused(let message, let param): message + (param.map { " (\($0))" } ?? "")
        case .unreadable(let path, let reason): "\(path): \(reason)"
        case .tooLarge(let path, let bytes, let limit): "\(path) has \(bytes) bytes; at most \(limit) are accepted"
        case .noResults(let id, let status): "\(id) has no results: its status is \(status)"
        }
    }

    package var hint: String? {
        switch self {
        case .notAService: "name the service's port with --port"
        case .noResults(let id, _): "`luthier fine-tunes follow -i \(id)` waits for its end"
        default: nil
        }
    }
}

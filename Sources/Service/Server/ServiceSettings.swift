// The settings of a service: those of the command line, and those of service.json.

import Files
import Foundation
import HTTPServer
import StrictJSON

/// Everything that a service is told.
package struct ServiceSettings: Sendable {
    /// The folder of the database, the files and the jobs; and that of the runs.
    package var dataFolder = "service"
    package var runsFolder = "checkpoints"
    /// In the names of tuned models.
    package var organization = "personal"
    /// Names that requests may give, and the local models that they mean: the name of a fetched model, a run or a tuned
    /// model, or a path.
    package var names: [String: String] = [:]
    package var allowedOrigins: [String] = []
    /// Names in `Host`, in addition to those of the address, that are answered: of a web server that passes requests on.
    package var allowedHosts: [String] = []
    package var keyFile: String?
    /// Whether the results of jobs of the newer API are served as base64, as OpenAI does in practice.
    package var resultsAsBase64 = true
    package var uploadBytes = 512 << 20
    /// Bound on keys and values of all requests together; a quarter of the memory where it is nil.
    package var cacheBytes: Int?
    /// Bound on the models in memory; nil for what the system has.
    package var modelBytes: Int?
    package var waitingRequests = 64
    /// The most tokens of a chat's answer where the request does not say.
    package var answerTokens = 1024
    package var version = ""

    package init() {}

    package var databasePath: String { dataFolder + "/service.sqlite" }
    package var filesFolder: String { dataFolder + "/files" }
    package func path(ofFile id: String) -> String { filesFolder + "/" + id }
    package func path(ofJob id: String) -> String { dataFolder + "/jobs/" + id }
    package func path(ofRun id: String) -> String { runsFolder + "/" + id }
}

/// What is wrong with service.json or with the way a service is started.
package enum ServiceError: Error, Equatable, CustomStringConvertible {
    case configNotFound(path: String)
    case config(path: String, reason: String)
    case unknownKey(path: String, key: String, nearest: String?)
    case badKeyFile(path: String, reason: String)
    case emptyKey(variable: String)
    /// Another address than this machine's own needs a key.
    case addressWithoutKey(host: String)
    case dataInUse(folder: String, owner: String)

    package var description: String {
        switch self {
        case .configNotFound(let path): "\(path): no such file"
        case .config(let path, let reason): "\(path): \(reason)"
        case .unknownKey(let path, let key, let nearest):
            "\(path): unknown key \(key)" + (nearest.map { "; did you mean \($0)?" } ?? "")
        case .badKeyFile(let path, let reason): "the key file \(path) \(reason)"
        case .emptyKey(let variable): "the variable \(variable) is set but empty"
        case .addressWithoutKey(let host):
            "\(host) can be reached from other machines, and no API key is set: anyone could use this service"
        case .dataInUse(let folder, let owner): "\(folder) is in use by another service (\(owner))"
        }
    }

    package var hint: String? {
        switch self {
        case .configNotFound, .badKeyFile, .config: nil
        case .unknownKey: "the keys are " + ServiceSettings.keys.joined(separator: ", ")
        case .emptyKey(let variable): "put the key into \(variable), or unset it"
        case .addressWithoutKey:
            "put a key into a file and name it with keyFile in service.json, set \(ServiceKey.variable), or use --host 127.0.0.1"
        case .dataInUse: "stop it, or use another folder with --data"
        }
    }
}

extension ServiceSettings {
    static let keys = [
        "allowedHosts", "allowedOrigins", "answerTokens", "cacheMegabytes", "keyFile", "modelMegabytes", "models",
        "organization",
        "resultsAsBase64", "uploadMegabytes", "waitingRequests",
    ]

    /// Reads service.json: JSON with `//` comments.
    package mutating func read(path: String) throws(ServiceError) {
        guard let data = FileManager.default.contents(atPath: path) else { throw .configNotFound(path: path) }
        let root: JSONNode
        do {
            root = try JSONText.parse([UInt8](data), options: JSONOptions(allowsComments: true, maximumBytes: 1 << 20))
        } catch { throw .config(path: path, reason: "\(error)") }
        guard let object = root.object else { throw .config(path: path, reason: "the config is not an object") }
        for member in object.members {
            guard ServiceSettings.keys.contains(member.key) else {
                throw .unknownKey(
                    path: path, key: member.key,
                    nearest: Suggestion.nearest(to: member.key, among: ServiceSettings.keys))
            }
            guard assign(member.key, member.value) else {
                throw .config(
                    path: path,
                    reason: "\(member.value.position): \(member.key) takes \(ServiceSettings.expected(member.key))")
            }
        }
    }

    private mutating func assign(_ key: String, _ node: JSONNode) -> Bool {
        switch key {
        case "keyFile":
            keyFile = node.string
            return node.string?.isEmpty == false
        case "organization":
            organization = node.string ?? organization
            return node.string.map { Identifier.isPlausible($0) && !$0.contains(":") } ?? false
        case "resultsAsBase64":
            resultsAsBase64 = node.bool ?? resultsAsBase64
            return node.bool != nil
        case "allowedOrigins":
            allowedOrigins = (node.array ?? []).compactMap(\.string)
            return node.array?.count == allowedOrigins.count
                && allowedOrigins.allSatisfy { $0.hasPrefix("http://") || $0.hasPrefix("https://") }
        case "allowedHosts":
            allowedHosts = (node.array ?? []).compactMap(\.string)
            return node.array?.count == allowedHosts.count && allowedHosts.allSatisfy(AllowedHosts.isName)
        case "models":
            let pairs = (node.object?.members ?? []).compactMap { member in
                member.value.string.map { (member.key, $0) }
            }
            names = Dictionary(pairs) { $1 }
            return node.object?.members.count == pairs.count
                && pairs.allSatisfy { Identifier.isPlausible($0.0) && !$0.1.isEmpty }
        default: return assign(number: key, node)
        }
    }

    private mutating func assign(number key: String, _ node: JSONNode) -> Bool {
        guard let value = node.integer, (1...(1 << 24)).contains(value) else { return false }
        switch key {
        case "uploadMegabytes": uploadBytes = value << 20
        case "cacheMegabytes": cacheBytes = value << 20
        case "modelMegabytes": modelBytes = value << 20
        case "waitingRequests": waitingRequests = value
        case "answerTokens": answerTokens = value
        default: return false
        }
        return true
    }

    private static func expected(_ key: String) -> String {
        switch key {
        case "keyFile": "the path of a file"
        case "organization": "a name of letters, digits, . _ and -"
        case "resultsAsBase64": "true or false"
        case "allowedOrigins": "a list of origins such as \"https://example.org\""
        case "allowedHosts": "a list of names such as \"bot.example.org\""
        case "models": "an object of names and the local models that they mean"
        default: "a positive integer"
        }
    }
}

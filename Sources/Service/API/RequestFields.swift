// The members of a request's JSON object, read with their bounds: what is wrong is an error that names the member.

import Files
import Foundation
import HTTPServer
import StrictJSON

/// Every member must be taken, ignored or refused; `finish` throws for one that nobody knows.
struct RequestFields {
    let object: JSONObject
    /// In front of names in errors: `method.supervised.hyperparameters.`.
    let prefix: String
    private var known: Set<String> = []

    init(_ object: JSONObject, prefix: String = "") {
        self.object = object
        self.prefix = prefix
    }

    /// How deep a request's JSON may be nested, and its most bytes.
    static let limits = JSONOptions(maximumDepth: 64, maximumBytes: 10 << 20)

    /// The object that is a request's body.
    init(_ request: HTTPRequest) throws(APIError) {
        var bytes = request.body
        if let path = request.bodyFile {
            let size = (try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? Int ?? 0
            guard size <= RequestFields.limits.maximumBytes else {
                throw APIError(413, "The JSON body may have at most \(RequestFields.limits.maximumBytes) bytes.")
            }
            bytes = FileManager.default.contents(atPath: path).map { [UInt8]($0) } ?? []
        }
        let node: JSONNode
        do { node = try JSONText.parse(bytes, options: RequestFields.limits) } catch {
            throw .invalid("We could not parse the JSON body of your request: \(error)", param: nil)
        }
        guard let object = node.object else {
            throw .invalid("The body of the request must be a JSON object, not \(node.typeName).", param: nil)
        }
        self.init(object)
    }

    func name(_ key: String) -> String { prefix + key }

    func wrong(_ key: String, _ node: JSONNode, _ expected: String) -> APIError {
        let text = JSONOutput(node).serialized()
        let shown = text.unicodeScalars.count > 60 ? node.typeName : text
        return .invalid("Invalid value for '\(name(key))': expected \(expected), got \(shown).", param: name(key))
    }

    /// The member's value; nil where it is missing or null.
    mutating func node(_ key: String) -> JSONNode? {
        known.insert(key)
        return object[key].flatMap { $0.isNull ? nil : $0 }
    }

    mutating func ignore(_ keys: String...) { known.formUnion(keys) }

    mutating func text(_ key: String, length: ClosedRange<Int> = 0...200) throws(APIError) -> String? {
        guard let node = node(key) else { return nil }
        guard let text = node.string else { throw wrong(key, node, "a string") }
        let count = text.unicodeScalars.count
        guard length.contains(count) else {
            throw .invalid(
                "Invalid '\(name(key))': it has \(count) characters; \(length.lowerBound) to \(length.upperBound) are allowed.",
                param: name(key))
        }
        return text
    }

    mutating func requiredText(_ key: String, length: ClosedRange<Int> = 1...200) throws(APIError) -> String {
        guard let text = try text(key, length: length) else {
            throw .invalid("Missing required parameter: '\(name(key))'.", param: name(key))
        }
        return text
    }

    mutating func integer(_ key: String, in range: ClosedRange<Int>) throws(APIError) -> Int? {
        guard let node = node(key) else { return nil }
        guard let value = node.integer, range.contains(value) else {
            throw wrong(key, node, "an integer from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    mutating func number(_ key: String, in range: ClosedRange<Double>) throws(APIError) -> Double? {
        guard let node = node(key) else { return nil }
        guard let value = node.number, range.contains(value) else {
            throw wrong(key, node, "a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    mutating func flag(_ key: String) throws(APIError) -> Bool? {
        guard let node = node(key) else { return nil }
        guard let value = node.bool else { throw wrong(key, node, "true or false") }
        return value
    }

    mutating func list(_ key: String, most: Int) throws(APIError) -> [JSONNode]? {
        guard let node = node(key) else { return nil }
        guard let list = node.array else { throw wrong(key, node, "an array") }
        guard list.count <= most else {
            throw .invalid("'\(name(key))' has \(list.count) elements; at most \(most) are allowed.", param: name(key))
        }
        return list
    }

    mutating func fields(_ key: String) throws(APIError) -> RequestFields? {
        guard let node = node(key) else { return nil }
        guard let object = node.object else { throw wrong(key, node, "an object") }
        return RequestFields(object, prefix: name(key) + ".")
    }

    /// Throws if a member asks for something that is not done here; null, false, empty lists and `harmless` ask for
    /// nothing.
    mutating func refuse(
        _ key: String, _ reason: String = "is not supported by this server", harmless: [String] = []
    ) throws(APIError) {
        guard let node = node(key), node.bool != false, node.array?.isEmpty != true, node.string?.isEmpty != true,
            !harmless.contains(node.string ?? "")
        else { return }
        throw .invalid("'\(name(key))' \(reason).", param: name(key), code: "unsupported_parameter")
    }

    /// Throws if there is a member that was not asked for.
    func finish() throws(APIError) {
        guard let other = object.members.first(where: { !known.contains($0.key) }) else { return }
        let nearest = Suggestion.nearest(to: other.key, among: known.sorted()).map { "; did you mean '\($0)'?" } ?? ""
        throw .invalid(
            "Unrecognized request argument supplied: \(APIError.shown(prefix + other.key))\(nearest)",
            param: APIError.shown(prefix + other.key), code: "unknown_parameter")
    }
}

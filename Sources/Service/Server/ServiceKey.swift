// The API key: read from a file or from the environment, compared in constant time, never shown.

import Checkpoint
import Files
import Foundation
import HTTPServer

/// A key that requests must carry.
package struct ServiceKey: Sendable {
    /// The variable that holds a key. Keys are never taken from the command line, which every user of a machine can see.
    package static let variable = "LUTHIER_API_KEY"

    private let digest: [UInt8]
    private let text: String

    package init(_ text: String) {
        self.text = text
        digest = Array(SHA256Digest.hex(of: Array(text.utf8)).utf8)
    }

    /// The key of the file that the config names, or of the environment; nil where there is none.
    package static func find(
        keyFile: String?, environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(ServiceError) -> ServiceKey? {
        if let keyFile {
            guard let data = FileManager.default.contents(atPath: keyFile) else {
                throw .badKeyFile(path: keyFile, reason: "cannot be read")
            }
            guard data.count <= 4096, let text = String(validating: data, as: UTF8.self) else {
                throw .badKeyFile(path: keyFile, reason: "is not a short text")
            }
            let key = text.trimmingCharacters(in: .whitespacesAndNewlines)
            guard !key.isEmpty else { throw .badKeyFile(path: keyFile, reason: "is empty") }
            return ServiceKey(key)
        }
        guard let value = environment[variable] else { return nil }
        guard !value.isEmpty else { throw .emptyKey(variable: variable) }
        return ServiceKey(value)
    }

    /// For a client of this machine's own service.
    package var authorization: String { "Bearer \(text)" }

    /// Whether a request's `Authorization` header carries the key. Digests of equal length are compared, all bytes of
    /// them, so that the time says nothing about the key.
    package func matches(authorization: String?) -> Bool {
        guard let authorization, authorization.utf8.count <= 8192 else { return false }
        let parts = authorization.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return false }
        let other = Array(SHA256Digest.hex(of: Array(parts[1].trimmingCharacters(in: .whitespaces).utf8)).utf8)
        return zip(digest, other).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }

    /// The answer to a request without the key; nil where it has it or needs none.
    package func refusal(path: String, authorization: String?) -> HTTPResponse? {
        guard ServiceKey.isProtected(path), !matches(authorization: authorization) else { return nil }
        let message =
            authorization == nil
            ? "You didn't provide an API key. Send it as the header 'Authorization: Bearer KEY'."
            : "Incorrect API key provided."
        return APIError(401, message, code: "invalid_api_key").response
    }

    /// Everything but the page's static files and the health check.
    static func isProtected(_ path: String) -> Bool {
        !(path == "/" || path == "/health" || path == "/widget.js" || path == "/favicon.ico"
            || path.hasPrefix("/page/"))
    }
}

// A file on its way to the service: its bytes, and the form that carries them.

import Foundation
import HTTPServer

enum ClientFile {
    /// The bytes of a file.
    static func bytes(_ path: String, limit: Int) throws(ServiceClientError) -> [UInt8] {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw .unreadable(path: path, reason: "no such file")
        }
        guard !isFolder.boolValue else { throw .unreadable(path: path, reason: "a folder, not a file") }
        let size = (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? NSNumber)?.intValue ?? 0
        guard size <= limit else { throw .tooLarge(path: path, bytes: size, limit: limit) }
        guard let data = FileManager.default.contents(atPath: path) else {
            throw .unreadable(path: path, reason: "it cannot be read")
        }
        return [UInt8](data)
    }

    /// `POST /v1/files` with purpose fine-tune.
    static func upload(_ path: String, _ bytes: [UInt8]) -> HTTPRequest {
        let boundary = "luthier-" + Identifier.random(32)
        // The name is shown only; what could end the header's text is replaced.
        let name = (path.split(separator: "/").last ?? "upload").map { character in
            character == "\"" || character == "\\" || character.isNewline ? "_" : character
        }
        let head =
            "--\(boundary)\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nfine-tune\r\n"
            + "--\(boundary)\r\nContent-Disposition: form-data; name=\"file\"; filename=\"\(String(name))\"\r\n"
            + "Content-Type: application/octet-stream\r\n\r\n"
        return HTTPRequest(
            method: "POST", target: "/v1/files",
            headers: [(name: "Content-Type", value: "multipart/form-data; boundary=\(boundary)")],
            body: Array(head.utf8) + bytes + Array("\r\n--\(boundary)--\r\n".utf8))
    }
}

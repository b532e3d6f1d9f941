// `/v1/files`: upload, list, retrieve, content, delete.

import Files
import Foundation
import HTTPServer
import StrictJSON

struct FileRoutes {
    let service: FineTuningService
    private var store: Store { service.store }

    /// Purposes that an upload may have, and those that a list may ask for.
    private static let purposes = ["assistants", "batch", "fine-tune", "vision", "user_data", "evals"]
    private static let otherPurposes = ["assistants_output", "batch_output", "fine-tune-results"]

    func list(_ request: HTTPRequest) throws -> HTTPResponse {
        let page = try PageRequest(request, limit: 10_000, most: 10_000)
        if let purpose = request.queryValue("purpose"),
            !(FileRoutes.purposes + FileRoutes.otherPurposes).contains(purpose)
        {
            throw APIError.invalid("Invalid value for 'purpose': '\(APIError.shown(purpose))'.", param: "purpose")
        }
        let files = try store.files(page, purpose: request.queryValue("purpose"))
        return .json(200, files.json(id: \.id, FileRoutes.json))
    }

    func retrieve(_ id: String) throws -> HTTPResponse { .json(200, FileRoutes.json(try find(id))) }

    func content(_ id: String) throws -> HTTPResponse {
        let file = try find(id)
        let path = service.settings.path(ofFile: id)
        guard FileManager.default.fileExists(atPath: path) else { throw APIError.noSuch("File", id) }
        let headers = [(name: "Content-Type", value: "application/octet-stream")]
        if service.settings.resultsAsBase64, file.purpose == "fine-tune-results",
            file.job?.hasPrefix("ftjob-") == true
        {
            // As OpenAI serves the results of the newer API in practice.
            guard let data = FileManager.default.contents(atPath: path) else { throw APIError.noSuch("File", id) }
            return HTTPResponse(200, headers: headers, body: .bytes(Array(data.base64EncodedString().utf8)))
        }
        return HTTPResponse(200, headers: headers, body: .file(path: path))
    }

    func delete(_ id: String) throws -> HTTPResponse {
        _ = try find(id)
        guard try store.removeFile(id) else { throw APIError.noSuch("File", id) }
        try? FileManager.default.removeItem(atPath: service.settings.path(ofFile: id))
        return .json(200, ["id": .string(id), "object": "file", "deleted": true])
    }

    /// The file of an id. Anything else, the path of a file on the client's machine say, is not found.
    func find(_ id: String) throws -> StoredFile {
        guard Identifier.isPlausible(id), let file = try store.file(id) else { throw APIError.noSuch("File", id) }
        return file
    }

    // MARK: Upload

    func upload(_ request: HTTPRequest) throws -> HTTPResponse {
        let form = try UploadForm(request)
        guard let purpose = form.fields["purpose"] else {
            throw APIError.invalid("Missing required parameter: 'purpose'.", param: "purpose")
        }
        guard FileRoutes.purposes.contains(purpose) else {
            throw APIError.invalid(
                "'\(APIError.shown(purpose))' is not one of ['\(FileRoutes.purposes.joined(separator: "', '"))'] - 'purpose'",
                param: "purpose")
        }
        guard let part = form.file else {
            throw APIError.invalid("Missing required parameter: 'file'.", param: "file")
        }
        let expires = try expiry(form)
        if purpose == "fine-tune" { try checkFirstLine(form.beginning(of: part)) }
        let id = Identifier.new("file-")
        let bytes = try form.write(part, to: service.settings.path(ofFile: id))
        let file = StoredFile(
            id: id, bytes: bytes, created: store.now, filename: FileRoutes.name(part.filename), purpose: purpose,
            expires: expires, lines: nil, job: nil)
        do { try store.add(file) } catch {
            try? FileManager.default.removeItem(atPath: service.settings.path(ofFile: id))
            throw error
        }
        return .json(200, FileRoutes.json(file))
    }

    private func expiry(_ form: UploadForm) throws -> Int? {
        guard let text = form.fields["expires_after[seconds]"] else { return nil }
        guard let seconds = Int(text), 3600...2_592_000 ~= seconds else {
            throw APIError.invalid(
                "Invalid value for 'expires_after[seconds]': expected an integer from 3600 to 2592000.",
                param: "expires_after[seconds]")
        }
        if let anchor = form.fields["expires_after[anchor]"], anchor != "created_at" {
            throw APIError.invalid(
                "Invalid value for 'expires_after[anchor]': expected created_at.", param: "expires_after[anchor]")
        }
        return store.now + seconds
    }

    /// A look at the first bytes. The file is read by the process of the job alone.
    private func checkFirstLine(_ bytes: [UInt8]) throws {
        let text = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes[...]
        let content = text.drop { $0 == 0x20 || $0 == 0x09 || $0 == 0x0A || $0 == 0x0D }
        guard content.first != UInt8(ascii: "{") else { return }
        let start = String(decoding: content.prefix(4), as: UTF8.self)
        throw APIError.invalid(
            "Expected file to have JSONL format, where every line is a JSON dictionary. Line 1 is not a dictionary "
                + "(HINT: line starts with: \"\(APIError.shown(start))...\").", param: nil, code: "invalid_file_format")
    }

    /// The client's name for a file: shown only, never a path here.
    private static func name(_ text: String?) -> String {
        let name = String(
            (text ?? "").unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F }.prefix(500).map(Character.init))
        return name.isEmpty ? "upload" : name
    }

    static func json(_ file: StoredFile) -> JSONOutput {
        json(file, purpose: file.purpose)
    }

    /// - Parameter purpose: the older API has other words.
    static func json(_ file: StoredFile, purpose: String) -> JSONOutput {
        var members: [(key: String, value: JSONOutput)] = [
            ("id", .string(file.id)), ("object", "file"), ("bytes", .integer(file.bytes)),
            ("created_at", .integer(file.created)), ("filename", .string(file.filename)),
            ("purpose", .string(purpose)), ("status", "processed"), ("status_details", .null),
        ]
        if let expires = file.expires { members.append(("expires_at", .integer(expires))) }
        if let lines = file.lines { members.append(("luthier", ["rows": .integer(lines)])) }
        return .object(members)
    }
}

// The endpoints of the page that OpenAI's API does not have, and what they look up.

import Foundation
import HTTPServer

extension FineTuningService {
    var luthierRoutes: [Route] {
        let (prepare, rows, tune) = (PrepareRoute(service: self), RowsRoute(service: self), TuneRoute(service: self))
        let (progress, report) = (ProgressRoute(service: self), ReportRoute(service: self))
        let questions = QuestionsRoute(service: self)
        return [
            Route("POST", "/luthier/prepare") { request, _ in try prepare.answer(request) },
            Route("POST", "/luthier/rows") { request, _ in try rows.answer(request) },
            Route("POST", "/luthier/tune") { request, _ in try tune.answer(request) },
            Route("GET", "/luthier/jobs/:id/progress") { request, parts in try progress.answer(parts[0], request) },
            Route("GET", "/luthier/jobs/:id/report") { _, parts in try report.answer(parts[0]) },
            Route("GET", "/luthier/jobs/:id/questions") { request, parts in try questions.answer(parts[0], request) },
        ]
    }

    /// The uploaded file that a field names.
    func file(_ id: String, param: String) throws -> StoredFile {
        guard Identifier.isPlausible(id), let file = try store.file(id) else {
            throw APIError.noSuch("File", id, param: param)
        }
        return file
    }

    /// The model that a field names.
    func model(_ name: String, param: String) throws -> LocalModel {
        do { return try models.find(name) } catch var error as APIError {
            error.param = param
            throw error
        }
    }

    /// Puts an uploaded file into a folder, under a name that says what is in it, for a process to read.
    func link(_ file: StoredFile, to path: String) throws {
        let source = settings.path(ofFile: file.id)
        guard FileManager.default.fileExists(atPath: source) else { throw APIError.noSuch("File", file.id) }
        if Foundation.link(source, path) != 0 { try FileManager.default.copyItem(atPath: source, toPath: path) }
    }
}

extension HTTPRequest {
    /// An integer of the query.
    func queryInteger(_ name: String, in range: ClosedRange<Int>, default usual: Int) throws(APIError) -> Int {
        guard let text = queryValue(name) else { return usual }
        guard let value = Int(text), range.contains(value) else {
            throw .invalid(
                "Invalid value for '\(name)': expected an integer from \(range.lowerBound) to \(range.upperBound), got "
                    + "\(APIError.shown(text)).", param: name)
        }
        return value
    }
}

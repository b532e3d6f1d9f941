// `POST /luthier/prepare`: what `luthier prepare` says of an uploaded file, what its fixes do, and the fixed rows as files.

import Datasets
import Foundation
import HTTPServer
import Preparation
import StrictJSON

struct PrepareRoute {
    let service: FineTuningService

    /// Seconds that a file's process has.
    private static let seconds = 600.0

    func answer(_ request: HTTPRequest) throws -> HTTPResponse {
        var fields = try RequestFields(request)
        let file = try service.file(fields.requiredText("file"), param: "file")
        let base = try fields.text("base", length: 1...200).map { try service.model($0, param: "base") }
        let (take, leave) = (try rules("take", &fields), try rules("leave", &fields))
        if let both = take.first(where: leave.contains) {
            throw APIError.invalid("'\(both)' is in take and in leave.", param: "leave")
        }
        let prompt = try fields.text("promptColumn", length: 1...200)
        let completion = try fields.text("completionColumn", length: 1...200)
        let share = try fields.number("validationFraction", in: 0...0.9) ?? 0.1
        let writes = try fields.flag("write") ?? false
        try fields.finish()
        return try service.looks.ask(seconds: PrepareRoute.seconds, while: request.isConnected) { folder in
            let path = folder + "/input" + PrepareRoute.ending(file.filename)
            try service.link(file, to: path)
            return PrepareLook(
                path: path, name: file.filename, base: base?.path, take: take, leave: leave, promptColumn: prompt,
                completionColumn: completion, validationFraction: share, writes: writes)
        } _: { answer, folder in
            var members = answer.members.filter { $0.key != "parts" }.map { ($0.key, JSONOutput($0.value)) }
            let written = writes ? try store(answer["parts"]?.array ?? [], folder, file) : .null
            members.append(("written", written))
            return .json(200, .object(members.map { (key: $0.0, value: $0.1) }))
        }
    }

    private func rules(_ key: String, _ fields: inout RequestFields) throws(APIError) -> [String] {
        var names: [String] = []
        for node in try fields.list(key, most: Rule.all.count) ?? [] {
            guard let name = node.string, Rule.all.contains(where: { $0.name == name }) else {
                let given = APIError.shown(node.string ?? node.typeName)
                throw .invalid("'\(key)': there is no rule '\(given)'.", param: key, code: "unknown_rule")
            }
            names.append(name)
        }
        return names
    }

    /// What the client's name says of a file's kind: nothing else of it becomes a part of a path.
    static func ending(_ name: String) -> String {
        let kind = SourceFormat.kind(ofName: name)
        let known = [SourceFormat.textKinds, SourceFormat.jsonKinds, SourceFormat.tableKinds].contains {
            $0.contains(kind)
        }
        return (known ? "." + kind : "") + (name.lowercased().hasSuffix(".gz") ? ".gz" : "")
    }

    /// The client's name without what says its kind.
    static func stem(_ name: String) -> String {
        let end = ending(name)
        let stem = name.lowercased().hasSuffix(end) ? String(name.dropLast(end.count)) : name
        return stem.isEmpty ? "data" : stem
    }

    // MARK: Files

    private func store(_ parts: [JSONNode], _ folder: String, _ file: StoredFile) throws -> JSONOutput {
        var found: [(split: String, file: StoredFile)] = []
        do {
            for part in parts {
                guard let split = part.object?["split"]?.string, let rows = part.object?["rows"]?.integer,
                    Split(rawValue: split) != nil
                else { continue }
                let suffix = split == Split.train.rawValue ? "" : "-\(split)"
                let name = PrepareRoute.stem(file.filename) + suffix + ".jsonl"
                let path = "\(folder)/\(PrepareLook.output)/\(split).jsonl"
                found.append((split, try store(path, as: name, rows: rows)))
            }
        } catch {
            for file in found { remove(file.file) }
            throw error
        }
        func json(_ split: Split) -> JSONOutput {
            found.first { $0.split == split.rawValue }.map { FileRoutes.json($0.file) } ?? .null
        }
        return ["trainingFile": json(.train), "validationFile": json(.validation)]
    }

    private func store(_ path: String, as name: String, rows: Int) throws -> StoredFile {
        let id = Identifier.new("file-")
        let place = service.settings.path(ofFile: id)
        try FileManager.default.moveItem(atPath: path, toPath: place)
        let bytes = (try FileManager.default.attributesOfItem(atPath: place))[.size] as? Int ?? 0
        let file = StoredFile(
            id: id, bytes: bytes, created: service.store.now, filename: name, purpose: "fine-tune", expires: nil,
            lines: rows, job: nil)
        do { try service.store.add(file) } catch {
            try? FileManager.default.removeItem(atPath: place)
            throw error
        }
        return file
    }

    private func remove(_ file: StoredFile) {
        _ = try? service.store.removeFile(file.id)
        try? FileManager.default.removeItem(atPath: service.settings.path(ofFile: file.id))
    }
}

// What is known of a fetched model, and the file of its folder that says it.

import Files
import Foundation
import StrictJSON

/// A file of a model.
package struct ModelFile: Sendable, Equatable {
    package var name: String
    /// nil where nothing has said it yet.
    package var bytes: Int?
    /// SHA-256 in hexadecimal; nil where nothing has said it yet.
    package var sha256: String?
}

/// `fetched.json`: name, revision, licence and files of the folder that it is in.
package struct ModelRecord: Sendable, Equatable {
    package static let fileName = "fetched.json"

    /// The name that was fetched.
    package var name: String
    /// The commit of the hub, or the version of the package.
    package var revision: String
    package var licence: String?
    package var files: [ModelFile]

    /// Bytes of all files whose size is known.
    package var bytes: Int { files.reduce(0) { $0 + ($1.bytes ?? 0) } }

    /// Reads the record of a folder; nil where there is none, or where it is damaged.
    init?(folder: String) {
        guard let data = FileManager.default.contents(atPath: folder + "/" + ModelRecord.fileName),
            let object = try? JSONText.parse([UInt8](data), options: JSONOptions(maximumBytes: 4 << 20)).object,
            let name = object["name"]?.string, let revision = object["revision"]?.string,
            let files = object["files"]?.array
        else { return nil }
        self.init(name: name, revision: revision, licence: object["licence"]?.string, files: [])
        for file in files {
            guard let fileName = file.object?["name"]?.string, HubName.isFileName(fileName) else { return nil }
            self.files.append(
                ModelFile(
                    name: fileName, bytes: file.object?["bytes"]?.integer, sha256: file.object?["sha256"]?.string))
        }
    }

    init(name: String, revision: String, licence: String?, files: [ModelFile]) {
        (self.name, self.revision, self.licence, self.files) = (name, revision, licence, files)
    }

    /// Writes the record into a folder.
    func write(to folder: String) throws(FileError) {
        let list = files.map { file -> JSONOutput in
            .object([
                ("name", .string(file.name)), ("bytes", file.bytes.map { .integer($0) } ?? .null),
                ("sha256", file.sha256.map { .string($0) } ?? .null),
            ])
        }
        let text = JSONOutput.object([
            ("name", .string(name)), ("revision", .string(revision)),
            ("licence", licence.map { .string($0) } ?? .null), ("files", .array(list)),
        ]).serialized(pretty: true)
        try AtomicFile.write(text + "\n", to: folder + "/" + ModelRecord.fileName)
    }
}

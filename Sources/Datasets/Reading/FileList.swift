// Expands a path to files: the file itself, or the data in a folder. Files of a folder that are not data are named.

import Foundation

package enum FileList {
    /// The files of a path.
    package struct Found: Sendable, Equatable {
        package var files: [String]
        /// Files of a folder that are not read, because their names say that they are not data.
        package var skipped: [String] = []
    }

    /// Texts about a data set, which are not part of it.
    private static let notices: Set<String> = [
        "readme", "license", "licence", "notice", "copying", "provenance", "changelog", "citation", "authors",
    ]
    /// What `prepare` writes next to its rows.
    private static let ownFiles: Set<String> = ["changes.diff", "splits.lock"]

    /// The file at `path`; or the files in the folder at `path` and its subfolders, sorted by name, without hidden files.
    package static func files(at path: String) throws(DatasetError) -> [String] { try find(at: path).files }

    /// The same, and what is skipped.
    package static func find(at path: String) throws(DatasetError) -> Found {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw .fileNotFound(path: path)
        }
        guard isFolder.boolValue else { return Found(files: [path]) }
        let below = (try? FileManager.default.subpathsOfDirectory(atPath: path)) ?? []
        let base = path.hasSuffix("/") ? String(path.dropLast()) : path
        var found = Found(files: [])
        for name in below.sorted() where !name.split(separator: "/").contains(where: { $0.hasPrefix(".") }) {
            let file = "\(base)/\(name)"
            var isInner: ObjCBool = false
            guard FileManager.default.fileExists(atPath: file, isDirectory: &isInner), !isInner.boolValue else {
                continue
            }
            if isData(name) {
                found.files.append(file)
            } else if !ownFiles.contains((name as NSString).lastPathComponent) {
                found.skipped.append(file)
            }
        }
        guard !found.files.isEmpty || !found.skipped.isEmpty else { throw .emptyFolder(path: path) }
        guard !found.files.isEmpty else { throw .nothingToRead(path: path) }
        return found
    }

    private static func isData(_ name: String) -> Bool {
        let kind = SourceFormat.kind(ofName: name)
        let stem = (name as NSString).lastPathComponent.lowercased().prefix { $0 != "." }
        guard !notices.contains(String(stem)) else { return false }
        return SourceFormat.textKinds.contains(kind) || SourceFormat.jsonKinds.contains(kind)
            || SourceFormat.tableKinds.contains(kind)
    }
}

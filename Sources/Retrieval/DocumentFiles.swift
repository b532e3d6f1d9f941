// Which documents an index is made of.

import Foundation

/// A file that is a document.
package struct DocumentFile: Sendable, Equatable {
    /// As it was named, or the folder's path and the file's below it.
    package let path: String
    package let kind: DocumentKind

    /// The documents that paths name, each once, in the order of the paths and below a folder in that of their names. A file
    /// that is named is a document whatever its ending, of plain text where it says nothing; hidden files and folders below a
    /// folder are skipped.
    package static func found(in paths: [String]) throws(RetrievalError) -> [DocumentFile] {
        var (files, seen): ([DocumentFile], Set<String>) = ([], [])
        func add(_ path: String, _ kind: DocumentKind) {
            if seen.insert(path).inserted { files.append(DocumentFile(path: path, kind: kind)) }
        }
        for path in paths.map(cleaned) {
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
                throw .unreadable(path: path, reason: "there is no such file or folder")
            }
            guard isFolder.boolValue else {
                add(path, DocumentKind(fileName: path) ?? .text)
                continue
            }
            for name in (FileManager.default.subpaths(atPath: path) ?? []).sorted() {
                let isHidden = name.split(separator: "/").contains { $0.first == "." }
                guard !isHidden, let kind = DocumentKind(fileName: name) else { continue }
                let file = path == "/" ? "/" + name : path + "/" + name
                if FileManager.default.fileExists(atPath: file, isDirectory: &isFolder), !isFolder.boolValue {
                    add(file, kind)
                }
            }
        }
        guard !files.isEmpty else { throw .noDocuments(paths: paths) }
        return files
    }

    func bytes() throws(RetrievalError) -> [UInt8] {
        do { return [UInt8](try Data(contentsOf: URL(fileURLWithPath: path))) } catch {
            throw .unreadable(path: path, reason: error.localizedDescription)
        }
    }

    /// Without what changes nothing: `./` in front, a slash at the end.
    private static func cleaned(_ path: String) -> String {
        var path = path
        while path.hasPrefix("./"), path.count > 2 { path.removeFirst(2) }
        while path.hasSuffix("/"), path.count > 1 { path.removeLast() }
        return path
    }
}

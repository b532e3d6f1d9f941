// Expands a path of the config to files: the file itself, or the files in a folder.

import Foundation

package enum FileList {
    /// The file at `path`, or all files in the folder at `path` and its subfolders, sorted by name, without hidden files.
    package static func files(at path: String) throws(DatasetError) -> [String] {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw .fileNotFound(path: path)
        }
        guard isFolder.boolValue else { return [path] }
        let below = (try? FileManager.default.subpathsOfDirectory(atPath: path)) ?? []
        let base = path.hasSuffix("/") ? String(path.dropLast()) : path
        var files: [String] = []
        for name in below.sorted() where !name.split(separator: "/").contains(where: { $0.hasPrefix(".") }) {
            let file = "\(base)/\(name)"
            var isInner: ObjCBool = false
            if FileManager.default.fileExists(atPath: file, isDirectory: &isInner), !isInner.boolValue {
                files.append(file)
            }
        }
        guard !files.isEmpty else { throw .emptyFolder(path: path) }
        return files
    }
}

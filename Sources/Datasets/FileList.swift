// A path of the config as files: itself, or what a folder holds.

import Foundation

public enum FileList {
    /// The file at `path`, or every file below the folder at `path` in the order of names, hidden ones left out.
    public static func files(at path: String) throws(DatasetError) -> [String] {
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

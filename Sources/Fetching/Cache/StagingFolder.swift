// The folder in which a model's files are collected until all of them are there.

import Checkpoint
import Files
import Foundation

/// `.<name>.partial` next to the final folder: a lock, and the files, in a folder that is renamed at the end. What a
/// killed process leaves in it is continued by the next one.
final class StagingFolder {
    static let filesName = "files"
    private static let (prefix, suffix) = (".", ".partial")

    let final: String
    private let path: String
    private let lock: RunLock
    private var isOver = false

    /// The folder of the files.
    var files: String { path + "/" + StagingFolder.filesName }

    static func path(for final: String) -> String {
        let parts = final as NSString
        return parts.deletingLastPathComponent.isEmpty
            ? prefix + final + suffix
            : parts.deletingLastPathComponent + "/" + prefix + parts.lastPathComponent + suffix
    }

    /// The name of the model's folder if `name` is that of a staging folder.
    static func model(ofFolder name: String) -> String? {
        guard name.hasPrefix(prefix), name.hasSuffix(suffix) else { return nil }
        return String(name.dropFirst(prefix.count).dropLast(suffix.count))
    }

    /// Creates or continues the folder. Throws if another process works in it.
    init(for final: String) throws(FetchError) {
        self.final = final
        path = StagingFolder.path(for: final)
        do {
            try FileManager.default.createDirectory(
                atPath: path + "/" + StagingFolder.filesName, withIntermediateDirectories: true)
        } catch {
            throw .file(FileError(.createFolder, path, code: StagingFolder.code(of: error)))
        }
        do throws(RunLockError) { lock = try RunLock(directory: path) } catch {
            switch error {
            case .held(_, let owner): throw .busy(path: final, owner: owner)
            case .file(let error): throw .file(error)
            }
        }
    }

    /// The system's number for an error of Foundation's.
    static func code(of error: any Error) -> Int32 {
        let inner = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
        return inner.map { Int32(truncatingIfNeeded: $0.code) } ?? EIO
    }

    /// Takes over a damaged model, whose good files then need not be fetched again.
    func takeOver() throws(FetchError) {
        guard rmdir(files) == 0 else { return }
        try FetchError.wrapping { () throws(FileError) in try moveIntoPlace(final, to: files) }
    }

    /// Removes files that no model of this record has.
    func removeOthers(than names: [String]) {
        let kept = Set(names.flatMap { [$0, $0 + PartFile.suffix, $0 + PartFile.suffix + PartFile.tagSuffix] })
        for name in CachedModel.names(in: files) where !kept.contains(name) {
            try? FileManager.default.removeItem(atPath: files + "/" + name)
        }
    }

    /// Gives the folder its final name. All files in it must be on disk.
    func publish() throws(FetchError) {
        try FetchError.wrapping { () throws(FileError) in
            try FileDescriptor.synchronizeFolder(files)
            try moveIntoPlace(files, to: final)
        }
        // From here on the folder may be another process's.
        isOver = true
        unlink(path + "/" + RunLock.fileName)
        lock.release()
        rmdir(path)
    }

    /// Ends the work and keeps what has arrived.
    func release() {
        guard !isOver else { return }
        isOver = true
        if CachedModel.names(in: files).allSatisfy({ $0 == ModelRecord.fileName }) {
            try? FileManager.default.removeItem(atPath: path)
        }
        lock.release()
    }
}

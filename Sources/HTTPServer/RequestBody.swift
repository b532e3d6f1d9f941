// Collects the body of a request: in memory, or in a file once it is large.

import Foundation
import Synchronization

/// A private folder for large bodies, made when the first one comes.
final class UploadFolder: Sendable {
    private let chosen: String?
    private let made = Mutex<String?>(nil)
    private let number = Atomic<Int>(0)
    /// In front of the names of files, so that nothing else in the folder is removed.
    private static let prefix = "upload-"

    /// Makes the folder, where one was chosen, and removes what an earlier server has left.
    init(_ chosen: String?) throws(HTTPServerError) {
        self.chosen = chosen
        guard let chosen else { return }
        if mkdir(chosen, 0o700) != 0, errno != EEXIST {
            throw .uploadFolder(path: chosen, reason: String(cString: strerror(errno)))
        }
        guard access(chosen, R_OK | W_OK | X_OK) == 0 else {
            throw .uploadFolder(path: chosen, reason: String(cString: strerror(errno)))
        }
        made.withLock { $0 = chosen }
        removeFiles(in: chosen)
    }

    /// A new file for writing. Nil if it cannot be made; `errno` says why.
    func makeFile() -> (descriptor: Int32, path: String)? {
        guard let folder = folder() else { return nil }
        let count = number.wrappingAdd(1, ordering: .relaxed).newValue
        let path = "\(folder)/\(UploadFolder.prefix)\(getpid())-\(count)"
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        return descriptor < 0 ? nil : (descriptor, path)
    }

    private func folder() -> String? {
        made.withLock { path in
            if path == nil {
                var name = Array((NSTemporaryDirectory() + "/luthier-uploads-XXXXXX").utf8CString)
                if mkdtemp(&name) != nil {
                    path = String(decoding: name.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
                }
            }
            return path
        }
    }

    /// Removes the files, and the folder if it was made for this server.
    func remove() {
        guard let path = made.withLock({ $0 }) else { return }
        removeFiles(in: path)
        if chosen == nil { rmdir(path) }
    }

    private func removeFiles(in path: String) {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        where name.hasPrefix(UploadFolder.prefix) {
            unlink(path + "/" + name)
        }
    }
}

/// The bytes of one body, as they come.
final class RequestBody {
    enum Failure: Error {
        case tooLarge
        /// The disk is full, or cannot be written: the system's number.
        case disk(Int32)
    }

    private(set) var bytes: [UInt8] = []
    /// Set once the body is in a file.
    private(set) var path: String?
    private(set) var count = 0
    private var descriptor: Int32 = -1
    private let (limit, memory): (Int, Int)
    private let folder: UploadFolder

    init(limit: Int, memory: Int, folder: UploadFolder) {
        (self.limit, self.memory, self.folder) = (limit, memory, folder)
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
        if let path { unlink(path) }
    }

    func append(_ data: UnsafeRawBufferPointer) throws(Failure) {
        count += data.count
        guard count <= limit else { throw .tooLarge }
        if path == nil {
            guard count > memory else {
                bytes.append(contentsOf: data)
                return
            }
            guard let file = folder.makeFile() else { throw .disk(errno) }
            (descriptor, path) = file
            try check(bytes.withUnsafeBytes { writeCompletely($0, to: descriptor) })
            bytes = []
        }
        try check(writeCompletely(data, to: descriptor))
    }

    /// Called once, when all has come.
    func finish() throws(Failure) {
        guard descriptor >= 0 else { return }
        let code = close(descriptor)
        descriptor = -1
        // Some file systems say only here that the disk is full.
        if code != 0 { throw .disk(errno) }
    }

    private func check(_ number: Int32) throws(Failure) {
        if number != 0 { throw .disk(number) }
    }
}

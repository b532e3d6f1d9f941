// Allows one process at a time in a run's folder.

import Files

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Locks a folder and `run.lock` in it until it is released. The system releases a lock when the process ends for any
/// reason, so locks are never stale; the file itself stays. The folder is locked too, so that deleting the file lets nobody
/// in.
package final class RunLock {
    package static let fileName = "run.lock"

    private let folder: FileDescriptor
    private let file: FileDescriptor
    private var isHeld = true

    /// Acquires the lock of `directory`, or throws an error that names its owner.
    package init(directory: String) throws(RunLockError) {
        let path = "\(directory)/\(RunLock.fileName)"
        do throws(FileError) {
            folder = try FileDescriptor.open(directory, O_RDONLY | O_DIRECTORY)
        } catch {
            throw .file(error)
        }
        // A link would have another file emptied.
        do throws(FileError) {
            file = try FileDescriptor.open(path, O_RDWR | O_CREAT | O_NOFOLLOW, failure: .create)
        } catch {
            folder.close()
            throw .file(error)
        }
        // Some network file systems lock no folders; there, the file's lock is what there is.
        for descriptor in [folder, file] where retrying({ flock(descriptor.number, LOCK_EX | LOCK_NB) }) != 0 {
            let code = errno
            if descriptor.number == folder.number && code != EWOULDBLOCK { continue }
            let owner = RunLock.owner(file)
            release()
            throw code == EWOULDBLOCK
                ? .held(directory: directory, owner: owner) : .file(FileError(.open, path, code: code))
        }
        // The file's content is only used in the error message of other processes.
        _ = ftruncate(file.number, 0)
        try? file.write(Array("process \(getpid()) on \(RunLock.hostName)\n".utf8))
    }

    /// Whether a process holds the lock of `directory` at this moment. It only looks: it never takes the lock, so that it
    /// cannot keep a trainer out. False where the system does not tell (it is told by /proc/locks on Linux, man 5 proc).
    package static func isHeld(directory: String) -> Bool {
        var status = stat()
        guard lstat("\(directory)/\(RunLock.fileName)", &status) == 0,
            let file = try? FileDescriptor.open("/proc/locks", O_RDONLY)
        else { return false }
        defer { file.close() }
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 1 << 16)
        while let count = try? part.withUnsafeMutableBytes({ try file.read(at: bytes.count, into: $0) }), count > 0 {
            bytes += part[..<count]
        }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").contains { line in
            // "1: FLOCK  ADVISORY  WRITE 4711 fe:01:1835 0 EOF"; waiting ones have "->" in second place.
            let words = line.split(separator: " ")
            guard words.count >= 6, words[1] == "FLOCK" else { return false }
            return words[5].split(separator: ":").last.flatMap { UInt64($0) } == UInt64(status.st_ino)
        }
    }

    /// Releases the lock. Call it in a `defer` at the end of the work, because Swift may otherwise destroy the object right
    /// after its last use.
    package func release() {
        guard isHeld else { return }
        file.close()
        folder.close()
        isHeld = false
    }

    deinit { release() }

    /// What the lock's owner wrote: one line without control characters.
    private static func owner(_ file: FileDescriptor) -> String {
        var bytes = [UInt8](repeating: 0, count: 256)
        let count = bytes.withUnsafeMutableBytes { try? file.read(at: 0, into: $0) } ?? 0
        let line = bytes[..<count].prefix { (0x20...0x7e).contains($0) }
        return line.isEmpty ? "another process" : String(decoding: line, as: UTF8.self)
    }

    private static var hostName: String {
        var name = [CChar](repeating: 0, count: 256)
        guard gethostname(&name, name.count - 1) == 0 else { return "an unknown host" }
        return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// Why a run's lock could not be acquired.
package enum RunLockError: Error, Equatable, CustomStringConvertible {
    /// Another process uses the folder.
    case held(directory: String, owner: String)
    /// The lock file cannot be created or locked.
    case file(FileError)

    package var description: String {
        switch self {
        case .held(let directory, let owner): "\(directory) is in use by \(owner)"
        case .file(let error): error.description
        }
    }

    /// What the user can do about it.
    package var hint: String? {
        switch self {
        case .held: "wait for it, stop it, or give this run another name with --run"
        case .file(let error): error.hint
        }
    }
}

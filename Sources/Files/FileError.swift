// A failed file operation, as data.

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// An operation on a file that failed, with the system's reason.
package struct FileError: Error, Equatable, CustomStringConvertible {
    /// The operation; the raw value is its name in messages.
    package enum Operation: String, Sendable {
        case open, create, read, write, rename, remove, examine, start
        case reserve = "reserve space for"
        case flush = "flush to the disk"
        case list = "list the folder"
        case createFolder = "create the folder"
        case map = "map into memory"
    }

    package let operation: Operation
    package let path: String
    /// The system's `errno`.
    package let code: Int32

    package init(_ operation: Operation, _ path: String, code: Int32 = errno) {
        self.operation = operation
        self.path = path
        self.code = code
    }

    package var description: String { "cannot \(operation.rawValue) \(path): \(String(cString: strerror(code)))" }

    /// What the user can do about it, if anything.
    package var hint: String? {
        switch code {
        case ENOSPC, EDQUOT: "free some disk space, or choose a folder on another disk"
        case EFBIG: "raise the file size limit (ulimit -f)"
        case EACCES, EPERM, EROFS: "check the permissions"
        case ENOENT where operation == .create || operation == .createFolder: "create the parent folder first"
        case EAGAIN where operation == .start: "end other programs, or raise the limit of processes (ulimit -u)"
        case ELOOP: "it is a symbolic link, which is not followed here: remove it"
        case EMFILE, ENFILE: "raise the limit of open files (ulimit -n)"
        default: nil
        }
    }
}

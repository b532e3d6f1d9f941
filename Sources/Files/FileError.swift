// A file operation that the system refused, as data.

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// An operation on a file that failed, with the system's reason.
public struct FileError: Error, Equatable, CustomStringConvertible {
    /// What was attempted; the raw value is the word for it in messages.
    public enum Operation: String, Sendable {
        case open, create, read, write, rename, remove, examine
        case reserve = "reserve space for"
        case flush = "flush to the disk"
        case list = "list the folder"
        case createFolder = "create the folder"
        case map = "map into memory"
    }

    public let operation: Operation
    public let path: String
    /// The system's `errno`.
    public let code: Int32

    public init(_ operation: Operation, _ path: String, code: Int32 = errno) {
        self.operation = operation
        self.path = path
        self.code = code
    }

    public var description: String { "cannot \(operation.rawValue) \(path): \(String(cString: strerror(code)))" }

    /// What the reader can do about it, where there is something.
    public var hint: String? {
        switch code {
        case ENOSPC, EDQUOT: "free some space, or choose a folder on another disk"
        case EFBIG: "raise the limit on the size of files (ulimit -f)"
        case EACCES, EPERM, EROFS: "check who may write there"
        case ENOENT where operation == .create || operation == .createFolder: "create the folder that it lies in first"
        case EMFILE, ENFILE: "raise the limit on open files (ulimit -n)"
        default: nil
        }
    }
}

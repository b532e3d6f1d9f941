// Files that are replaced as a whole or not at all.

/// A file that is written beside its place, flushed to the disk, and put there when it is complete. After a crash at any
/// moment the file at `path` is the old one or the new one, and after a failure it is the old one.
public final class AtomicFile {
    private let temporary: TemporaryFile
    private var byteCount = 0
    private var isOver = false

    /// Begins a file that will stand at `path`.
    public init(path: String) throws(FileError) { temporary = try TemporaryFile(for: path) }

    /// Adds bytes at the end.
    public func append(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
        do throws(FileError) {
            try temporary.descriptor.write(bytes, at: byteCount)
        } catch {
            throw FileError(error.operation, temporary.destination, code: error.code)
        }
        byteCount += bytes.count
    }

    /// Adds bytes at the end.
    public func append(_ bytes: [UInt8]) throws(FileError) {
        try bytes.withUnsafeBufferPointer { buffer throws(FileError) in try append(UnsafeRawBufferPointer(buffer)) }
    }

    /// Puts the file at its path, in place of what was there. Nothing can be added any more.
    public func finish() throws(FileError) {
        isOver = true
        try temporary.publish()
    }

    deinit { if !isOver { temporary.discard() } }

    /// Puts `bytes` at `path`.
    public static func write(_ bytes: [UInt8], to path: String) throws(FileError) {
        let file = try AtomicFile(path: path)
        try file.append(bytes)
        try file.finish()
    }

    /// Puts `text` at `path` as UTF-8.
    public static func write(_ text: String, to path: String) throws(FileError) {
        try write(Array(text.utf8), to: path)
    }
}

// Files that are replaced completely or not at all.

/// A file that is written next to its destination, flushed to disk, and renamed when it is complete. After a crash at
/// any moment the file at `path` is the old or the new one; after a failure it is the old one.
package final class AtomicFile {
    private let temporary: TemporaryFile
    private var byteCount = 0
    private var isOver = false

    /// Starts a file that will replace `path`.
    package init(path: String) throws(FileError) { temporary = try TemporaryFile(for: path) }

    /// Appends bytes.
    package func append(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
        do throws(FileError) {
            try temporary.descriptor.write(bytes, at: byteCount)
        } catch {
            throw FileError(error.operation, temporary.destination, code: error.code)
        }
        byteCount += bytes.count
    }

    /// Appends bytes.
    package func append(_ bytes: [UInt8]) throws(FileError) {
        try bytes.withUnsafeBufferPointer { buffer throws(FileError) in try append(UnsafeRawBufferPointer(buffer)) }
    }

    /// Renames the file to its path, replacing what was there. Nothing can be appended afterwards.
    package func finish() throws(FileError) {
        isOver = true
        try temporary.publish()
    }

    deinit { if !isOver { temporary.discard() } }

    /// Writes `bytes` to `path`.
    package static func write(_ bytes: [UInt8], to path: String) throws(FileError) {
        let file = try AtomicFile(path: path)
        try file.append(bytes)
        try file.finish()
    }

    /// Writes `text` to `path` as UTF-8.
    package static func write(_ text: String, to path: String) throws(FileError) {
        try write(Array(text.utf8), to: path)
    }
}

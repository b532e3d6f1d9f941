// Writing a file so that its name never shows half of it.

import Foundation

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A file that is written under a temporary name beside its own, flushed to the disk, and renamed when complete.
final class AtomicFile {
    private let path: String
    private let temporaryPath: String
    private let descriptor: Int32
    private var isFinished = false

    /// Writes a whole file.
    static func write(_ bytes: [UInt8], to path: String) throws(InterchangeError) {
        let file = try AtomicFile(path: path)
        try file.write(bytes)
        try file.finish()
    }

    /// Creates the temporary file beside `path`.
    init(path: String) throws(InterchangeError) {
        self.path = path
        temporaryPath = path + ".\(getpid()).tmp"
        descriptor = open(temporaryPath, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw .system(file: path, action: .create, code: errno) }
    }

    /// Appends bytes.
    func write(_ bytes: UnsafeRawBufferPointer) throws(InterchangeError) {
        var offset = 0
        while offset < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[offset...])
            #if canImport(Glibc)
                let written = Glibc.write(descriptor, rest.baseAddress, rest.count)
            #else
                let written = Darwin.write(descriptor, rest.baseAddress, rest.count)
            #endif
            if written < 0 {
                if errno == EINTR { continue }
                throw .system(file: path, action: .write, code: errno)
            }
            offset += written
        }
    }

    /// Appends bytes.
    func write(_ bytes: [UInt8]) throws(InterchangeError) {
        try bytes.withUnsafeBufferPointer { (buffer) throws(InterchangeError) in
            try write(UnsafeRawBufferPointer(buffer))
        }
    }

    /// Flushes the bytes, gives the file its name, and flushes the folder that holds the name.
    func finish() throws(InterchangeError) {
        guard fsync(descriptor) == 0 else { throw .system(file: path, action: .flush, code: errno) }
        guard rename(temporaryPath, path) == 0 else { throw .system(file: path, action: .rename, code: errno) }
        isFinished = true
        let folder = open(URL(fileURLWithPath: path).deletingLastPathComponent().path, O_RDONLY | O_CLOEXEC)
        if folder >= 0 {
            fsync(folder)
            close(folder)
        }
    }

    deinit {
        close(descriptor)
        if !isFinished { unlink(temporaryPath) }
    }
}

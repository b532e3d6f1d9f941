// A file's bytes mapped into memory, read-only.

import Files

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The bytes of a file for as long as this object lives; whoever keeps `bytes` keeps the object. The file must not be
/// cut short meanwhile: the system answers a read beyond its new end with a signal.
final class MappedFile: @unchecked Sendable {
    let path: String
    let bytes: UnsafeRawBufferPointer

    /// Maps the file at `path`, which must be a regular file and no Git LFS pointer.
    init(path: String) throws(InterchangeError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw .file(FileError(.open, path)) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .file(FileError(.examine, path)) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            let code = status.st_mode & S_IFMT == S_IFDIR ? EISDIR : EINVAL
            throw .file(FileError(.read, path, code: code))
        }
        self.path = path
        let count = Int(status.st_size)
        guard count > 0 else {
            bytes = UnsafeRawBufferPointer(start: nil, count: 0)
            return
        }
        guard let base = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0), base != MAP_FAILED else {
            throw .file(FileError(.map, path))
        }
        bytes = UnsafeRawBufferPointer(start: base, count: count)
        if let pointer = GitLFSPointer.detect(bytes) { throw .gitLFSPointer(file: path, pointer) }
    }

    /// A copy of the complete file.
    static func contents(of path: String) throws(InterchangeError) -> [UInt8] {
        let file = try MappedFile(path: path)
        return withExtendedLifetime(file) { Array(file.bytes) }
    }

    /// Gives the memory back that holds these bytes; whoever reads them again reads the file again.
    func release(_ range: Range<Int>) {
        let page = Int(getpagesize())
        let start = range.lowerBound / page * page
        guard let base = bytes.baseAddress, range.upperBound > start else { return }
        madvise(UnsafeMutableRawPointer(mutating: base + start), range.upperBound - start, MADV_DONTNEED)
    }

    deinit {
        if let base = bytes.baseAddress { munmap(UnsafeMutableRawPointer(mutating: base), bytes.count) }
    }
}

// Opens a checkpoint once and verifies it before HDF5 reads it.

import Files

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A checkpoint whose user block, length and hash are correct; whoever creates it closes `descriptor`.
struct VerifiedFile {
    /// Larger than any model that fits in memory.
    static let maximumBytes = 1 << 40

    let descriptor: FileDescriptor
    /// SHA-256 of everything after the user block, in hexadecimal.
    let hash: String
    let byteCount: Int

    init(path: String) throws(CheckpointError) {
        // Non-blocking, because opening a FIFO would wait for a writer.
        descriptor = try CheckpointError.wrapping { () throws(FileError) in
            try FileDescriptor.open(path, O_RDONLY | O_NONBLOCK)
        }
        do throws(CheckpointError) {
            (hash, byteCount) = try VerifiedFile.verify(descriptor)
        } catch {
            descriptor.close()
            throw error
        }
    }

    private static func verify(_ file: FileDescriptor) throws(CheckpointError) -> (hash: String, byteCount: Int) {
        let path = file.path
        let status = try CheckpointError.wrapping(file.status)
        guard status.st_mode & S_IFMT == S_IFREG else { throw .notARegularFile(path: path, kind: kind(of: status)) }
        let minimum = UserBlock.byteCount + UserBlock.hdf5Signature.count
        let byteCount = Int(status.st_size)
        try refusePointer(file, byteCount)
        guard (minimum...maximumBytes).contains(byteCount) else {
            throw .sizeOutOfRange(path: path, found: byteCount, minimum: minimum, maximum: maximumBytes)
        }

        var head: [UInt8] = []
        try file.forEachPiece(of: 0..<minimum, wrapping: { CheckpointError.file($0) }) {
            _, bytes throws(CheckpointError) in
            head += bytes
        }
        let block = try UserBlock(decoding: Array(head.prefix(UserBlock.byteCount)), path: path)
        guard block.length == byteCount - UserBlock.byteCount else {
            let expected = Int(clamping: block.length)
            let total = expected.addingReportingOverflow(UserBlock.byteCount)
            throw .lengthDiffers(path: path, expected: total.overflow ? .max : total.partialValue, found: byteCount)
        }

        var digest = SHA256Digest()
        try file.forEachPiece(of: UserBlock.byteCount..<byteCount, wrapping: { CheckpointError.file($0) }) {
            _, bytes throws(CheckpointError) in
            digest.update(bytes)
        }
        let found = digest.finish()
        guard found == block.hash else {
            throw .hashDiffers(
                path: path, expected: SHA256Digest.hexadecimal(block.hash), found: SHA256Digest.hexadecimal(found))
        }
        guard head.suffix(UserBlock.hdf5Signature.count) == UserBlock.hdf5Signature[...] else {
            throw .notHDF5(path: path)
        }
        return (SHA256Digest.hexadecimal(found), byteCount)
    }

    /// What `status` describes, as a phrase.
    /// Throws where the file is a pointer of Git LFS.
    private static func refusePointer(_ file: FileDescriptor, _ byteCount: Int) throws(CheckpointError) {
        guard byteCount <= GitLFSPointer.largestBytes else { return }
        var bytes: [UInt8] = []
        try file.forEachPiece(of: 0..<byteCount, wrapping: { CheckpointError.file($0) }) {
            _, piece throws(CheckpointError) in
            bytes += piece
        }
        guard let pointer = bytes.withUnsafeBytes({ GitLFSPointer.detect($0) }) else { return }
        throw .gitLFSPointer(path: file.path, pointer)
    }

    static func kind(of status: stat) -> String {
        switch status.st_mode & S_IFMT {
        case S_IFDIR: "a folder"
        case S_IFIFO: "a pipe"
        case S_IFSOCK: "a socket"
        case S_IFCHR, S_IFBLK: "a device"
        default: "a special file"
        }
    }
}

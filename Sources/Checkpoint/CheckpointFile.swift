// Writing a checkpoint: either a complete, verified file replaces the destination, or nothing changes.

import Files

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Writes, verifies and cleans up checkpoints.
package enum CheckpointFile {
    /// What was written.
    package struct Receipt: Equatable, Sendable {
        /// SHA-256 of everything after the user block, in hexadecimal; identifies the content.
        package let hash: String
        /// The file's size.
        package let byteCount: Int
    }

    /// Writes `arrays`, then `texts`, to `path`. Equal content gives equal bytes.
    ///
    /// The file is written next to its destination, read back once (hashed and compared with memory in the same pass),
    /// flushed to disk and renamed. After any failure the destination is unchanged.
    ///
    /// - Parameter afterCopying: called when the arrays have been copied and may change again; also called if writing
    ///   fails.
    @discardableResult
    package static func write(
        to path: String, arrays: [ArrayRecord], texts: [TextRecord], elementType: ElementType = .float32,
        afterCopying: () -> Void = {}
    ) throws(CheckpointError) -> Receipt {
        var isCopied = false
        func copied() {
            if !isCopied { afterCopying() }
            isCopied = true
        }
        defer { copied() }
        let payloads = try Payload.prepare(arrays, texts, elementType)
        try checkDestination(path)
        let needed = try checkSpace(for: payloads, at: path)
        let temporary = try CheckpointError.wrapping { () throws(FileError) in try TemporaryFile(for: path) }
        let descriptor = temporary.descriptor
        let receipt: Receipt
        do throws(CheckpointError) {
            let offsets = try HDF5Writer.layOut(payloads, to: temporary.path, path: path) {
                () throws(CheckpointError) in
                // Reserve space first: HDF5 handles a full disk badly.
                try CheckpointError.wrapping { () throws(FileError) in try descriptor.reserve(needed) }
            }
            let fingerprints = try CheckpointError.wrapping { () throws(FileError) in
                try PayloadCopy.write(payloads, at: offsets, to: descriptor)
            }
            copied()
            try CheckpointError.wrapping(descriptor.releaseReserve)
            let places = payloads.indices.map {
                WrittenPlace(
                    name: payloads[$0].name, offset: offsets[$0], byteCount: payloads[$0].byteCount,
                    fingerprint: fingerprints[$0])
            }
            receipt = try seal(descriptor, path: path, places)
        } catch {
            temporary.discard()
            throw error.naming(path)
        }
        try CheckpointError.wrapping(temporary.publish)
        return receipt
    }

    /// Checks that the file at `path` is complete: its user block, length and hash. Returns the hash in hexadecimal.
    package static func verify(_ path: String) throws(CheckpointError) -> String {
        let verified = try VerifiedFile(path: path)
        verified.descriptor.close()
        return verified.hash
    }

    /// Removes temporary files of killed writers from `folder` and returns their names. The caller must hold the
    /// folder's `RunLock`, because the file of a live writer looks the same.
    @discardableResult
    package static func removeLeftovers(in folder: String) throws(FileError) -> [String] {
        guard let stream = opendir(folder) else { throw FileError(.list, folder) }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if TemporaryFile.isTemporary(name) { names.append(name) }
        }
        for name in names {
            let path = "\(folder)/\(name)"
            guard unlink(path) == 0 else { throw FileError(.remove, path) }
        }
        return names.sorted()
    }

    /// Rejects a destination that a rename could not replace, before anything is written.
    private static func checkDestination(_ path: String) throws(CheckpointError) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        let kind = status.st_mode & S_IFMT
        guard kind == S_IFREG || kind == S_IFLNK else {
            throw .notARegularFile(path: path, kind: VerifiedFile.kind(of: status))
        }
    }

    /// Returns an upper bound of the file's size.
    private static func checkSpace(for payloads: [Payload], at path: String) throws(CheckpointError) -> Int {
        // HDF5 needs about 300 bytes for each array and its name; 4096 is plenty.
        let needed = payloads.reduce(1 << 16) { $0 + $1.byteCount + 4096 }
        let folder = parentFolder(of: path)
        var status = statvfs()
        guard statvfs(folder, &status) == 0 else { throw .file(FileError(.create, path)) }
        let available = Int(
            clamping: UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize)).partialValue)
        guard available >= needed else { throw .notEnoughSpace(path: path, needed: needed, available: available) }
        return needed
    }

    /// Reads the file back, compares its arrays with memory, hashes it, and writes the user block.
    private static func seal(
        _ descriptor: FileDescriptor, path: String, _ places: [WrittenPlace]
    ) throws(CheckpointError) -> Receipt {
        var digest = SHA256Digest()
        var comparison = Comparison(places, path: path)
        let length = try DirectFile.forEachPiece(
            of: descriptor, UserBlock.byteCount..<VerifiedFile.maximumBytes, wrapping: { CheckpointError.file($0) }
        ) { offset, bytes throws(CheckpointError) in
            digest.update(bytes)
            try comparison.compare(bytes, at: offset)
        }
        try comparison.finish()
        let hash = digest.finish()
        try CheckpointError.wrapping { () throws(FileError) in
            try descriptor.write(UserBlock(length: length, hash: hash).encoded())
        }
        return Receipt(hash: SHA256Digest.hexadecimal(hash), byteCount: UserBlock.byteCount + length)
    }

    /// Writes the user block of a file whose HDF5 part was created elsewhere.
    package static func seal(_ path: String) throws(CheckpointError) {
        let descriptor = try CheckpointError.wrapping { () throws(FileError) in try FileDescriptor.open(path, O_RDWR) }
        defer { descriptor.close() }
        _ = try seal(descriptor, path: path, [])
    }
}

/// The location of one payload in the file, and its fingerprint.
private struct WrittenPlace {
    let name: String
    let offset: Int
    let byteCount: Int
    let fingerprint: Fingerprint
}

/// Compares a file, read in pieces, with its expected content.
private struct Comparison {
    /// In file order.
    private let places: [WrittenPlace]
    private let path: String
    /// The first place that is not complete yet, and the fingerprint of the bytes seen so far.
    private var current = 0
    private var seen = Fingerprint()

    init(_ places: [WrittenPlace], path: String) {
        self.places = places.sorted { $0.offset < $1.offset }
        self.path = path
    }

    mutating func compare(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(CheckpointError) {
        let end = offset + bytes.count
        while current < places.count {
            let place = places[current]
            let (start, stop) = (place.offset, place.offset + place.byteCount)
            if start < end, stop > offset {
                let common = (max(start, offset) - offset)..<(min(stop, end) - offset)
                seen.add(UnsafeRawBufferPointer(rebasing: bytes[common]), at: max(start, offset) - start)
            }
            if stop > end { return }
            guard seen == place.fingerprint else { throw .readBackDiffers(path: path, name: place.name) }
            (current, seen) = (current + 1, Fingerprint())
        }
    }

    /// Checks that the file did not end too early.
    func finish() throws(CheckpointError) {
        guard current == places.count else { throw .readBackDiffers(path: path, name: places[current].name) }
    }
}

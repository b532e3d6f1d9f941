// A file that arrives in pieces, perhaps over several processes, and gets its name when its hash is right.

import Checkpoint
import Files
import Foundation

/// `<name>.part`, written from its start while its SHA-256 is computed.
final class PartFile {
    static let suffix = ".part"
    /// Of the file with the entity tag that the server gave to the bytes.
    static let tagSuffix = ".tag"

    let destination: String
    private(set) var byteCount = 0
    private let file: FileDescriptor
    private var digest = RunningDigest()

    private var path: String { destination + PartFile.suffix }
    private var tagPath: String { path + PartFile.tagSuffix }

    /// Starts the file, or continues what is there.
    init(for destination: String) throws(FileError) {
        self.destination = destination
        let file = try FileDescriptor.open(destination + PartFile.suffix, O_RDWR | O_CREAT, failure: .create)
        self.file = file
        let digest = digest
        byteCount = try file.forEachPiece(of: 0..<Int.max, wrapping: { $0 }) { (_, bytes) throws(FileError) in
            digest.update(bytes)
        }
    }

    deinit { file.close() }

    func append(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
        try file.write(bytes, at: byteCount)
        digest.update(bytes)
        byteCount += bytes.count
    }

    /// Forgets all bytes.
    func restart() throws(FileError) {
        guard retrying({ ftruncate(file.number, 0) }) == 0 else { throw FileError(.write, path) }
        (byteCount, digest) = (0, RunningDigest())
        unlink(tagPath)
    }

    /// The entity tag of the version of the file that the bytes are of, if the server gave one.
    var tag: String? {
        FileManager.default.contents(atPath: tagPath).flatMap { String(validating: $0, as: UTF8.self) }
    }

    func set(tag: String?) throws(FileError) {
        if let tag { try AtomicFile.write(tag, to: tagPath) } else { unlink(tagPath) }
    }

    /// SHA-256 of all bytes; call once. Nothing can be appended afterwards, except after `restart`.
    func hash() -> String { digest.finish() }

    /// Gives the file its name.
    func publish() throws(FileError) {
        try file.synchronize()
        try moveIntoPlace(path, to: destination)
        unlink(tagPath)
    }

    /// Removes the file.
    func discard() {
        unlink(path)
        unlink(tagPath)
    }
}

// A file written next to its destination and renamed when it is complete and on disk.

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A new file `<destination>.tmp.<pid>` in the destination's folder (a rename between file systems fails).
/// Call exactly one of `publish()` and `discard()` at the end.
package struct TemporaryFile {
    package let descriptor: FileDescriptor
    package let destination: String

    package var path: String { descriptor.path }

    /// Creates the file. If a killed process with the same id left a file with this name, the next free name is used,
    /// because the existing file might belong to another thread.
    package init(for destination: String) throws(FileError) {
        self.destination = destination
        let base = "\(destination).tmp.\(getpid())"
        var attempt = 0
        while true {
            let name = attempt == 0 ? base : "\(base).\(attempt)"
            do throws(FileError) {
                descriptor = try FileDescriptor.open(name, O_RDWR | O_CREAT | O_EXCL, failure: .create)
                return
            } catch {
                attempt += 1
                if error.code == EEXIST && attempt < 1000 { continue }
                throw FileError(.create, destination, code: error.code)
            }
        }
    }

    /// Flushes the file and renames it to its destination. After a crash at any moment the destination is the complete
    /// old file or the complete new file. HDF5 never calls fsync itself.
    package func publish() throws(FileError) {
        do throws(FileError) {
            try descriptor.synchronize()
            guard rename(path, destination) == 0 else { throw FileError(.rename, destination) }
        } catch {
            discard()
            throw FileError(error.operation, destination, code: error.code)
        }
        descriptor.close()
        try FileDescriptor.synchronizeFolder(parentFolder(of: destination))
    }

    /// Removes the file.
    package func discard() {
        _ = unlink(path)
        descriptor.close()
    }

    /// Whether `name` is a name that `init` creates.
    package static func isTemporary(_ name: String) -> Bool {
        guard let range = name.lastRange(of: ".tmp.") else { return false }
        let parts = name[range.upperBound...].split(separator: ".", omittingEmptySubsequences: false)
        return parts.count <= 2 && parts.allSatisfy { !$0.isEmpty && $0.allSatisfy { "0"..."9" ~= $0 } }
    }
}

extension String {
    /// The range of the last occurrence of `text`.
    fileprivate func lastRange(of text: String) -> Range<Index>? {
        indices.last { self[$0...].hasPrefix(text) }.map { $0..<index($0, offsetBy: text.count) }
    }
}

// A file written beside its destination, which takes its name only when it is complete and on the disk.

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A new file `<destination>.tmp.<pid>` in the destination's own folder (a rename between file systems fails).
/// Ends with exactly one of `publish()` and `discard()`.
package struct TemporaryFile {
    package let descriptor: FileDescriptor
    package let destination: String

    package var path: String { descriptor.path }

    /// Creates the file. A name that a killed process of the same number has left behind is not taken over, because
    /// it might be another thread's; the next free one is used.
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

    /// Puts the file in its destination's place: after a crash at any moment the destination is the old file or the
    /// new one, whole. HDF5 never calls fsync itself.
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

    /// Whether `name` is one that `init` gives.
    package static func isTemporary(_ name: String) -> Bool {
        guard let range = name.lastRange(of: ".tmp.") else { return false }
        let parts = name[range.upperBound...].split(separator: ".", omittingEmptySubsequences: false)
        return parts.count <= 2 && parts.allSatisfy { !$0.isEmpty && $0.allSatisfy { "0"..."9" ~= $0 } }
    }
}

extension String {
    /// The last place where `text` stands.
    fileprivate func lastRange(of text: String) -> Range<Index>? {
        indices.last { self[$0...].hasPrefix(text) }.map { $0..<index($0, offsetBy: text.count) }
    }
}

// Moves finished files and folders to their final name.

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Renames `source` to `destination` in the same file system so that it survives a power loss. After a crash at any
/// moment it has the one name or the other. A file or an empty folder that has the final name is replaced.
package func moveIntoPlace(_ source: String, to destination: String) throws(FileError) {
    guard rename(source, destination) == 0 else { throw FileError(.rename, destination) }
    try FileDescriptor.synchronizeFolder(parentFolder(of: destination))
}

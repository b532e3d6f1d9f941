// Small files that are replaced as a whole or not at all.

/// Writing small files such as `latest`, `best`, `config.json` and `ledger.json`.
public enum AtomicFile {
    /// Puts `bytes` at `path`, in place of what was there. After a crash at any moment the file is the old one or the
    /// new one, and after a failure it is the old one.
    public static func write(_ bytes: [UInt8], to path: String) throws(FileError) {
        let temporary = try TemporaryFile(for: path)
        do throws(FileError) {
            try temporary.descriptor.write(bytes)
        } catch {
            temporary.discard()
            throw FileError(error.operation, path, code: error.code)
        }
        try temporary.publish()
    }

    /// Puts `text` at `path` as UTF-8.
    public static func write(_ text: String, to path: String) throws(FileError) {
        try write(Array(text.utf8), to: path)
    }
}

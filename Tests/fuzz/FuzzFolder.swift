// A folder in memory for readers that take files: the parts of one input become its files.

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Files whose contents are the parts of an input. Beyond the last part there are no files.
struct FuzzFolder {
    /// `LUTHIER_FUZZ_FOLDER`, which `run.sh` makes and removes.
    let path: String

    init() {
        guard let path = getenv("LUTHIER_FUZZ_FOLDER") else { fatalError("LUTHIER_FUZZ_FOLDER is not set") }
        self.path = String(cString: path)
    }

    /// Replaces the files `names`; one that has no part is removed.
    func replace(_ names: [String], with parts: [ArraySlice<UInt8>]) {
        for (index, name) in names.enumerated() {
            if index < parts.count { write(parts[index], to: name) } else { unlink("\(path)/\(name)") }
        }
    }

    private func write(_ bytes: ArraySlice<UInt8>, to name: String) {
        let descriptor = open("\(path)/\(name)", O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        guard descriptor >= 0 else { fatalError("\(path)/\(name) cannot be made") }
        defer { close(descriptor) }
        let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        guard count == bytes.count else { fatalError("\(path)/\(name) cannot be written") }
    }
}

/// The parts of an input, divided where `separator` is.
func parts(of bytes: [UInt8], separator: [UInt8]) -> [ArraySlice<UInt8>] {
    var (result, rest) = ([ArraySlice<UInt8>](), bytes[...])
    while let place = rest.firstRange(of: separator) {
        result.append(rest[..<place.lowerBound])
        rest = rest[place.upperBound...]
    }
    return result + [rest]
}

/// `fatalError` says what failed also where the program is optimized.
func require(_ condition: Bool, _ failure: @autoclosure () -> String) {
    if !condition { fatalError(failure()) }
}

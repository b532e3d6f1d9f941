// Calls HDF5, checks every return value, and collects HDF5's own error messages.

import CHDF5
import Foundation

/// HDF5 calls for one file; `path` is its name in errors.
///
/// HDF5 locks internally if it is built thread-safe (Debian's is), so calls may come from any thread.
struct HDF5Session {
    let path: String

    /// One-time setup before HDF5's first use.
    private static let prepareLibrary: Void = {
        // We close everything. HDF5's own cleanup at exit crashes (1.10.8) if a file could not be closed because the
        // disk was full, even if everything worked afterwards.
        // A child process started while a file is open inherits HDF5's lock and keeps it. Checkpoints are never changed
        // in place, so locks are not needed.
        setenv("HDF5_USE_FILE_LOCKING", "FALSE", 1)
        H5dont_atexit()
        // No plugins: a file must not make the program load code.
        H5PLset_loading_state(0)
    }()

    init(path: String) {
        self.path = path
        HDF5Session.prepareLibrary
        // Per thread: without it HDF5 prints its errors to stderr.
        H5Eset_auto2(0, nil, nil)
    }

    /// Returns an identifier from HDF5, or throws its error.
    func opened(_ operation: String, _ identifier: hid_t) throws(CheckpointError) -> hid_t {
        guard identifier >= 0 else { throw failure(operation) }
        return identifier
    }

    /// Returns a status or count from HDF5, or throws its error.
    @discardableResult
    func checked<Status: SignedInteger>(_ operation: String, _ status: Status) throws(CheckpointError) -> Status {
        guard status >= 0 else { throw failure(operation) }
        return status
    }

    /// Passes an identifier to `body` and closes it. The close is checked too, because a failed write may only show then.
    func with<Result>(
        _ operation: String, _ identifier: hid_t, close: (hid_t) -> herr_t,
        _ body: (hid_t) throws(CheckpointError) -> Result
    ) throws(CheckpointError) -> Result {
        let identifier = try opened(operation, identifier)
        let result: Result
        do throws(CheckpointError) {
            result = try body(identifier)
        } catch {
            _ = close(identifier)
            throw error
        }
        try checked("closing after \(operation)", close(identifier))
        return result
    }

    /// The error of the call that just failed, with HDF5's messages from the outermost function to the innermost.
    func failure(_ operation: String) -> CheckpointError {
        var lines: [String] = []
        _ = withUnsafeMutablePointer(to: &lines) { lines in
            H5Ewalk2(
                0, H5E_WALK_DOWNWARD,
                { _, entry, lines in
                    if let text = entry?.pointee.desc {
                        lines?.assumingMemoryBound(to: [String].self).pointee.append(String(cString: text))
                    }
                    return 0
                }, lines)
        }
        H5Eclear2(0)
        // The last lines are the most useful: the innermost one has the system's error.
        let detail = lines.isEmpty ? "no reason given" : lines.suffix(3).map(brief).joined(separator: ": ")
        return .library(path: path, operation: operation, detail: detail)
    }

    /// A line of HDF5's error stack. Lines of failed reads and writes, "file write failed: time = …, filename = …, error
    /// message = 'No space left on device', buf = 0x…", are reduced to their message.
    private func brief(_ line: String) -> String {
        guard let message = line.components(separatedBy: "error message = '").dropFirst().first else { return line }
        let what = line.components(separatedBy: ": time =")[0]
        return "\(what): \(message.prefix { $0 != "'" })"
    }
}

/// How an array's elements are stored.
package enum ElementType: String, Sendable, CaseIterable {
    case float32
    /// Only for weights without optimizer state: half the size, about three decimal digits.
    case float16

    var byteCount: Int { self == .float32 ? 4 : 2 }
}

/// The type of a dataset.
enum StoredType: Equatable {
    case float(ElementType)
    case text

    var byteCount: Int {
        switch self {
        case .float(let type): type.byteCount
        case .text: 1
        }
    }

    var description: String {
        switch self {
        case .float(let type): type.rawValue
        case .text: "bytes"
        }
    }

    static let all: [StoredType] = [.float(.float32), .float(.float16), .text]

    /// Passes HDF5's type to `body`: little-endian on every machine.
    func withType<Result>(
        _ session: HDF5Session, _ body: (hid_t) throws(CheckpointError) -> Result
    ) throws(CheckpointError) -> Result {
        let base = self == .text ? luthier_h5_uint8() : luthier_h5_float32()
        return try session.with("copying a type", H5Tcopy(base), close: H5Tclose) { type throws(CheckpointError) in
            if self == .float(.float16) {
                // IEEE 754 binary16: sign bit 15, 5 bits of exponent from bit 10, 10 of mantissa, bias 15.
                try session.checked("setting float16's fields", H5Tset_fields(type, 15, 10, 5, 0, 10))
                try session.checked("setting float16's size", H5Tset_size(type, 2))
                try session.checked("setting float16's bias", H5Tset_ebias(type, 15))
            }
            return try body(type)
        }
    }
}

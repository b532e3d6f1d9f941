// Calls into HDF5 with every return value checked and its own account of a failure kept.

import CHDF5
import Foundation

/// HDF5 at work on one file, `path` being the name for errors.
///
/// HDF5 locks itself where it is built thread-safe (Debian's is), so calls may come from any thread.
struct HDF5Session {
    let path: String

    /// What must come before HDF5's first use, once.
    private static let prepareLibrary: Void = {
        // Everything is closed by us. HDF5's own tidying up when the process ends crashes (1.10.8) if ever a file
        // could not be closed because the disk was full, even if all has gone well since.
        // A process that is started while a file is open inherits HDF5's lock on it and holds it after us. Checkpoints are
        // never changed in place, so that locks would guard nothing.
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

    /// An identifier that HDF5 has given, or its error.
    func opened(_ operation: String, _ identifier: hid_t) throws(CheckpointError) -> hid_t {
        guard identifier >= 0 else { throw failure(operation) }
        return identifier
    }

    /// A status or count that HDF5 has returned, or its error.
    @discardableResult
    func checked<Status: SignedInteger>(_ operation: String, _ status: Status) throws(CheckpointError) -> Status {
        guard status >= 0 else { throw failure(operation) }
        return status
    }

    /// Gives `body` an identifier and closes it, checking that too: a failed write may show only then.
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

    /// The error of the call that has just failed, in HDF5's words from the outermost function to the innermost.
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
        // The last lines say most: the system's own reason stands in the innermost.
        let detail = lines.isEmpty ? "no reason given" : lines.suffix(3).map(brief).joined(separator: ": ")
        return .library(path: path, operation: operation, detail: detail)
    }

    /// A line of HDF5's account. Those of failed reads and writes, "file write failed: time = …, filename = …, error
    /// message = 'No space left on device', buf = 0x…", are cut down to their message.
    private func brief(_ line: String) -> String {
        guard let message = line.components(separatedBy: "error message = '").dropFirst().first else { return line }
        let what = line.components(separatedBy: ": time =")[0]
        return "\(what): \(message.prefix { $0 != "'" })"
    }
}

/// How an array's elements are stored.
public enum ElementType: String, Sendable, CaseIterable {
    case float32
    /// Weights without optimizer state only: half the size, about three decimal digits.
    case float16

    var byteCount: Int { self == .float32 ? 4 : 2 }
}

/// What the bytes of a dataset mean.
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

    /// Gives `body` HDF5's type: little-endian on every machine.
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

// The 512 bytes before the HDF5 data: file type, length and SHA-256.

/// The user block of a checkpoint. Little-endian: magic (8 bytes), format version (4), zeros (4), length (8) and
/// SHA-256 (32) of everything after the block, zeros to the end. `checkpoints/README.md` gives the reasons.
package struct UserBlock: Equatable {
    package static let byteCount = 512
    static let magic = Array("LUTHIER\0".utf8)
    /// The version that this program writes, and the newest version that it reads.
    package static let currentVersion: UInt32 = 1
    /// The signature of HDF5 files, which follows the block.
    static let hdf5Signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a]

    /// Number of bytes after the block.
    let length: UInt64
    /// Their SHA-256.
    let hash: [UInt8]

    package init(length: Int, hash: [UInt8]) {
        self.length = UInt64(length)
        self.hash = hash
    }

    package func encoded(version: UInt32 = currentVersion) -> [UInt8] {
        var bytes = UserBlock.magic
        withUnsafeBytes(of: version.littleEndian) { bytes += $0 }
        bytes += [0, 0, 0, 0]
        withUnsafeBytes(of: length.littleEndian) { bytes += $0 }
        bytes += hash
        return bytes + [UInt8](repeating: 0, count: UserBlock.byteCount - bytes.count)
    }

    /// Reads the block from the first `byteCount` bytes of the file at `path`.
    init(decoding bytes: [UInt8], path: String) throws(CheckpointError) {
        guard bytes.starts(with: UserBlock.magic) else {
            throw .notACheckpoint(path: path, format: DetectedFormat(firstBytes: bytes))
        }
        let version = UserBlock.littleEndian(bytes[8..<12])
        guard version <= UInt64(UserBlock.currentVersion) else {
            throw .newerVersion(path: path, found: Int(version), supported: Int(UserBlock.currentVersion))
        }
        length = UserBlock.littleEndian(bytes[16..<24])
        hash = Array(bytes[24..<56])
        let block = encoded(version: UInt32(version))
        guard version > 0, block == bytes else { throw .damagedHeader(path: path) }
    }

    private static func littleEndian(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}

/// What a file that is not a checkpoint appears to be.
package enum DetectedFormat: Equatable, Sendable {
    case zeros
    /// HDF5 without the user block.
    case plainHDF5
    /// A zip archive or a pickle, as PyTorch writes them.
    case pytorch
    case safetensors
    case gguf
    case unknown

    init(firstBytes bytes: [UInt8]) {
        self =
            if bytes.allSatisfy({ $0 == 0 }) {
                .zeros
            } else if bytes.starts(with: UserBlock.hdf5Signature) {
                .plainHDF5
            } else if bytes.starts(with: Array("PK\u{3}\u{4}".utf8)) || bytes.starts(with: [0x80, 0x02]) {
                .pytorch
            } else if bytes.starts(with: Array("GGUF".utf8)) {
                .gguf
            } else if bytes.count > 8, bytes[8] == UInt8(ascii: "{") {
                .safetensors
            } else {
                .unknown
            }
    }
}

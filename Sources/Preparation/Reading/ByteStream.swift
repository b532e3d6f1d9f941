// Reads a file sequentially in pieces and decompresses gzip on the fly.

import CZlib
import Foundation

/// Reads one file once. zlib passes plain files through unchanged.
final class ByteStream {
    /// Size of one piece.
    static let pieceBytes = 1 << 20

    let path: String
    private let file: gzFile
    private var delivered = 0

    init(path: String) throws(PreparationError) {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), !isFolder.boolValue,
            let file = gzopen(path, "rb")
        else { throw .unreadable(path: path) }
        self.path = path
        self.file = file
        gzbuffer(file, 256 << 10)
    }

    deinit { gzclose(file) }

    /// Appends the next piece to `bytes`.
    ///
    /// - Returns: false at the end of the file.
    func append(to bytes: inout [UInt8]) throws(PreparationError) -> Bool {
        let start = bytes.count
        bytes.append(contentsOf: repeatElement(0, count: ByteStream.pieceBytes))
        let count = bytes.withUnsafeMutableBytes { buffer in
            Int(gzread(file, buffer.baseAddress.map { $0 + start }, UInt32(ByteStream.pieceBytes)))
        }
        bytes.removeLast(ByteStream.pieceBytes - max(0, count))
        var code: Int32 = 0
        let reason = gzerror(file, &code).map { String(cString: $0) } ?? ""
        // A truncated stream is detected only at its end, as a buffer error.
        guard count >= 0, code == Z_OK || code == Z_STREAM_END else {
            throw .brokenGzip(path: path, reason: reason, after: delivered + max(0, count))
        }
        delivered += count
        return count > 0
    }
}

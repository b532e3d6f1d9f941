// Reads a file sequentially in pieces, decompresses gzip on the fly, and decodes the text.

import CZlib
import Files
import Foundation

/// Reads one file once, as UTF-8 with line feeds. zlib passes plain files through unchanged.
final class ByteStream {
    /// Size of one piece.
    static let pieceBytes = 1 << 20

    let path: String
    /// Decompressed bytes read so far.
    private(set) var bytesRead = 0
    private let file: gzFile
    private var decoder = TextDecoder()

    init(path: String) throws(DatasetError) {
        guard FileManager.default.fileExists(atPath: path) else { throw .fileNotFound(path: path) }
        guard FileDescriptor.isRegular(path) else { throw .notRegular(path: path) }
        guard let file = gzopen(path, "rb") else { throw .unreadable(path: path) }
        self.path = path
        self.file = file
        gzbuffer(file, 256 << 10)
    }

    deinit { gzclose(file) }

    /// Appends the next piece to `bytes`.
    ///
    /// - Returns: false at the end of the file.
    func append(to bytes: inout [UInt8]) throws(DatasetError) -> Bool {
        let start = bytes.count
        let count = try appendRaw(to: &bytes)
        if bytesRead == count { try SourceFormat.rejectOtherKinds(bytes[start...], path: path) }
        do { try decoder.decode(&bytes, from: start, isEnd: count == 0) } catch {
            throw .notText(path: path, error)
        }
        return count > 0
    }

    /// Appends the next piece as it is and returns its size.
    func appendRaw(to bytes: inout [UInt8]) throws(DatasetError) -> Int {
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
            throw .brokenGzip(path: path, reason: reason, after: bytesRead + max(0, count))
        }
        bytesRead += count
        return count
    }
}

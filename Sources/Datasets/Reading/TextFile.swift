// Reads a complete text file: valid UTF-8 or an error with its position, without byte-order mark, with normalized line ends.

import Foundation

/// The checked bytes of a text file.
package struct TextFile: Sendable {
    /// The path as given.
    package let path: String
    /// UTF-8 without a byte-order mark, line ends as "\n". UTF-16 is converted, gzip is decompressed.
    package let bytes: [UInt8]
    /// What was changed to make them: for people.
    package let changes: [String]

    /// Larger text files are rejected: they would not fit in memory with their tokens.
    package static let largestBytes = 4 << 30

    /// Reads and checks the file at `path`.
    package init(path: String) throws(DatasetError) {
        try self.init(path: path, bytes: TextFile.raw(path: path))
    }

    /// A text that is already in memory.
    package init(path: String, bytes: [UInt8]) throws(DatasetError) {
        self.path = path
        self.bytes = try TextFile.checked(bytes, path: path)
        changes = TextFile.changes(bytes, self.bytes)
    }

    /// The bytes of a regular file, decompressed if they are gzip's.
    package static func raw(path: String) throws(DatasetError) -> [UInt8] {
        let bytes = try bytesAsTheyAre(path: path)
        return bytes.starts(with: [0x1F, 0x8B]) ? try decompressed(path: path) : bytes
    }

    /// The bytes of a regular file.
    package static func bytesAsTheyAre(path: String) throws(DatasetError) -> [UInt8] {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw .fileNotFound(path: path)
        }
        guard !isFolder.boolValue else { throw .isFolder(path: path) }
        // Resolve links, because a link has its own attributes.
        let target = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
        let attributes = try? FileManager.default.attributesOfItem(atPath: target)
        guard attributes?[.type] as? FileAttributeType == .typeRegular else { throw .notRegular(path: path) }
        let size = (attributes?[.size] as? Int) ?? 0
        guard size <= TextFile.largestBytes else {
            throw .tooLarge(path: path, bytes: size, limit: TextFile.largestBytes)
        }
        guard let data = FileManager.default.contents(atPath: path) else { throw .unreadable(path: path) }
        return [UInt8](data)
    }

    private static func decompressed(path: String) throws(DatasetError) -> [UInt8] {
        let stream = try ByteStream(path: path)
        var bytes: [UInt8] = []
        while try stream.appendRaw(to: &bytes) > 0 {
            guard bytes.count <= largestBytes else {
                throw .tooLarge(path: path, bytes: bytes.count, limit: largestBytes)
            }
        }
        return bytes
    }

    /// Names what decoding changed.
    private static func changes(_ raw: [UInt8], _ decoded: [UInt8]) -> [String] {
        // Every change makes a text shorter, except that of single carriage returns.
        guard raw.count != decoded.count || raw != decoded else { return [] }
        var changes: [String] = []
        let isUTF16 = raw.starts(with: [0xFF, 0xFE]) || raw.starts(with: [0xFE, 0xFF]) || raw.prefix(512).contains(0)
        if isUTF16 { return ["UTF-16"] }
        if raw.starts(with: [0xEF, 0xBB, 0xBF]) { changes.append("byte-order mark") }
        if raw.contains(0x0D) { changes.append("line ends") }
        return changes
    }

    /// Removes the byte-order mark, makes line feeds of all line ends, and rejects what is not valid text.
    private static func checked(_ raw: [UInt8], path: String) throws(DatasetError) -> [UInt8] {
        try SourceFormat.rejectOtherKinds(raw[...], path: path)
        let bytes: [UInt8]
        do { bytes = try TextDecoder.decode(raw) } catch { throw .notText(path: path, error) }
        if let offset = firstInvalidOffset(bytes) {
            let before = bytes[..<offset]
            let line = before.reduce(1) { $1 == 0x0A ? $0 + 1 : $0 }
            let column = offset - ((before.lastIndex(of: 0x0A) ?? -1) + 1) + 1
            throw .invalidUTF8(path: path, line: line, column: column, byte: bytes[offset])
        }
        return bytes
    }
    /// The offset of the first byte that is not valid UTF-8 (Unicode 15, table 3-7).
    package static func firstInvalidOffset(_ bytes: [UInt8]) -> Int? {
        bytes.withUnsafeBufferPointer { firstInvalidOffset($0) }
    }

    /// The same for a buffer that the caller owns.
    package static func firstInvalidOffset(_ bytes: UnsafeBufferPointer<UInt8>) -> Int? {
        var index = 0
        while index < bytes.count {
            let lead = bytes[index]
            if lead < 0x80 {
                index += 1
                continue
            }
            let (length, second): (Int, ClosedRange<UInt8>)
            switch lead {
            case 0xC2...0xDF: (length, second) = (2, 0x80...0xBF)
            case 0xE0: (length, second) = (3, 0xA0...0xBF)
            case 0xED: (length, second) = (3, 0x80...0x9F)
            case 0xE1...0xEF: (length, second) = (3, 0x80...0xBF)
            case 0xF0: (length, second) = (4, 0x90...0xBF)
            case 0xF1...0xF3: (length, second) = (4, 0x80...0xBF)
            case 0xF4: (length, second) = (4, 0x80...0x8F)
            default: return index
            }
            guard index + length <= bytes.count, second.contains(bytes[index + 1]) else { return index }
            for offset in 2..<max(length, 2) where bytes[index + offset] & 0xC0 != 0x80 { return index }
            index += length
        }
        return nil
    }
}

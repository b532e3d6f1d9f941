// Documents: the pieces of text that a model reads each from its own beginning.

/// How files are cut into documents.
public enum TextFormat: String, Sendable, CaseIterable {
    /// Each file is one document, a stream from its first byte to its last.
    case text
    /// Documents stand in one file, apart by blank lines.
    case documents
    /// Every line is a document.
    case lines
}

/// One piece of text and where it comes from.
public struct Document: Sendable, Equatable {
    /// The file's path as it was given.
    public let path: String
    /// The line on which it begins, counted from one.
    public let line: Int
    public let bytes: [UInt8]

    public init(path: String, line: Int, bytes: [UInt8]) {
        self.path = path
        self.line = line
        self.bytes = bytes
    }

    /// Cuts a file. Blank lines between documents belong to none; in `text` every byte belongs to the one document.
    public static func documents(of file: TextFile, format: TextFormat) -> [Document] {
        switch format {
        case .text:
            return file.bytes.isEmpty ? [] : [Document(path: file.path, line: 1, bytes: file.bytes)]
        case .lines:
            return lines(of: file).filter { !isBlank($0.bytes) }
        case .documents:
            var result: [Document] = []
            for part in lines(of: file).split(whereSeparator: { isBlank($0.bytes) }) {
                let bytes = Array(part.map(\.bytes).joined(separator: [0x0A]))
                result.append(Document(path: file.path, line: part[part.startIndex].line, bytes: bytes))
            }
            return result
        }
    }

    private static func lines(of file: TextFile) -> [Document] {
        file.bytes.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated().map {
            Document(path: file.path, line: $0.offset + 1, bytes: Array($0.element))
        }
    }

    private static func isBlank(_ bytes: [UInt8]) -> Bool {
        bytes.allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }
    }
}

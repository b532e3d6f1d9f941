// Detects the format of an input file, by its name or by its first lines.

import Datasets

/// How plain text is divided into examples.
package enum TextCut: String, Sendable, CaseIterable {
    /// Documents if there are blank lines, otherwise lines.
    case auto
    case lines
    case documents
    case files
}

/// How a file's bytes contain rows.
package enum SourceFormat: Equatable, Sendable {
    /// One JSON value per line.
    case rows
    /// One JSON array whose elements are rows.
    case array
    /// One JSON object: a row over several lines, or lists of rows under keys.
    case object
    case delimited(UInt8)
    case lines
    case paragraphs
    /// The file is one text.
    case file

    /// The kind of a file that cannot be read; nil for text.
    package static func unsupportedKind(_ start: [UInt8]) -> String? {
        if start.starts(with: [0x50, 0x4B, 0x03, 0x04]) { return "a zip archive or a spreadsheet" }
        if start.starts(with: Array("PAR1".utf8)) { return "a Parquet table" }
        if start.starts(with: [0xFF, 0xFE]) || start.starts(with: [0xFE, 0xFF]) { return "text in UTF-16" }
        return nil
    }

    /// - Parameter start: the file's first bytes, without a byte-order mark.
    package static func detect(path: String, start: ArraySlice<UInt8>, text: TextCut) -> SourceFormat {
        var name = path.lowercased()
        if name.hasSuffix(".gz") { name.removeLast(3) }
        let kind = name.split(separator: "/").last?.split(separator: ".").dropFirst().last.map(String.init) ?? ""
        switch kind {
        case "jsonl", "ndjson": return .rows
        case "json": return json(start)
        case "csv": return .delimited(UInt8(ascii: ","))
        case "tsv", "tab": return .delimited(UInt8(ascii: "\t"))
        case "txt", "text", "md": return plain(start, text)
        default: break
        }
        switch start.first(where: { !isSpace($0) }) {
        case UInt8(ascii: "{"): return json(start)
        case UInt8(ascii: "[") where looksLikeArray(start): return .array
        default: return hasTabColumns(start) ? .delimited(UInt8(ascii: "\t")) : plain(start, text)
        }
    }

    /// An array, rows despite the name, or one object.
    private static func json(_ start: ArraySlice<UInt8>) -> SourceFormat {
        guard start.first(where: { !isSpace($0) }) != UInt8(ascii: "[") else { return .array }
        // If the object ends on its first line, the file contains rows.
        let line = start.drop(while: isSpace).prefix { $0 != 0x0A }
        var (depth, inString, escaped) = (0, false, false)
        for byte in line {
            if escaped {
                escaped = false
            } else if inString {
                if byte == UInt8(ascii: "\\") { escaped = true }
                if byte == UInt8(ascii: "\"") { inString = false }
            } else if byte == UInt8(ascii: "\"") {
                inString = true
            } else if byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") {
                depth += 1
            } else if byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]") {
                depth -= 1
            }
        }
        return depth == 0 && !inString ? .rows : .object
    }

    private static func looksLikeArray(_ start: ArraySlice<UInt8>) -> Bool {
        let second = start.drop(while: isSpace).dropFirst().first { !isSpace($0) }
        return second == UInt8(ascii: "{") || second == UInt8(ascii: "]")
    }

    private static func hasTabColumns(_ start: ArraySlice<UInt8>) -> Bool {
        let lines = start.split(separator: 0x0A).prefix(8)
        // The last line may be incomplete.
        let complete = lines.count > 1 ? lines.dropLast() : lines
        return !complete.isEmpty && complete.allSatisfy { $0.contains(0x09) }
    }

    private static func plain(_ start: ArraySlice<UInt8>, _ text: TextCut) -> SourceFormat {
        switch text {
        case .lines: return .lines
        case .documents: return .paragraphs
        case .files: return .file
        case .auto: return hasBlankLine(start) ? .paragraphs : .lines
        }
    }

    /// Whether there is a blank line between two other lines.
    private static func hasBlankLine(_ start: ArraySlice<UInt8>) -> Bool {
        let lines = start.split(separator: 0x0A, omittingEmptySubsequences: false)
        guard let first = lines.firstIndex(where: { !$0.allSatisfy(isSpace) }),
            let last = lines.lastIndex(where: { !$0.allSatisfy(isSpace) })
        else { return false }
        return lines[first..<last].contains { $0.allSatisfy(isSpace) }
    }

    static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D }
}

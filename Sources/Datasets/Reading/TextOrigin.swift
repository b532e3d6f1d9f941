// The origin of a text in its file, to show a position in the text as line and column.

/// How a text was written in its record.
package enum TextOrigin: Sendable, Equatable {
    /// A JSON string; the position of its opening quote in the file.
    case json(line: Int, column: Int)
    /// A quoted field; the offset of its content in the record.
    case quoted(start: Int)
    /// Unquoted text; its offset in the record.
    case plain(start: Int)
    /// Joined from several pieces, or converted; the position of the first one.
    case made(line: Int, column: Int)
}

/// A record's bytes with the position of the first one.
package struct RecordPlace {
    let bytes: UnsafeBufferPointer<UInt8>
    package let line: Int
    package let column: Int
    /// The last requested position, in long records only: the next one is usually close.
    private let cursor: Cursor?

    private final class Cursor {
        var offset = 0
        var line: Int
        var column: Int

        init(line: Int, column: Int) { (self.line, self.column) = (line, column) }
    }

    /// Longer records use a cursor, so that they are not scanned again for each position.
    private static let manyBytes = 400

    init(bytes: UnsafeBufferPointer<UInt8>, line: Int, column: Int) {
        (self.bytes, self.line, self.column) = (bytes, line, column)
        cursor = bytes.count < RecordPlace.manyBytes ? nil : Cursor(line: line, column: column)
    }

    /// The line and column of the byte at `offset` of a text.
    package func position(of origin: TextOrigin, offset: Int) -> (line: Int, column: Int) {
        switch origin {
        case .made(let line, let column): return (line, column)
        case .plain(let start): return position(at: start + rawOffset(start: start, offset, skipsQuotes: false))
        case .quoted(let start): return position(at: start + rawOffset(start: start, offset, skipsQuotes: true))
        case .json(let line, let column):
            guard let start = rawStart(line: line, column: column) else { return (line, column) }
            return position(at: jsonOffset(from: start, offset))
        }
    }

    /// The line and column of a byte of the record.
    func position(at offset: Int) -> (line: Int, column: Int) {
        var (line, column, start) = (line, column, 0)
        if let cursor, cursor.offset <= offset { (line, column, start) = (cursor.line, cursor.column, cursor.offset) }
        let end = min(offset, bytes.count)
        for index in start..<max(start, end) {
            if bytes[index] == 0x0A {
                line += 1
                column = 1
            } else if bytes[index] & 0xC0 != 0x80 {
                column += 1
            }
        }
        remember(end, line, column)
        return (line, column)
    }

    private func remember(_ offset: Int, _ line: Int, _ column: Int) {
        guard let cursor else { return }
        (cursor.offset, cursor.line, cursor.column) = (offset, line, column)
    }

    /// The number of raw bytes of the first `offset` bytes of a field or plain text.
    private func rawOffset(start: Int, _ offset: Int, skipsQuotes: Bool) -> Int {
        var (raw, decoded) = (start, 0)
        while decoded < offset, raw < bytes.count {
            decoded += 1
            raw += skipsQuotes && bytes[raw] == UInt8(ascii: "\"") ? 2 : 1
        }
        return raw - start
    }

    /// The offset of the byte at a parser's line and column.
    private func rawStart(line wantedLine: Int, column wantedColumn: Int) -> Int? {
        var (line, column, start) = (line, column, 0)
        if let cursor, (cursor.line, cursor.column) <= (wantedLine, wantedColumn) {
            (line, column, start) = (cursor.line, cursor.column, cursor.offset)
        }
        for index in start..<bytes.count {
            if line == wantedLine, column == wantedColumn, bytes[index] & 0xC0 != 0x80 {
                remember(index, line, column)
                return index
            }
            if bytes[index] == 0x0A {
                line += 1
                column = 1
            } else if bytes[index] & 0xC0 != 0x80 {
                column += 1
            }
        }
        return nil
    }

    /// The raw offset of the `offset`-th byte of the string whose quote is at `start`.
    private func jsonOffset(from start: Int, _ offset: Int) -> Int {
        var (raw, decoded) = (start + 1, 0)
        while decoded < offset, raw < bytes.count {
            guard bytes[raw] == UInt8(ascii: "\\"), raw + 1 < bytes.count else {
                (raw, decoded) = (raw + 1, decoded + 1)
                continue
            }
            guard bytes[raw + 1] == UInt8(ascii: "u") else {
                (raw, decoded) = (raw + 2, decoded + 1)
                continue
            }
            let unit =
                UInt32(
                    String(decoding: bytes[min(raw + 2, bytes.count)..<min(raw + 6, bytes.count)], as: UTF8.self),
                    radix: 16) ?? 0
            // The two escapes of a surrogate pair are one character of four bytes.
            let isPair = (0xD800...0xDBFF).contains(unit)
            decoded += isPair ? 4 : unit < 0x80 ? 1 : unit < 0x800 ? 2 : 3
            raw += isPair ? 12 : 6
        }
        return min(raw, bytes.count)
    }

    /// The characters of the number at a parser's line and column, as they are written.
    func number(line: Int, column: Int) -> [UInt8]? {
        guard let start = rawStart(line: line, column: column) else { return nil }
        return Array(bytes[start...].prefix { $0 > 0x20 && ![0x2C, 0x5D, 0x7D].contains($0) })
    }
}

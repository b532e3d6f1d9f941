// Splits a stream of bytes into records. The only state between calls is where the next record starts.

/// Finds the records of one file.
package struct RecordSplitter {
    let format: SourceFormat
    /// The line of the next byte, and its column.
    var line = 1
    var column = 1
    /// For an array: whether its opening bracket and its closing bracket have been read.
    var isOpen = false
    var isClosed = false
    /// For an array: whether an element is the last thing read, or a comma is.
    var followsElement = false
    var followsComma = false
    /// Whether the rest of the current line belongs to a record that was abandoned.
    var skipsLine = false

    /// A longer quoted field is treated as not closed.
    static let longestQuoted = 256 << 10

    package init(format: SourceFormat) { self.format = format }

    /// Appends every complete record.
    ///
    /// - Parameters:
    ///   - bytes: the bytes after those consumed by the last call.
    ///   - isEnd: whether the file ends with these bytes.
    /// - Returns: the number of consumed bytes.
    package mutating func split(_ bytes: UnsafeBufferPointer<UInt8>, isEnd: Bool, into records: inout [RecordRange])
        -> Int
    {
        var start = 0
        if skipsLine {
            guard let end = bytes.firstIndex(of: 0x0A) else { return bytes.count }
            advanceLine()
            start = end + 1
            skipsLine = false
        }
        switch format {
        case .rows, .lines: return splitLines(bytes, from: start, isEnd: isEnd, into: &records)
        case .paragraphs: return splitParagraphs(bytes, from: start, isEnd: isEnd, into: &records)
        case .delimited(let delimiter):
            return splitDelimited(bytes, from: start, isEnd: isEnd, delimiter: delimiter, into: &records)
        case .array: return splitArray(bytes, from: start, isEnd: isEnd, into: &records)
        case .object where isEnd: return splitValues(bytes, from: start, into: &records)
        case .object, .file, .messageTree, .chatML:
            guard isEnd else { return start }
            let blank = bytes[start...].allSatisfy(SourceFormat.isSpace)
            if !blank { records.append(RecordRange(start: start, end: bytes.count, line: line, column: column)) }
            return bytes.count
        }
    }

    /// Abandons the current record, because it is too large: it is reported as a defect, and its line is skipped.
    mutating func abandon(into records: inout [RecordRange]) {
        records.append(RecordRange(start: 0, end: 0, line: line, column: column, defect: .tooLarge))
        skipsLine = true
    }

    mutating func advanceLine() {
        line += 1
        column = 1
    }

    private mutating func splitLines(
        _ bytes: UnsafeBufferPointer<UInt8>, from first: Int, isEnd: Bool, into records: inout [RecordRange]
    ) -> Int {
        var start = first
        while let feed = nextFeed(bytes, from: start, isEnd: isEnd) {
            if !isBlank(bytes, start, feed) {
                records.append(RecordRange(start: start, end: feed, line: line, column: 1))
            }
            advanceLine()
            start = feed + 1
        }
        return min(start, bytes.count)
    }

    /// The next line feed, or the end of the file if the last line has no line feed.
    func nextFeed(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int, isEnd: Bool) -> Int? {
        guard start < bytes.count else { return nil }
        if let feed = bytes[start...].firstIndex(of: 0x0A) { return feed }
        return isEnd ? bytes.count : nil
    }

    private func isBlank(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int) -> Bool {
        // For most lines the first byte decides.
        for index in start..<end where !SourceFormat.isSpace(bytes[index]) { return false }
        return true
    }

    private mutating func splitParagraphs(
        _ bytes: UnsafeBufferPointer<UInt8>, from first: Int, isEnd: Bool, into records: inout [RecordRange]
    ) -> Int {
        var (start, current, lines) = (first, first, 0)
        var lastText: Int?
        while let feed = nextFeed(bytes, from: current, isEnd: isEnd) {
            if isBlank(bytes, current, feed) {
                if let last = lastText {
                    records.append(RecordRange(start: start, end: last, line: line, column: 1))
                    line += lines
                }
                line += 1
                (lastText, lines, start) = (nil, 0, feed + 1)
            } else {
                lastText = feed
                lines += 1
            }
            current = feed + 1
        }
        if isEnd, let last = lastText {
            records.append(RecordRange(start: start, end: last, line: line, column: 1))
            line += lines
            start = bytes.count
        }
        return min(start, bytes.count)
    }
}

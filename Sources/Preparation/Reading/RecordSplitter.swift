// Cutting a stream of bytes into records. Nothing is kept between calls but where the next record begins.

/// Finds the records of one file.
package struct RecordSplitter {
    let format: SourceFormat
    /// The line of the next byte, and its column.
    var line = 1
    var column = 1
    /// Of an array: whether its bracket has been passed, and whether its end has.
    var isOpen = false
    var isClosed = false
    /// Whether the rest of the current line belongs to a record that was given up.
    var skipsLine = false

    /// A quoted field longer than this is taken for one that nothing closes.
    static let longestQuoted = 256 << 10

    package init(format: SourceFormat) { self.format = format }

    /// Appends every record that is whole.
    ///
    /// - Parameters:
    ///   - bytes: what follows what the last call consumed.
    ///   - isEnd: whether the file ends with these bytes.
    /// - Returns: how many of the bytes are done with.
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
        case .object, .whole:
            guard isEnd else { return start }
            let blank = bytes[start...].allSatisfy(SourceFormat.isSpace)
            if !blank { records.append(RecordRange(start: start, end: bytes.count, line: line, column: column)) }
            return bytes.count
        }
    }

    /// Gives the current record up, because it is too large: it becomes a defect, and its line is passed over.
    mutating func abandon(into records: inout [RecordRange]) {
        records.append(RecordRange(start: 0, end: 0, line: line, column: column, defect: .tooLarge))
        skipsLine = true
    }

    mutating func advanceLine() {
        line += 1
        column = 1
    }

    /// The bytes of a line without its line end.
    private func lineEnd(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int, _ feed: Int) -> Int {
        feed > start && bytes[feed - 1] == 0x0D ? feed - 1 : feed
    }

    private mutating func splitLines(
        _ bytes: UnsafeBufferPointer<UInt8>, from first: Int, isEnd: Bool, into records: inout [RecordRange]
    ) -> Int {
        var start = first
        while let feed = nextFeed(bytes, from: start, isEnd: isEnd) {
            let end = lineEnd(bytes, start, feed)
            if !isBlank(bytes, start, end) {
                records.append(RecordRange(start: start, end: end, line: line, column: 1))
            }
            advanceLine()
            start = feed + 1
        }
        return min(start, bytes.count)
    }

    /// The next line feed, or the end of the file where text stands before it.
    func nextFeed(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int, isEnd: Bool) -> Int? {
        guard start < bytes.count else { return nil }
        if let feed = bytes[start...].firstIndex(of: 0x0A) { return feed }
        return isEnd ? bytes.count : nil
    }

    private func isBlank(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int) -> Bool {
        // Most lines are settled by their first byte.
        for index in start..<end where !SourceFormat.isSpace(bytes[index]) { return false }
        return true
    }

    private mutating func splitParagraphs(
        _ bytes: UnsafeBufferPointer<UInt8>, from first: Int, isEnd: Bool, into records: inout [RecordRange]
    ) -> Int {
        var (start, current, lines) = (first, first, 0)
        var lastText: Int?
        while let feed = nextFeed(bytes, from: current, isEnd: isEnd) {
            let end = lineEnd(bytes, current, feed)
            if isBlank(bytes, current, end) {
                if let last = lastText {
                    records.append(RecordRange(start: start, end: last, line: line, column: 1))
                    line += lines
                }
                line += 1
                (lastText, lines, start) = (nil, 0, feed + 1)
            } else {
                lastText = end
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

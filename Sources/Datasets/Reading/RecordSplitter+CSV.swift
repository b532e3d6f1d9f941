// Splits comma- and tab-separated files (RFC 4180) into records: a line feed inside quotes belongs to its field.

extension RecordSplitter {
    mutating func splitDelimited(
        _ bytes: UnsafeBufferPointer<UInt8>, from first: Int, isEnd: Bool, delimiter: UInt8,
        into records: inout [RecordRange]
    ) -> Int {
        var start = first
        while start < bytes.count {
            guard let found = recordEnd(bytes, from: start, isEnd: isEnd, delimiter: delimiter) else { return start }
            let end = found.feed
            if bytes[start..<end].contains(where: { !SourceFormat.isSpace($0) }) {
                records.append(
                    RecordRange(
                        start: start, end: end, line: line, column: 1, defect: found.isOpen ? .openQuote : .none))
            }
            line += found.lines
            column = 1
            start = found.feed + 1
        }
        return bytes.count
    }

    /// The end of the record that starts at `start`, and its number of lines; nil if more bytes are needed.
    private func recordEnd(
        _ bytes: UnsafeBufferPointer<UInt8>, from start: Int, isEnd: Bool, delimiter: UInt8
    ) -> (feed: Int, lines: Int, isOpen: Bool)? {
        var (index, lines, atFieldStart) = (start, 0, true)
        while index < bytes.count {
            let byte = bytes[index]
            if atFieldStart, byte == UInt8(ascii: "\"") {
                guard let closed = quotedEnd(bytes, from: index, isEnd: isEnd) else { return nil }
                // An unclosed field would include the rest of the file, so its record is only the line it starts on.
                guard closed > index else {
                    return (nextFeed(bytes, from: index, isEnd: true) ?? bytes.count, lines + 1, true)
                }
                for place in index..<closed where bytes[place] == 0x0A { lines += 1 }
                index = closed
                atFieldStart = false
                continue
            }
            if byte == 0x0A { return (index, lines + 1, false) }
            atFieldStart = byte == delimiter
            index += 1
        }
        return isEnd ? (bytes.count, lines + 1, false) : nil
    }

    /// The offset after the quote that closes the field opened at `start`; `start` itself if it is not closed, nil if
    /// more bytes are needed.
    private func quotedEnd(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int, isEnd: Bool) -> Int? {
        var index = start + 1
        let limit = min(bytes.count, start + RecordSplitter.longestQuoted)
        while index < limit {
            if bytes[index] == UInt8(ascii: "\"") {
                guard index + 1 < bytes.count else { return isEnd ? index + 1 : nil }
                if bytes[index + 1] != UInt8(ascii: "\"") { return index + 1 }
                index += 1
            }
            index += 1
        }
        return limit < bytes.count || isEnd ? start : nil
    }
}

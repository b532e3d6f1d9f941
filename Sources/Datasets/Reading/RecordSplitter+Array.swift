// Splits a large JSON array into its elements, by brackets and quotes, without parsing them.

extension RecordSplitter {
    mutating func splitArray(
        _ bytes: UnsafeBufferPointer<UInt8>, from first: Int, isEnd: Bool, into records: inout [RecordRange]
    ) -> Int {
        var index = first
        while index < bytes.count {
            let byte = bytes[index]
            if passSpace(byte) {
                index += 1
            } else if isOpen, !isClosed, byte == UInt8(ascii: ",") {
                if !followsElement { badComma(&records) }
                (followsElement, followsComma) = (false, true)
                column += 1
                index += 1
            } else if !isOpen, byte == UInt8(ascii: "[") {
                isOpen = true
                column += 1
                index += 1
            } else if isOpen, !isClosed, byte == UInt8(ascii: "]") {
                isClosed = true
                if followsComma { badComma(&records) }
                column += 1
                index += 1
            } else {
                guard let end = elementEnd(bytes, from: index, isEnd: isEnd) else { return index }
                if followsElement, !isClosed { badComma(&records) }
                (followsElement, followsComma) = (true, false)
                records.append(
                    RecordRange(
                        start: index, end: end, line: line, column: column, defect: isClosed ? .afterArray : .none))
                pass(bytes, index..<end)
                index = end
            }
        }
        if isEnd, !isClosed {
            records.append(RecordRange(start: 0, end: 0, line: line, column: column, defect: .openArray))
            isClosed = true
        }
        return bytes.count
    }

    /// Moves the place past a byte of white space.
    ///
    /// - Returns: whether it was one.
    private mutating func passSpace(_ byte: UInt8) -> Bool {
        if byte == 0x0A {
            advanceLine()
            return true
        }
        guard SourceFormat.isSpace(byte) else { return false }
        column += 1
        return true
    }

    private func badComma(_ records: inout [RecordRange]) {
        records.append(RecordRange(start: 0, end: 0, line: line, column: column, defect: .badComma))
    }

    /// Splits the rest of a file into JSON values with white space between them.
    mutating func splitValues(
        _ bytes: UnsafeBufferPointer<UInt8>, from first: Int, into records: inout [RecordRange]
    ) -> Int {
        var index = first
        while index < bytes.count {
            let byte = bytes[index]
            if passSpace(byte) {
                index += 1
            } else {
                // What does not start like a row ends with its line.
                var end =
                    byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[")
                    ? elementEnd(bytes, from: index, isEnd: true) ?? bytes.count
                    : bytes[index...].firstIndex(of: 0x0A) ?? bytes.count
                // A comma after a value belongs to its record, which reports it.
                if end < bytes.count, bytes[end] == UInt8(ascii: ",") { end += 1 }
                records.append(RecordRange(start: index, end: end, line: line, column: column))
                pass(bytes, index..<end)
                index = end
            }
        }
        return bytes.count
    }

    /// The offset after the element that starts at `start`.
    private func elementEnd(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int, isEnd: Bool) -> Int? {
        var (index, depth, inString) = (start, 0, false)
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "\\") where inString: index += 1
            case UInt8(ascii: "\""):
                inString.toggle()
                if !inString, depth == 0 { return index + 1 }
            // JSON strings cannot contain a line feed, so a missing quote affects only its line.
            case 0x0A: inString = false
            case _ where inString: break
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                if depth == 0 { return max(index, start + 1) }
                depth -= 1
                if depth == 0 { return index + 1 }
            case UInt8(ascii: ",") where depth == 0: return max(index, start + 1)
            default: break
            }
            index += 1
        }
        return isEnd ? bytes.count : nil
    }

    /// Advances line and column over some bytes.
    private mutating func pass(_ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) {
        for index in range {
            if bytes[index] == 0x0A {
                advanceLine()
            } else if bytes[index] & 0xC0 != 0x80 {
                column += 1
            }
        }
    }
}

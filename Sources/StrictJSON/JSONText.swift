// The entry point: parses bytes to a tree of values, or throws an error with its position.

/// Parses JSON exactly as RFC 8259 defines it.
///
/// Rejected, with line and column: duplicate keys, trailing commas, comments (unless allowed), NaN and Infinity, leading
/// zeros, numbers outside the range of a double, raw control characters, lone surrogates, invalid UTF-8, UTF-16, text
/// after the value, nesting and size beyond the options. A UTF-8 byte-order mark at the start is skipped.
package enum JSONText {
    package static func parse(_ bytes: [UInt8], options: JSONOptions = .init()) throws(JSONError) -> JSONNode {
        try bytes.withUnsafeBufferPointer { (buffer) throws(JSONError) in try parse(buffer, options: options) }
    }

    package static func parse(_ text: String, options: JSONOptions = .init()) throws(JSONError) -> JSONNode {
        try parse(Array(text.utf8), options: options)
    }

    /// The buffer only needs to live for the call.
    package static func parse(
        _ buffer: UnsafeBufferPointer<UInt8>, options: JSONOptions = .init()
    ) throws(JSONError) -> JSONNode {
        let start = SourcePosition(line: 1, column: 1)
        guard buffer.count <= options.maximumBytes else {
            throw JSONError(
                position: start, defect: .tooLarge(bytes: buffer.count, limit: options.maximumBytes))
        }
        guard let base = buffer.baseAddress, buffer.count > 0 else {
            throw JSONError(position: start, defect: .unexpectedEnd(expected: .value))
        }
        var parser = JSONParser(base: base, count: buffer.count, options: options)
        return try parser.parseDocument()
    }
}

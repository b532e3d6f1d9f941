// The way in: bytes to a tree of values, or an error with its place.

/// Reads JSON as RFC 8259 defines it, and nothing beside it.
///
/// Refused, each with line and column: equal keys in one object, trailing commas, comments (unless allowed), NaN and
/// Infinity, leading zeros, numbers beyond a double, raw control characters, lone surrogates, invalid UTF-8, UTF-16,
/// text after the value, nesting and size beyond the options. A UTF-8 byte-order mark at the start is passed over.
public enum JSONText {
    public static func parse(_ bytes: [UInt8], options: JSONOptions = .init()) throws(JSONError) -> JSONNode {
        try bytes.withUnsafeBufferPointer { (buffer) throws(JSONError) in try parse(buffer, options: options) }
    }

    public static func parse(_ text: String, options: JSONOptions = .init()) throws(JSONError) -> JSONNode {
        try parse(Array(text.utf8), options: options)
    }

    /// The buffer needs to live for the call only.
    public static func parse(
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

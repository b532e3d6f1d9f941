// The recursive-descent parser over bytes: values, arrays, objects, white space and comments.

/// The state of one parse.
///
/// A column is the distance from the start of the line minus the UTF-8 continuation bytes in between, so positions are
/// free to compute even in a file with one long line.
struct JSONParser {
    let base: UnsafePointer<UInt8>
    let count: Int
    let allowsComments: Bool
    let maximumDepth: Int
    var offset = 0
    var line: Int
    var lineStart = 0
    var continuationBytes = 0

    init(base: UnsafePointer<UInt8>, count: Int, options: JSONOptions) {
        self.base = base
        self.count = count
        allowsComments = options.allowsComments
        maximumDepth = min(options.maximumDepth, JSONOptions.deepestNesting)
        line = options.firstLine
    }

    /// The position of the byte at `offset`; valid only if no continuation byte is between it and the current offset.
    func position(at offset: Int) -> SourcePosition {
        SourcePosition(line: line, column: offset - lineStart - continuationBytes + 1)
    }

    var position: SourcePosition { position(at: offset) }

    func error(_ defect: JSONDefect) -> JSONError { JSONError(position: position, defect: defect) }

    mutating func parseDocument() throws(JSONError) -> JSONNode {
        if count >= 3, base[0] == 0xEF, base[1] == 0xBB, base[2] == 0xBF {
            offset = 3
            lineStart = 3
        } else if count >= 2 {
            let isMarked = (base[0] == 0xFE && base[1] == 0xFF) || (base[0] == 0xFF && base[1] == 0xFE)
            if isMarked || base[0] == 0 || base[1] == 0 { throw error(.notUTF8) }
        }
        let node = try parseValue(depth: 0)
        try skipSpace()
        if offset < count { throw error(.trailingContent) }
        return node
    }

    private mutating func parseValue(depth: Int) throws(JSONError) -> JSONNode {
        try skipSpace()
        guard offset < count else { throw error(.unexpectedEnd(expected: .value)) }
        let start = position
        switch base[offset] {
        case UInt8(ascii: "\""): return JSONNode(value: .string(try parseString()), position: start)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            return JSONNode(value: try parseNumber(), position: start)
        case UInt8(ascii: "["): return JSONNode(value: try parseArray(depth: depth + 1), position: start)
        case UInt8(ascii: "{"): return JSONNode(value: try parseObject(depth: depth + 1), position: start)
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"):
            return JSONNode(value: try parseWord(), position: start)
        default: throw try unexpectedCharacter(expected: .value)
        }
    }

    private mutating func parseArray(depth: Int) throws(JSONError) -> JSONValue {
        guard depth <= maximumDepth else { throw error(.tooDeep(limit: maximumDepth)) }
        offset += 1
        var elements: [JSONNode] = []
        try skipSpace()
        if offset < count, base[offset] == UInt8(ascii: "]") {
            offset += 1
            return .array(elements)
        }
        while true {
            elements.append(try parseValue(depth: depth))
            guard try continues(before: UInt8(ascii: "]"), else: .commaOrClosingBracket) else {
                return .array(elements)
            }
        }
    }

    private mutating func parseObject(depth: Int) throws(JSONError) -> JSONValue {
        guard depth <= maximumDepth else { throw error(.tooDeep(limit: maximumDepth)) }
        offset += 1
        var members: [JSONMember] = []
        var table = KeyTable()
        try skipSpace()
        if offset < count, base[offset] == UInt8(ascii: "}") {
            offset += 1
            return .object(JSONObject(members: members, table: table))
        }
        while true {
            let expectation: JSONExpectation = members.isEmpty ? .keyOrClosingBrace : .key
            guard offset < count else { throw error(.unexpectedEnd(expected: expectation)) }
            guard base[offset] == UInt8(ascii: "\"") else { throw try unexpectedCharacter(expected: expectation) }
            let keyPosition = position
            let key = try parseString()
            if let first = table.index(of: key, in: members) {
                throw JSONError(
                    position: keyPosition, defect: .duplicateKey(key, first: members[first].keyPosition))
            }
            try skipSpace()
            guard offset < count else { throw error(.unexpectedEnd(expected: .colon)) }
            guard base[offset] == UInt8(ascii: ":") else { throw try unexpectedCharacter(expected: .colon) }
            offset += 1
            members.append(JSONMember(key: key, keyPosition: keyPosition, value: try parseValue(depth: depth)))
            table.noteLast(of: members)
            guard try continues(before: UInt8(ascii: "}"), else: .commaOrClosingBrace) else {
                return .object(JSONObject(members: members, table: table))
            }
        }
    }

    /// Consumes a comma (true: another element must follow) or the closing bracket (false).
    private mutating func continues(
        before closing: UInt8, else expectation: JSONExpectation
    ) throws(JSONError) -> Bool {
        try skipSpace()
        guard offset < count else { throw error(.unexpectedEnd(expected: expectation)) }
        if base[offset] == closing {
            offset += 1
            return false
        }
        guard base[offset] == UInt8(ascii: ",") else { throw try unexpectedCharacter(expected: expectation) }
        let comma = position
        offset += 1
        try skipSpace()
        if offset < count, base[offset] == closing { throw JSONError(position: comma, defect: .trailingComma) }
        return true
    }

    private mutating func skipSpace() throws(JSONError) {
        while offset < count {
            switch base[offset] {
            case 0x20, 0x09, 0x0D: offset += 1
            case 0x0A:
                offset += 1
                line += 1
                lineStart = offset
                continuationBytes = 0
            case UInt8(ascii: "/"):
                guard try skipComment() else { return }
            default: return
            }
        }
    }

    /// Skips a comment, or returns false if the slash does not start one.
    private mutating func skipComment() throws(JSONError) -> Bool {
        let next = offset + 1 < count ? base[offset + 1] : 0
        guard next == UInt8(ascii: "/") || next == UInt8(ascii: "*") else { return false }
        guard allowsComments else { throw error(.commentNotAllowed) }
        guard next == UInt8(ascii: "/") else { throw error(.blockComment) }
        while offset < count, base[offset] != 0x0A {
            if base[offset] < 0x80 { offset += 1 } else { try passScalar() }
        }
        return true
    }
}

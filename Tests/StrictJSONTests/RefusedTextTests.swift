// What the JSON parser rejects, with the exact position and message.

import StrictJSON
import Testing

@Suite struct RefusedTextTests {
    static let cases: [(text: String, message: String)] = [
        ("", "line 1, column 1: the text ends where a value is expected"),
        (" \n ", "line 2, column 2: the text ends where a value is expected"),
        ("[1,", "line 1, column 4: the text ends where a value is expected"),
        ("[1", "line 1, column 3: the text ends where a comma or ] is expected"),
        ("{", "line 1, column 2: the text ends where a key in double quotes or } is expected"),
        ("{\"a\"", "line 1, column 5: the text ends where a colon is expected"),
        ("{\"a\":", "line 1, column 6: the text ends where a value is expected"),
        ("{\"a\":1", "line 1, column 7: the text ends where a comma or } is expected"),
        ("{\"a\":1,", "line 1, column 8: the text ends where a key in double quotes is expected"),
        ("[1 2]", "line 1, column 4: found 2 where a comma or ] is expected"),
        ("{\"a\" 1}", "line 1, column 6: found 1 where a colon is expected"),
        ("{\"a\":1 \"b\"}", "line 1, column 8: found \" where a comma or } is expected"),
        ("{a:1}", "line 1, column 2: found a where a key in double quotes or } is expected"),
        ("{\"a\":1,b:2}", "line 1, column 8: found b where a key in double quotes is expected"),
        ("{'a':1}", "line 1, column 2: found ' where a key in double quotes or } is expected"),
        ("[,1]", "line 1, column 2: found , where a value is expected"),
        ("[/1]", "line 1, column 2: found / where a value is expected"),
        ("[1}", "line 1, column 3: found } where a comma or ] is expected"),
        ("\u{A0}1", "line 1, column 1: found U+00A0 where a value is expected"),
        ("[\"é\", \u{0}]", "line 1, column 7: found U+0000 where a value is expected"),
        ("+1", "line 1, column 1: found + where a value is expected"),
        (".5", "line 1, column 1: found . where a value is expected"),
        ("True", "line 1, column 1: True is not true, false or null; put strings in double quotes"),
        ("[nul]", "line 1, column 2: nul is not true, false or null; put strings in double quotes"),
        ("[NaN]", "line 1, column 2: NaN is not a JSON number; write null or a finite number"),
        ("Infinity", "line 1, column 1: Infinity is not a JSON number; write null or a finite number"),
        ("-Infinity", "line 1, column 1: -Infinity is not a JSON number; write null or a finite number"),
        ("[1,\n2,\n]", "line 2, column 2: nothing follows this comma; remove it"),
        ("{\"a\":1,}", "line 1, column 7: nothing follows this comma; remove it"),
        ("{\"a\":1,\n \"a\":2}", "line 2, column 2: the key \"a\" is already given at line 1, column 2"),
        ("{\"\\u0061\":1,\"a\":2}", "line 1, column 13: the key \"a\" is already given at line 1, column 2"),
        ("1 2", "line 1, column 3: the value is complete, but more text follows"),
        ("{} //", "line 1, column 4: comments are not allowed in this file"),
        ("/* */ 1", "line 1, column 1: comments are not allowed in this file"),
        ("01", "line 1, column 1: a number cannot have leading zeros"),
        ("-012.5", "line 1, column 1: a number cannot have leading zeros"),
        ("-", "line 1, column 2: the number lacks digits here"),
        ("[1.]", "line 1, column 4: the number lacks digits here"),
        ("1e", "line 1, column 3: the number lacks digits here"),
        ("1e+x", "line 1, column 4: the number lacks digits here"),
        ("0x10", "line 1, column 2: the value is complete, but more text follows"),
        ("[1e400]", "line 1, column 2: 1e400 is beyond the range of a double"),
        ("-1e400", "line 1, column 1: -1e400 is beyond the range of a double"),
        ("[\"abc", "line 1, column 2: the string that starts here has no closing quote"),
        ("[\"abc\\", "line 1, column 2: the string that starts here has no closing quote"),
        ("\"a\nb\"", "line 1, column 3: a line ends inside a string; write it as \\n, or close the string"),
        ("\"a\tb\"", "line 1, column 3: a tab inside a string; write it as \\t"),
        ("\"é\u{1}\"", "line 1, column 3: the control character 0x01 inside a string; write it as \\u0001"),
        ("\"\\x41\"", "line 1, column 2: x cannot be escaped with a backslash"),
        ("\"\\'\"", "line 1, column 2: ' cannot be escaped with a backslash"),
        ("\"\\u12g4\"", "line 1, column 2: \\u needs four hexadecimal digits"),
        ("\"\\u12", "line 1, column 2: \\u needs four hexadecimal digits"),
        ("\"\\ud83d\"", "line 1, column 2: \\ud83d is half of a surrogate pair, and the other half is missing"),
        ("\"\\udc00\\ud800\"", "line 1, column 2: \\udc00 is half of a surrogate pair, and the other half is missing"),
        ("\"\\ud800\\u0041\"", "line 1, column 2: \\ud800 is half of a surrogate pair, and the other half is missing"),
        ("\u{FEFF}\u{FEFF}1", "line 1, column 1: found U+FEFF where a value is expected"),
    ]

    @Test(arguments: cases) func refuses(text: String, message: String) throws {
        let error = try #require(throws: JSONError.self) { try JSONText.parse(text) }
        #expect(error.description == message)
    }

    @Test(
        arguments: [
            ([0x22, 0x80, 0x22], 2, 0x80), ([0x22, 0x61, 0xC0, 0xAF, 0x22], 3, 0xC0), ([0x22, 0xC3, 0x22], 2, 0xC3),
            ([0x22, 0xE0, 0x80, 0xAF, 0x22], 2, 0xE0), ([0x22, 0xED, 0xA0, 0x80, 0x22], 2, 0xED),
            ([0x22, 0xC3, 0xA9, 0xF4, 0x90, 0x80, 0x80, 0x22], 3, 0xF4),
            ([0x22, 0xF8, 0x88, 0x80, 0x80, 0x80], 2, 0xF8),
            ([0xE2, 0x82], 1, 0xE2), ([0x22, 0xFF], 2, 0xFF), ([0x22, 0xF0, 0x8F, 0xBF, 0xBF, 0x22], 2, 0xF0),
        ] as [([UInt8], Int, UInt8)])
    func refusesInvalidUTF8(bytes: [UInt8], column: Int, byte: UInt8) {
        let expected = JSONError(position: SourcePosition(line: 1, column: column), defect: .invalidUTF8(byte))
        #expect(throws: expected) { try JSONText.parse(bytes) }
    }

    @Test(
        arguments: [
            [0xFF, 0xFE, 0x5B, 0x00], [0xFE, 0xFF, 0x00, 0x5B], [0x5B, 0x00, 0x5D, 0x00], [0x00, 0x5B, 0x00, 0x5D],
        ] as [[UInt8]])
    func refusesUTF16(bytes: [UInt8]) {
        #expect(throws: JSONError(position: SourcePosition(line: 1, column: 1), defect: .notUTF8)) {
            try JSONText.parse(bytes)
        }
    }

    @Test func everyTruncationOfATextIsRefused() throws {
        let text = Array("{\"é\\u00e9\": [1.5e3, -2, true, null, {\"x\": \"\\ud83d\\ude00\"}]}".utf8)
        _ = try JSONText.parse(text)
        for length in 0..<text.count {
            #expect(throws: JSONError.self, "the first \(length) bytes") { try JSONText.parse(Array(text[..<length])) }
        }
    }

    @Test func everyChangedByteIsReadOrRefused() {
        let text = Array("{\"é\\u00e9\": [1.5e3, -2, true, null, {\"x\": \"\\ud83d\\ude00\"}]}".utf8)
        var refused = 0
        for place in text.indices {
            for byte in UInt8.min...UInt8.max {
                var changed = text
                changed[place] = byte
                do { _ = try JSONText.parse(changed) } catch { refused += 1 }
            }
        }
        #expect(refused > text.count * 200)
    }

    @Test func duplicateKeysInALongObject() throws {
        let members = (0..<1000).map { "\"k\($0)\":\($0)" }.joined(separator: ",")
        let error = try #require(throws: JSONError.self) { try JSONText.parse("{\(members),\"k500\":0}") }
        guard case .duplicateKey("k500", let first) = error.defect else {
            Issue.record("\(error)")
            return
        }
        #expect(first.line == 1 && error.position.column > first.column)
    }

    @Test func depthIsBounded() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        _ = try JSONText.parse(nested(128))
        let error = try #require(throws: JSONError.self) { try JSONText.parse(nested(129)) }
        #expect(error == JSONError(position: SourcePosition(line: 1, column: 129), defect: .tooDeep(limit: 128)))
        _ = try JSONText.parse("[[1],[2]]", options: JSONOptions(maximumDepth: 2))
        let objects = String(repeating: "{\"a\":", count: 3) + "1}}}"
        #expect(throws: JSONError.self) { try JSONText.parse(objects, options: JSONOptions(maximumDepth: 2)) }
        // A careless bound cannot exhaust the stack.
        let careless = JSONOptions(maximumDepth: .max)
        _ = try JSONText.parse(nested(JSONOptions.deepestNesting), options: careless)
        let limit = JSONOptions.deepestNesting
        let deep = try #require(throws: JSONError.self) { try JSONText.parse(nested(1_000_000), options: careless) }
        #expect(deep.defect == .tooDeep(limit: limit))
    }

    @Test func sizeIsBounded() throws {
        let error = try #require(throws: JSONError.self) {
            try JSONText.parse("[1, 2]", options: JSONOptions(maximumBytes: 5))
        }
        #expect(error.description == "line 1, column 1: the text has 6 bytes, more than the limit of 5")
    }

    @Test func blockCommentsAreRefusedWhereLineCommentsAreAllowed() throws {
        let error = try #require(throws: JSONError.self) {
            try JSONText.parse("[ /* a */ 1]", options: JSONOptions(allowsComments: true))
        }
        #expect(error.description == "line 1, column 3: only comments that start with // are read; /* is not")
    }
}

// What the JSON parser accepts, and the resulting values.

import StrictJSON
import Testing

@Suite struct AcceptedTextTests {
    @Test(arguments: [
        ("null", "null"), (" true ", "true"), ("false\n", "false"), ("0", "0"), ("-0", "0"), ("-12", "-12"),
        ("9223372036854775807", "9223372036854775807"), ("-9223372036854775808", "-9223372036854775808"),
        ("9223372036854775808", "9.223372036854776e+18"), ("-9223372036854775809", "-9.223372036854776e+18"),
        ("1.0", "1.0"), ("1e3", "1000.0"), ("1E+2", "100.0"), ("25e-1", "2.5"), ("-0.0", "-0.0"), ("1e-400", "0.0"),
        ("0.1", "0.1"), ("5e-324", "5e-324"), ("1.7976931348623157e308", "1.7976931348623157e+308"),
        ("[]", "[]"), ("[ ]", "[]"), ("{}", "{}"), ("{ }", "{}"), ("[1,[2,{}],\"a\"]", "[1,[2,{}],\"a\"]"),
        ("{\"b\":1,\"a\":{\"\":null}}", "{\"b\":1,\"a\":{\"\":null}}"), ("\u{FEFF}[1]", "[1]"), ("\r\n\t 1 \r\n", "1"),
        ("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\\"\\\\/\\b\\f\\n\\r\\t\""),
        ("\"\\u0041\\u00e9\\uD83D\\ude00\\u0000\"", "\"Aé😀\\u0000\""), ("\"\u{7F}\u{2028}é😀\"", "\"\u{7F}\u{2028}é😀\""),
        // é as one scalar and as two scalars: different keys.
        ("{\"\u{E9}\":1,\"e\u{301}\":2}", "{\"\u{E9}\":1,\"e\u{301}\":2}"),
    ])
    func readsAndWrites(text: String, written: String) throws {
        let node = try JSONText.parse(text)
        #expect(Array(JSONOutput(node).serialized().utf8) == Array(written.utf8))
    }

    @Test func everyNodeKnowsItsPlace() throws {
        let node = try JSONText.parse("\u{FEFF}{\n  \"é😀\": [1, \"ü\", true],\n  \"b\": null }")
        let object = try #require(node.object)
        #expect(node.position == SourcePosition(line: 1, column: 1))
        #expect(object.members.map(\.keyPosition) == [.init(line: 2, column: 3), .init(line: 3, column: 3)])
        let elements = try #require(object["é😀"]?.array)
        #expect(elements.map(\.position.column) == [10, 13, 18])
        #expect(object["b"]?.position == SourcePosition(line: 3, column: 8))
    }

    @Test func answersWhatItIs() throws {
        let elements = try #require(try JSONText.parse("[null, true, 3, 2.5, \"x\", [], {}]").array)
        #expect(elements.map(\.isNull) == [true, false, false, false, false, false, false])
        #expect(elements.map(\.bool) == [nil, true, nil, nil, nil, nil, nil])
        #expect(elements.map(\.integer) == [nil, nil, 3, nil, nil, nil, nil])
        #expect(elements.map(\.number) == [nil, nil, 3, 2.5, nil, nil, nil])
        #expect(elements.map(\.string) == [nil, nil, nil, nil, "x", nil, nil])
        #expect(elements.map { $0.array != nil } == [false, false, false, false, false, true, false])
        #expect(elements.map { $0.object != nil } == [false, false, false, false, false, false, true])
        #expect(
            elements.map(\.typeName) == [
                "null", "true or false", "a number", "a number", "a string", "an array", "an object",
            ])
    }

    @Test func commentsWhereAllowed() throws {
        let text = "// é first\n{ // second\n\"a\": 1, // third\n// fourth\n\"b\": \"// no comment\" }// last"
        let object = try #require(try JSONText.parse(text, options: JSONOptions(allowsComments: true)).object)
        #expect(object.members.map(\.key) == ["a", "b"])
        #expect(object["b"]?.string == "// no comment")
        #expect(object["b"]?.position == SourcePosition(line: 5, column: 6))
    }

    @Test func keysAreFoundByTheirBytesInShortAndLongObjects() throws {
        for count in [1, 8, 9, 16, 17, 50_000] {
            let members = (0..<count).map { (key: "k\($0)", value: JSONOutput.integer($0)) }
            let object = try #require(try JSONText.parse(JSONOutput.object(members).serialized()).object)
            #expect(object.members.count == count)
            for place in 0..<count { #expect(object["k\(place)"]?.integer == place) }
            #expect(object["k\(count)"] == nil)
        }
        let object = try #require(try JSONText.parse("{\"\u{E9}\":1}").object)
        #expect(object["e\u{301}"] == nil)
    }

    @Test func writesPrettily() {
        let output: JSONOutput = ["a": [1, 2.5, nil], "b": [:], "c": [], "d": ["e": true, "f": "g"]]
        let lines = [
            "{", "  \"a\": [", "    1,", "    2.5,", "    null", "  ],", "  \"b\": {},", "  \"c\": [],", "  \"d\": {",
            "    \"e\": true,", "    \"f\": \"g\"", "  }", "}",
        ]
        #expect(output.serialized(pretty: true) == lines.joined(separator: "\n"))
        #expect(output.serialized() == "{\"a\":[1,2.5,null],\"b\":{},\"c\":[],\"d\":{\"e\":true,\"f\":\"g\"}}")
    }

    @Test func writesNumbersThatReadBack() throws {
        let numbers = [
            0.1, 1.0 / 3, 1e21, 1e16, 123_456_789.0, -Double.leastNonzeroMagnitude, .greatestFiniteMagnitude, 1e-7,
        ]
        for number in numbers {
            #expect(try JSONText.parse(JSONOutput.number(number).serialized()).number == number)
        }
        for number in [Double.nan, .infinity, -.infinity] { #expect(JSONOutput.number(number).serialized() == "null") }
    }
}

// What is found in the metadata of a GGUF file: values of every kind, the questions asked of them, and vocabularies.

import Foundation
import Interchange
import TestSupport
import Testing

@Suite("GGUF metadata") struct GGUFMetadataTests {
    private static func small() throws -> GGUFMetadata { try GGUFFile(path: TestData.fixture("small.gguf")).metadata }

    private static func metadata(_ values: [UInt8]...) throws -> GGUFMetadata {
        try GGUFBytes(values: values).header().metadata
    }

    @Test func everyKindOfValue() throws {
        let metadata = try Self.small()
        let expected: [(String, GGUFValue)] = [
            ("general.architecture", .text("llama")), ("general.alignment", .unsigned(64)),
            ("general.name", .text("Zoë's \"small\" one")), ("test.uint8", .unsigned(255)),
            ("test.int8", .signed(-128)), ("test.uint16", .unsigned(65_535)), ("test.int16", .signed(-32_768)),
            ("test.uint32", .unsigned(4_294_967_295)), ("test.int32", .signed(-2_147_483_648)),
            ("test.uint64", .unsigned(.max)), ("test.int64", .signed(.min)),
            ("test.float32", .number(Double(Float(0.1)))), ("test.float64", .number(0.1)), ("test.flag", .flag(true)),
        ]
        #expect(metadata.count == 28)
        for (index, (key, value)) in expected.enumerated() {
            #expect(metadata[index].key == key && metadata[index].value == value && metadata[key] == value)
        }
        #expect(try metadata.flagsIfPresent("test.flags") == [true, false, true])
        #expect(try metadata.numbersIfPresent("test.numbers") == [0.5, 0.25])
        #expect(try metadata.integers("test.integers", count: 3) == [3, 1, 2])
        guard case .list(let lists)? = metadata["test.nested"], case .list(let first) = lists[0],
            case .list(let second) = lists[1]
        else {
            Issue.record("no lists in a list")
            return
        }
        #expect(lists.count == 2 && Array(first) == [.signed(1), .signed(2)] && Array(second) == [.signed(3)])
    }

    @Test func questionsThatAreAnswered() throws {
        let metadata = try Self.small()
        #expect(try metadata.integer("test.uint8") == 255 && metadata.integer("test.int8", in: -128...127) == -128)
        #expect(try metadata.integer("test.int64", in: Int.min...0) == Int.min)
        #expect(try metadata.integerIfPresent("absent") == nil && metadata.integersIfPresent("absent") == nil)
        #expect(try metadata.number("test.float64", in: 0...1) == 0.1 && metadata.number("test.uint8") == 255)
        #expect(try metadata.numberIfPresent("absent") == nil && metadata.flagIfPresent("absent") == nil)
        #expect(try metadata.flag("test.flag") && metadata.text("tokenizer.ggml.pre") == "smollm")
        #expect(try metadata.textIfPresent("absent") == nil && metadata.textsIfPresent("absent") == nil)
        // One number for all layers, as llama.cpp reads it.
        #expect(try metadata.integers("test.uint8", count: 2) == [255, 255])
        #expect(try metadata.flagsIfPresent("test.flag", count: 2) == [true, true])
    }

    /// A question, and what is said then.
    struct Refusal: CustomTestStringConvertible, Sendable {
        let message: String
        let ask: @Sendable (GGUFMetadata) throws(GGUFDefect) -> Void
        var testDescription: String { message }
        init(_ message: String, _ ask: @escaping @Sendable (GGUFMetadata) throws(GGUFDefect) -> Void) {
            (self.message, self.ask) = (message, ask)
        }
    }

    static let refusals = [
        Refusal(#"the key "absent" is missing"#) { (it) throws(GGUFDefect) in _ = try it.integer("absent") },
        Refusal(#"the key "absent" is missing"#) { (it) throws(GGUFDefect) in _ = try it.texts("absent") },
        Refusal(#"value of "test.flag" is a flag, expected a whole number"#) { (it) throws(GGUFDefect) in
            _ = try it.integer("test.flag")
        },
        Refusal(#"value of "test.float32" is a number, expected a whole number"#) { (it) throws(GGUFDefect) in
            _ = try it.integerIfPresent("test.float32")
        },
        Refusal(#"value of "test.int8" is -128, expected 0 or more"#) { (it) throws(GGUFDefect) in
            _ = try it.integer("test.int8")
        },
        Refusal(#"value of "test.uint64" is 18446744073709551615, expected a number from 1 to 9"#) {
            (it) throws(GGUFDefect) in _ = try it.integer("test.uint64", in: 1...9)
        },
        Refusal(#"value of "test.float64" is 0.1, expected a number from 1.0 to 2.0"#) { (it) throws(GGUFDefect) in
            _ = try it.number("test.float64", in: 1...2)
        },
        Refusal(#"value of "general.name" is a text, expected a number"#) { (it) throws(GGUFDefect) in
            _ = try it.number("general.name")
        },
        Refusal(#"value of "test.uint8" is a whole number, expected a flag"#) { (it) throws(GGUFDefect) in
            _ = try it.flag("test.uint8")
        },
        Refusal(#"value of "test.numbers" is a list, expected a text"#) { (it) throws(GGUFDefect) in
            _ = try it.text("test.numbers")
        },
        Refusal(#"value of "test.uint8" is a whole number, expected a list of whole numbers"#) {
            (it) throws(GGUFDefect) in _ = try it.integers("test.uint8")
        },
        Refusal(#"value of "test.numbers" is a number, expected a whole number"#) { (it) throws(GGUFDefect) in
            _ = try it.integers("test.numbers")
        },
        Refusal(#""test.integers" has 3 elements, expected 2"#) { (it) throws(GGUFDefect) in
            _ = try it.integers("test.integers", count: 2)
        },
        Refusal(#"value of "test.nested" is a list with a list, expected a list of texts"#) {
            (it) throws(GGUFDefect) in _ = try it.texts("test.nested")
        },
        Refusal(#"value of "test.flag" is a flag, expected a list of texts"#) { (it) throws(GGUFDefect) in
            _ = try it.texts("test.flag")
        },
    ]

    @Test(arguments: refusals) func questionsThatAreNot(refusal: Refusal) throws {
        let path = TestData.fixture("small.gguf")
        let file = try GGUFFile(path: path)
        let error = #expect(throws: InterchangeError.self) {
            try file.describe { (it) throws(GGUFDefect) in try refusal.ask(it) }
        }
        #expect(error?.description.contains(refusal.message) == true, "\(error.map(\.description) ?? "")")
        #expect(error?.description.hasPrefix(path) == true)
    }

    @Test func numbersThatAreNone() throws {
        for bits in [Float.nan.bitPattern, Float.infinity.bitPattern] {
            let metadata = try Self.metadata(GGUFBytes.value("a", 6, GGUFBytes.integer(bits)))
            let error = #expect(throws: GGUFDefect.self) { try metadata.number("a") }
            #expect(error?.description.hasSuffix("expected a finite number") == true)
        }
    }

    @Test func aVocabulary() throws {
        let vocabulary = try GGUFTokenizerKeys(Self.small())
        #expect(vocabulary.model == "gpt2" && vocabulary.preTokenizer == "smollm")
        #expect(vocabulary.tokens == ["<|end|>", "a", "b", "ab", "Ġ"].map { Array($0.utf8) })
        #expect(vocabulary.kinds == [.control, .normal, .normal, .normal, .normal])
        #expect(vocabulary.scores == [0, -1, -2, -3.5, -4])
        #expect(vocabulary.merges == [.init(left: [97], right: [98])])
        #expect(vocabulary.beginningOfText == 0 && vocabulary.endOfText == 0 && vocabulary.padding == nil)
        #expect(vocabulary.addsBeginningOfText == false && vocabulary.addsSpacePrefix == nil)
        #expect(vocabulary.chatTemplate?.hasPrefix("{% for message in messages %}") == true)
    }

    @Test func bytesOfPiecesAreKept() throws {
        let pieces: [[UInt8]] = [[0xFF, 0x20], [0xE2, 0x96, 0x81], [], [0x20, 0x20, 0x61]]
        let vocabulary = try GGUFTokenizerKeys(
            try Self.metadata(
                GGUFBytes.value("tokenizer.ggml.model", 8, GGUFBytes.text("llama")),
                GGUFBytes.texts("tokenizer.ggml.tokens", pieces),
                GGUFBytes.texts("tokenizer.ggml.merges", [Array("  a".utf8), Array("a b c".utf8)])))
        #expect(vocabulary.tokens == pieces)
        #expect(vocabulary.merges?.map(\.left) == [[0x20], [97]])
        #expect(vocabulary.merges?.map(\.right) == [[97], Array("b c".utf8)])
        #expect(vocabulary.kinds == nil && vocabulary.scores == nil && vocabulary.chatTemplate == nil)
    }

    /// One more value of a right vocabulary of two tokens, and what is said then.
    static let wrongVocabularies: [(String, [UInt8])] = [
        (
            #""tokenizer.ggml.token_type" has 1 elements, expected 2"#,
            GGUFBytes.value("tokenizer.ggml.token_type", 9, GGUFBytes.list(5, 1, GGUFBytes.integer(Int32(1))))
        ),
        (
            #""tokenizer.ggml.token_type" is 7, expected a number from 1 to 6"#,
            GGUFBytes.value("tokenizer.ggml.token_type", 9, GGUFBytes.list(0, 2, [1, 7]))
        ),
        (
            #""tokenizer.ggml.scores" has 1 elements, expected 2"#,
            GGUFBytes.value("tokenizer.ggml.scores", 9, GGUFBytes.list(6, 1, [0, 0, 0, 0]))
        ),
        (
            #""tokenizer.ggml.eos_token_id" is 2, expected a number from 0 to 1"#,
            GGUFBytes.uint32("tokenizer.ggml.eos_token_id", 2)
        ),
        (
            #"element 1 of "tokenizer.ggml.merges" is "ab", expected"#,
            GGUFBytes.texts("tokenizer.ggml.merges", [Array("a b".utf8), Array("ab".utf8)])
        ),
        (
            #"element 0 of "tokenizer.ggml.merges" is " ", expected"#,
            GGUFBytes.texts("tokenizer.ggml.merges", [[0x20]])
        ),
        (
            #"element 0 of "tokenizer.ggml.merges" is "a ", expected"#,
            GGUFBytes.texts("tokenizer.ggml.merges", [[0x61, 0x20]])
        ),
        (
            #""tokenizer.chat_template" is a whole number, expected a text"#,
            GGUFBytes.uint32("tokenizer.chat_template", 2)
        ),
    ]

    @Test(arguments: wrongVocabularies) func wrongVocabulary(message: String, value: [UInt8]) throws {
        let metadata = try Self.metadata(
            GGUFBytes.value("tokenizer.ggml.model", 8, GGUFBytes.text("gpt2")),
            GGUFBytes.texts("tokenizer.ggml.tokens", [[97], [98]]), value)
        let error = #expect(throws: GGUFDefect.self) { try GGUFTokenizerKeys(metadata) }
        #expect(error?.description.contains(message) == true, "\(error.map(\.description) ?? "")")
    }

    @Test func aVocabularyThatIsNotThere() throws {
        #expect(throws: GGUFDefect.missingKey("tokenizer.ggml.model")) { try GGUFTokenizerKeys(try Self.metadata()) }
        let model = GGUFBytes.value("tokenizer.ggml.model", 8, GGUFBytes.text("gpt2"))
        #expect(throws: GGUFDefect.missingKey("tokenizer.ggml.tokens")) {
            try GGUFTokenizerKeys(try Self.metadata(model))
        }
        let empty = #expect(throws: GGUFDefect.self) {
            try GGUFTokenizerKeys(try Self.metadata(model, GGUFBytes.texts("tokenizer.ggml.tokens", [])))
        }
        #expect(empty?.description.contains("is empty, expected a token or more") == true)
    }
}

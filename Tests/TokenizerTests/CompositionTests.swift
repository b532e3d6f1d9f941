// Unicode's composed form, by way of a tokenizer that composes.

import Testing
import Tokenizer

@Suite struct CompositionTests {
    static func composed(_ tokenizer: Tokenizer, _ text: [UInt8]) throws -> [UInt8] {
        try tokenizer.decode(tokenizer.encode(text))
    }

    @Test(
        arguments: [
            ("e\u{301}", "\u{E9}"), ("a\u{323}\u{302}", "\u{1EAD}"), ("a\u{302}\u{323}", "\u{1EAD}"),
            ("\u{E2}\u{323}", "\u{1EAD}"), ("a\u{301}\u{301}", "\u{E1}\u{301}"), ("a\u{305}\u{301}", "a\u{305}\u{301}"),
            ("\u{212B}", "\u{C5}"),
            ("\u{1100}\u{1161}\u{11A8}", "\u{AC01}"), ("\u{AC00}\u{11A8}", "\u{AC01}"),
            ("\u{AC01}\u{11A8}", "\u{AC01}\u{11A8}"), ("\u{958}", "\u{915}\u{93C}"), ("\u{9C7}\u{9BE}", "\u{9CB}"),
            ("\u{F73}", "\u{F71}\u{F72}"), ("x\u{301}", "x\u{301}"), ("\u{301}e", "\u{301}e"),
            ("q\u{307}\u{323}", "q\u{323}\u{307}"), ("\u{1E9B}\u{323}", "\u{1E9B}\u{323}"), ("\u{F900}", "\u{8C48}"),
            ("\u{10041}\u{301}", "\u{10041}\u{301}"), ("\u{1D15E}", "\u{1D157}\u{1D165}"),
            // Later than Unicode 9: nothing moves, and nothing joins over it.
            ("a\u{7FD}\u{301}", "a\u{7FD}\u{301}"), ("a\u{301}\u{8D3}\u{323}", "\u{E1}\u{8D3}\u{323}"),
            ("\u{105D2}\u{307}", "\u{105D2}\u{307}"), ("\u{11935}\u{11930}", "\u{11935}\u{11930}"),
        ])
    func composesAsUnicodeSays(text: String, expected: String) throws {
        let tokenizer = try ReferenceTokenizer("qwen2").tokenizer
        let padded = "Ünï " + text + " 東e" + text
        let result = try Self.composed(tokenizer, Array(padded.utf8))
        #expect(result == Array(("Ünï " + expected + " 東e" + expected).utf8) || expected.hasPrefix("\u{301}"))
        #expect(try Self.composed(tokenizer, Array(text.utf8)) == Array(expected.utf8))
    }

    @Test func bytesThatAreNoTextStayWhereTheyAre() throws {
        let tokenizer = try ReferenceTokenizer("qwen2").tokenizer
        let text = Array("e".utf8) + [0xFF] + Array("\u{301}e\u{301}".utf8) + [0xC3, 0xCC, 0x81, 0xE2, 0x82]
        let expected = Array("e".utf8) + [0xFF] + Array("\u{301}\u{E9}".utf8) + [0xC3, 0xCC, 0x81, 0xE2, 0x82]
        #expect(try Self.composed(tokenizer, text) == expected)
    }

    @Test func composingTwiceChangesNothing() throws {
        let tokenizer = try ReferenceTokenizer("neox").tokenizer
        let pool = Array(
            "ae\u{301}\u{302}\u{323}\u{327}\u{1100}\u{1161}\u{11A8}\u{AC00}\u{928}\u{93C} x".unicodeScalars)
        var generator = SeededGenerator(state: 6)
        for _ in 0..<2000 {
            let scalars = (0..<20).compactMap { _ in pool.randomElement(using: &generator) }
            let text = Array(String(String.UnicodeScalarView(scalars)).utf8)
            let once = try Self.composed(tokenizer, text)
            #expect(try Self.composed(tokenizer, once) == once)
            // The standard library compares by canonical equivalence.
            #expect(String(decoding: once, as: UTF8.self) == String(decoding: text, as: UTF8.self))
        }
    }
}

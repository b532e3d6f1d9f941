// Text as it grows: what is given out at once, what waits, and where it stops.

import Inference
import Testing
import Tokenizer

@Suite struct StoppingTextTests {
    /// Feeds bytes one token each; returns what each call gave out, `finish` last.
    static func pieces(_ bytes: [UInt8], stops: [String]) -> (pieces: [String], text: String, isStopped: Bool) {
        var text = StoppingText(stops: stops, decoder: Tokenizer.bytes.makeStreamingDecoder())
        var pieces = bytes.map { text.append(Int($0)) }
        pieces.append(text.finish())
        return (pieces, text.text, text.isStopped)
    }

    @Test(
        arguments: [
            ("abc", [], ["a", "b", "c", ""], "abc", false),
            ("abc", ["b"], ["a", "", "", ""], "a", true),
            ("abc", ["abc"], ["", "", "", ""], "", true),
            // What may be a beginning waits, and comes out when it was none.
            ("abd", ["abc"], ["", "", "abd", ""], "abd", false),
            ("aab", ["ab"], ["", "a", "", ""], "a", true),
            ("aabaac", ["aabaab"], ["", "", "", "", "", "aabaac", ""], "aabaac", false),
            ("xab", ["abc"], ["x", "", "", "ab"], "xab", false),
            // The earliest of several stops, and of two that begin together whichever is complete first.
            ("one two", ["two", "e"], ["o", "n", "", "", "", "", "", ""], "on", true),
            ("abcd", ["bcd", "bc"], ["a", "", "", "", ""], "a", true),
            ("abcx", ["bcd", "cx"], ["a", "", "", "b", ""], "ab", true),
            ("a\r\nb", ["\n"], ["a", "\r", "", "", ""], "a\r", true),
            ("a\r\nb", ["\r\n"], ["a", "", "", "", ""], "a", true),
            ("ab", ["", "b"], ["a", "", ""], "a", true),
            // é in two bytes: nothing is shown before it is complete.
            ("é!", [], ["", "é", "!", ""], "é!", false),
            ("né", ["é"], ["n", "", "", ""], "n", true),
            ("nè", ["é"], ["n", "", "è", ""], "nè", false),
            // The decomposed form is another text.
            ("e\u{301}", ["é"], ["e", "", "\u{301}", ""], "e\u{301}", false),
        ] as [(String, [String], [String], String, Bool)])
    func byteByByte(text: String, stops: [String], pieces: [String], kept: String, isStopped: Bool) {
        let result = Self.pieces(Array(text.utf8), stops: stops)
        // Swift's strings are equal also where only their canonical forms are.
        #expect(result.pieces.map { Array($0.utf8) } == pieces.map { Array($0.utf8) })
        #expect(Array(result.text.utf8) == Array(kept.utf8))
        #expect(result.isStopped == isStopped)
        #expect(Array(result.pieces.joined().utf8) == Array(kept.utf8))
    }

    @Test(
        arguments: [
            ([0xF0, 0x9F, 0x98, 0x80], "😀"), ([0xF0, 0x9F, 0x98], "\u{FFFD}"), ([0x61, 0xC3], "a\u{FFFD}"),
            ([0x80, 0x61], "\u{FFFD}a"), ([0xC3, 0x61], "\u{FFFD}a"),
        ] as [([UInt8], String)])
    func invalidUTF8(bytes: [UInt8], expected: String) {
        let result = Self.pieces(bytes, stops: ["zz"])
        #expect(result.text == expected && result.pieces.joined() == expected)
    }

    /// Tokens of several bytes, and a stop that begins in one and ends in another.
    @Test func stopsOverTokenBorders() throws {
        let tokenizer = try Tokenizer.train(
            on: [Array("hello world. hello world. hello".utf8)], vocabularySize: 275, split: .gpt2)
        let tokens = try tokenizer.encode("hello world. hello world.")
        #expect(tokens.count < 12)
        for (stop, expected) in [
            ("lo wo", "hel"), (". h", "hello world"), ("world. hello w", "hello "),
            ("xyz", "hello world. hello world."),
            ("hello", ""),
        ] {
            var text = StoppingText(stops: [stop], decoder: tokenizer.makeStreamingDecoder())
            var shown = ""
            for token in tokens {
                shown += text.append(Int(token))
                #expect(expected.hasPrefix(shown))
            }
            shown += text.finish()
            #expect(shown == expected && text.text == expected && text.isStopped == (stop != "xyz"))
        }
    }

    @Test func nothingComesAfterTheStop() {
        var text = StoppingText(stops: ["."], decoder: Tokenizer.bytes.makeStreamingDecoder())
        _ = text.append(0x2E)
        #expect(text.append(0x61) == "" && text.append(0xC3) == "" && text.finish() == "" && text.text == "")
    }
}

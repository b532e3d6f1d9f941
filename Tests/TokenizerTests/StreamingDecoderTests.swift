// Text that arrives id by id.

import Testing
import Tokenizer

@Suite struct StreamingDecoderTests {
    @Test func holdsBackWhatIsNotYetACharacter() {
        var decoder = Tokenizer.bytes.makeStreamingDecoder()
        let bytes = Array("aé€😀".utf8)
        let expected = ["a", "", "é", "", "", "€", "", "", "", "😀"]
        #expect(bytes.map { decoder.append(Int($0)) } == expected)
        #expect(decoder.finish() == "")
    }

    @Test(
        arguments: [
            ([0xE2, 0x82, 0x41], ["", "", "\u{FFFD}A"], ""), ([0xC3], [""], "\u{FFFD}"),
            ([0x80, 0x41], ["\u{FFFD}", "A"], ""), ([0xE0, 0x80], ["", "\u{FFFD}\u{FFFD}"], ""),
            ([0xF0, 0x9F, 0x98], ["", "", ""], "\u{FFFD}"), ([0x41, 300, 0x42], ["A", "\u{FFFD}", "B"], ""),
            ([0xC3, -1, 0x42], ["", "\u{FFFD}\u{FFFD}", "B"], ""),
        ] as [([Int], [String], String)])
    func repairsWhatNeverBecomesOne(ids: [Int], parts: [String], rest: String) {
        var decoder = Tokenizer.bytes.makeStreamingDecoder()
        #expect(ids.map { decoder.append($0) } == parts)
        #expect(decoder.finish() == rest)
        #expect(decoder.finish() == "")
    }

    @Test func joinedItIsTheRepairedWhole() throws {
        let tokenizer = try TestTexts.makeTokenizer()
        var generator = SeededGenerator(state: 4)
        for round in 0..<3000 {
            // Bytes from 0xC0 on come often, so that many characters begin and few are finished.
            let bytes =
                round % 2 == 0
                ? TestTexts.randomBytes(&generator, count: 40)
                : (0..<40).map { _ in
                    [0x41, 0x80, 0x9F, 0xA0, 0xBF, 0xC3, 0xE0, 0xED, 0xE2, 0xF0, 0xF4].randomElement(using: &generator)
                        ?? 0
                }
            var decoder = tokenizer.makeStreamingDecoder()
            var text = try tokenizer.encode(bytes).map { decoder.append(Int($0)) }.joined()
            text += decoder.finish()
            #expect(Array(text.utf8) == Array(String(decoding: bytes, as: UTF8.self).utf8))
        }
    }
}

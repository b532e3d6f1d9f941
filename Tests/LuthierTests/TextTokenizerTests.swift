// Tokenizers through the library: learned, used, written and opened again.

import Luthier
import TestSupport
import Testing

@Suite struct TextTokenizerTests {
    private static let text = String(repeating: "low lower lowest, größer ", count: 20)

    @Test func aLearnedTokenizerIsWrittenAndOpened() throws {
        try withTemporaryFolder { folder in
            let tokenizer = try TextTokenizer(trainedOn: [Self.text], vocabularySize: 270)
            #expect(tokenizer.vocabularySize == 270 && tokenizer.endOfTextID == 269)
            let ids = try tokenizer.encode(Self.text)
            #expect(ids.count < Self.text.utf8.count / 2)
            #expect(try tokenizer.decode(ids) == Self.text)
            try tokenizer.write(to: folder.path + "/tokenizer")
            #expect(try TextTokenizer(contentsOf: folder.path + "/tokenizer") == tokenizer)
            let path = try folder.write(Self.text, as: "text.txt")
            #expect(try TextTokenizer(trainedOnFiles: [path], vocabularySize: 270) == tokenizer)
        }
    }

    @Test func bytesNeedNoFile() throws {
        #expect(try TextTokenizer.bytes.encode("aß") == [97, 0xC3, 0x9F])
        #expect(try TextTokenizer.bytes.decode([97, 0xC3]) == "a\u{FFFD}")
    }

    @Test func mistakesAreErrors() {
        #expect(throws: LuthierError.self) { try TextTokenizer(contentsOf: "/nowhere") }
        #expect(throws: LuthierError.self) { try TextTokenizer(trainedOnFiles: ["/nowhere"], vocabularySize: 300) }
        #expect(throws: LuthierError.self) { try TextTokenizer(trainedOn: ["text"], vocabularySize: 256) }
        #expect(throws: LuthierError.self) { try TextTokenizer.bytes.decode([257]) }
        #expect(throws: LuthierError.self) { try TextTokenizer.bytes.decode([-1]) }
    }
}

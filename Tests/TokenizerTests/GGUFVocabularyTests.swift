// The metadata of a GGUF file from a tokenizer: what is written reads back as the same tokenizer, or nothing is written.

import Testing
import Tokenizer

@Suite struct GGUFVocabularyTests {
    private static let texts = ["the cat and the hat, 1234 times", "  then 12 cats\n\nand 56 hats"]
        .map { Array($0.utf8) }

    @Test(arguments: [(Tokenizer.Split.gpt2, "gpt-2"), (.smollm, "smollm")])
    func splitsHaveNames(split: Tokenizer.Split, name: String) throws {
        let tokenizer = try Tokenizer.train(on: Self.texts + Self.texts, vocabularySize: 275, split: split)
        let end = try #require(tokenizer.endOfTextID)
        let vocabulary = try #require(GGUFVocabulary(tokenizer))
        #expect(vocabulary.model == "gpt2" && vocabulary.pre == name && vocabulary.addsBegin == nil)
        #expect(vocabulary.beginID == end && vocabulary.endIDs == [end])
        let read = try Tokenizer(gguf: vocabulary)
        #expect(read.split == split && read.endIDs == [end] && read.beginID == nil)
        for text in Self.texts { #expect(try read.encode(text) == tokenizer.encode(text)) }
    }

    /// Llama 3's split is known only together with pieces that are not merged.
    @Test(arguments: [Tokenizer.Split.none, .llama3, .qwen2])
    func whatHasNoNameIsNotWritten(split: Tokenizer.Split) throws {
        let tokenizer = try Tokenizer.train(on: Self.texts + Self.texts, vocabularySize: 275, split: split)
        #expect(GGUFVocabulary(tokenizer) == nil)
        #expect(GGUFVocabulary(.bytes) != nil)
    }

    @Test func scoresComeBack() throws {
        let tokenizer = try Tokenizer(gguf: ScoredTokenizerTests.vocabulary().0)
        let vocabulary = try #require(GGUFVocabulary(tokenizer))
        #expect(vocabulary.model == "llama" && vocabulary.pre == nil)
        #expect(vocabulary.addsBegin == true && vocabulary.addsSpacePrefix == true)
        #expect(try Tokenizer(gguf: vocabulary) == tokenizer)
    }
}

// Tokens on disk: the same as fresh ones, and replaced when text, tokenizer or settings change.

import Datasets
import Foundation
import TestSupport
import Testing
import Tokenizer
import Training

@Suite struct TokenCacheTests {
    private func documents(_ answer: String) throws -> [Document] {
        let rows = [
            "{\"prompt\":\"a\",\"completion\":\"\(answer)\"}", "{\"prompt\":\"ccc\",\"completion\":\"long answer\"}",
        ]
        return try Document.documents(of: TextFile(path: "a.jsonl", bytes: Array(rows.joined(separator: "\n").utf8)))
    }

    private static func same(_ left: TokenizedText, _ right: TokenizedText) -> Bool {
        left.tokens == right.tokens && left.weights == right.weights && left.sources == right.sources
            && left.dropped == right.dropped && left.cut == right.cut
    }

    @Test func keptTokensAreTheSame() throws {
        try withTemporaryFolder { folder in
            let cache = TokenCache(folder: folder.path)
            var options = EncodingOptions()
            (options.contextLength, options.overlong) = (6, .drop)
            func tokens(_ content: String, _ tokenizer: Tokenizer, _ answer: String) throws -> TokenizedText {
                try cache.tokens(
                    of: documents(answer), name: "train", content: content, tokenizer: tokenizer, options)
            }
            let fresh = try TokenizedText(documents("b"), tokenizer: .bytes, options)
            #expect(fresh.dropped.count == 1)
            #expect(Self.same(try tokens("1", .bytes, "b"), fresh))
            // Other documents under the old key show that the file is read, not the documents.
            #expect(Self.same(try tokens("1", .bytes, "d"), fresh))
            #expect(!Self.same(try tokens("2", .bytes, "d"), fresh))

            _ = try tokens("1", .bytes, "b")
            let other = try Tokenizer.train(on: [Array("aaaa bbbb aaaa".utf8)], vocabularySize: 259, split: .gpt2)
            #expect(
                try tokens("1", other, "d").tokens == TokenizedText(documents("d"), tokenizer: other, options).tokens)
            _ = try tokens("1", .bytes, "b")
            options.promptLossWeight = 0.5
            #expect(try tokens("1", .bytes, "d").weights.contains(0.5))
        }
    }

    @Test func aReadOnlyCacheIsReadAndNotWritten() throws {
        try withTemporaryFolder { folder in
            func tokens(_ cache: TokenCache, _ answer: String) throws -> TokenizedText {
                try cache.tokens(
                    of: documents(answer), name: "train", content: "1", tokenizer: .bytes, EncodingOptions())
            }
            let readOnly = TokenCache(folder: folder.path, isReadOnly: true)
            _ = try tokens(readOnly, "b")
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
            let first = try tokens(TokenCache(folder: folder.path), "b")
            #expect(Self.same(try tokens(readOnly, "d"), first))
        }
    }

    @Test func aDamagedFileIsReplaced() throws {
        try withTemporaryFolder { folder in
            let cache = TokenCache(folder: folder.path)
            func tokens(_ answer: String) throws -> TokenizedText {
                try cache.tokens(
                    of: documents(answer), name: "train", content: "1", tokenizer: .bytes, EncodingOptions())
            }
            let first = try tokens("b")
            let bytes = try folder.read("train.tokens")
            for place in [0, 20, 50, bytes.count - 1] {
                var broken = bytes
                broken[place] ^= 1
                try folder.write(broken, as: "train.tokens")
                #expect(try tokens("d").tokens != first.tokens)
            }
            try folder.write(Array(bytes.dropLast(3)), as: "train.tokens")
            #expect(try tokens("d").tokens != first.tokens)
        }
    }
}

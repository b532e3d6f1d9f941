// Tokens that are found before a text is cut, and what begins and ends a text.

import Testing
import Tokenizer

@Suite struct AddedTokenTests {
    /// Letters a to z, the space and two merges, with added tokens.
    static func tokenizer(_ added: [String], model: String = "") throws -> Tokenizer {
        let letters = "abcdefghijklmnopqrstuvwxyz".enumerated().map { "\"\($1)\":\($0)" }.joined(separator: ",")
        let text = """
            {"added_tokens":[\(added.joined(separator: ","))],"normalizer":null,
            "pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false,"use_regex":true},
            "model":{"type":"BPE",\(model)"vocab":{\(letters),"Ġ":26,"ab":27,"Ġa":28},"merges":["a b","Ġ a"]}}
            """
        return try Tokenizer(serialized: Array(text.utf8))
    }

    static func token(_ id: Int, _ content: String, _ flags: String = "") -> String {
        "{\"id\":\(id),\"content\":\"\(content)\"\(flags)}"
    }

    @Test(
        arguments: [
            // The longest of those that begin first.
            (["abc", "abcd", "bcde"], "xabcdex", [23, 30, 4, 23]), (["bc", "cde"], "abcdef", [0, 29, 3, 4, 5]),
            (["  ", "   "], "a     a", [0, 30, 29, 0]),
        ] as [([String], String, [Int32])])
    func theLeftmostLongestIsFound(contents: [String], text: String, ids: [Int32]) throws {
        let added = contents.enumerated().map { Self.token(29 + $0, $1) }
        #expect(try Self.tokenizer(added).encode(text) == ids)
    }

    @Test func flagsSayWhatBelongsToAToken() throws {
        let tokenizer = try Self.tokenizer([
            Self.token(29, "<l>", ",\"lstrip\":true"), Self.token(30, "<r>", ",\"rstrip\":true"),
            Self.token(31, "xy", ",\"single_word\":true"), Self.token(32, "<s>", ",\"special\":true"),
        ])
        #expect(try tokenizer.encode("a \t\u{3000}<l> b") == [0, 29, 26, 1])
        #expect(try tokenizer.encode("a <r>  b<r>") == [0, 26, 30, 1, 30])
        #expect(try tokenizer.encode("xy xyz axy xy") == [31, 26, 23, 24, 25, 28, 23, 24, 26, 31])
        #expect(try tokenizer.encode("<r> <l>") == [30, 29])
        #expect(tokenizer.specialIDs == [32])
        #expect(throws: TokenizerError.missingByte(0x3C, offset: 2)) { try tokenizer.encode("ab<s>") }
        #expect(try tokenizer.encode("ab<s>", findsSpecialTokens: true) == [27, 32])
        #expect(tokenizer.addedTokens.map(\.id) == [29, 30, 31, 32])
        let again = try Tokenizer(serialized: tokenizer.serialized())
        #expect(again == tokenizer)
        #expect(
            again.addedTokens[0].stripsLeft && again.addedTokens[1].stripsRight && again.addedTokens[2].isSingleWord)
    }

    @Test func missingBytesAreNamedByTheirPlaceInTheText() throws {
        let tokenizer = try Self.tokenizer([Self.token(29, "<l>")])
        let error = try #require(throws: TokenizerError.self) { try tokenizer.encode("ab<l>a?") }
        #expect(error == .missingByte(0x3F, offset: 6))
    }

    /// What is found hides what begins inside it, also where it is then passed over.
    @Test func aSpecialTokenHidesOthers() throws {
        let tokenizer = try Self.tokenizer([Self.token(29, "abc", ",\"special\":true"), Self.token(30, "cd")])
        #expect(try tokenizer.encode("abcd") == [27, 2, 3])
        #expect(try tokenizer.encode("abcd", findsSpecialTokens: true) == [29, 3])
        #expect(try tokenizer.encode("xcd") == [23, 30])
    }

    @Test func idsMayHaveGaps() throws {
        let tokenizer = try Self.tokenizer([Self.token(40, "<x>"), Self.token(35, "<y>")])
        #expect(tokenizer.vocabularySize == 41)
        #expect(try tokenizer.encode("a<x><y>") == [0, 40, 35])
        #expect(tokenizer.bytes(of: 33) == [])
        #expect(try tokenizer.decode([0, 33, 40]) == Array("a<x>".utf8))
        #expect(try Tokenizer(serialized: tokenizer.serialized()) == tokenizer)
    }

    @Test func aModelWithFewRowsHasFewTokens() throws {
        let tokenizer = try Self.tokenizer([
            Self.token(29, "<x>"), Self.token(30, "<y>"), Self.token(31, "<|endoftext|>", ",\"special\":true"),
        ])
        #expect(tokenizer.limited(to: 32) === tokenizer)
        let limited = try #require(tokenizer.limited(to: 30))
        #expect(limited.vocabularySize == 30 && limited.endOfTextID == nil && limited.addedTokens.map(\.id) == [29])
        #expect(throws: TokenizerError.missingByte(0x3C, offset: 1)) { try limited.encode("a<y>") }
        #expect(tokenizer.limited(to: 28) == nil)
    }

    @Test func severalTokensEndAText() throws {
        let added = (29..<33).map { Self.token($0, ["<s>", "</s>", "<eot>", "<x>"][$0 - 29], ",\"special\":true") }
        let plain = try Self.tokenizer(added)
        #expect(plain.endIDs == [] && plain.endOfTextID == nil && plain.beginID == nil && !plain.addsBegin)
        let tokenizer = Tokenizer(plain, endIDs: [31, 30], beginID: 29, addsBegin: true)
        #expect(tokenizer.endOfTextID == 31 && tokenizer.endIDs == [31, 30])
        #expect(tokenizer.beginID == 29 && tokenizer.addsBegin)
        #expect(tokenizer != plain)
        #expect(try tokenizer.encode("ab") == [27])
        let again = try Tokenizer(serialized: tokenizer.serialized())
        #expect(again == tokenizer)
        #expect(try Tokenizer(serialized: tokenizer.serialized(), endOfText: "</s>").endIDs == [30, 31])
        let quiet = Tokenizer(plain, endIDs: [31], beginID: 29, addsBegin: false)
        #expect(try Tokenizer(serialized: quiet.serialized()) == quiet)
        #expect(quiet.beginID == 29 && !quiet.addsBegin)
        // A token that begins and ends texts is the one that ends them.
        #expect(Tokenizer(plain, endIDs: [30], beginID: 30, addsBegin: false).beginID == nil)
        #expect(throws: TokenizerError.unknownID(99, vocabularySize: 33)) {
            try Self.tokenizer(added, model: "\"end_ids\":[99],")
        }
    }
}

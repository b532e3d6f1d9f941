// Feeds the reader of tokenizer.json with whatever the fuzzer thinks of: what it accepts must encode and come back.

import StrictJSON
import Tokenizer

/// Texts that every kind of step changes: digits, spaces, line breaks, marks, characters of all lengths, a broken one.
private let texts: [[UInt8]] = [
    Array("a b".utf8), Array(" ab\n\n 12 'S e\u{301}▁<x>  ".utf8), Array("\u{AC00}\u{11A8} 😀<|endoftext|>ba".utf8),
    [0x61, 0xE2, 0x96, 0xFF, 0x20, 0x0D, 0x0A],
]

/// Called by libFuzzer with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let file = [UInt8](UnsafeBufferPointer(start: start, count: count))
    do throws(TokenizerError) {
        let tokenizer = try Tokenizer(serialized: file)
        try use(tokenizer, on: texts + [file])
    } catch {
        say(error)
    }
    return 0
}

/// Encodes and decodes; the same with what is written and read again.
private func use(_ tokenizer: Tokenizer, on texts: [[UInt8]]) throws(TokenizerError) {
    let again: Tokenizer
    do throws(TokenizerError) {
        again = try Tokenizer(serialized: tokenizer.serialized())
    } catch {
        fatalError("what was written cannot be read: \(error)")
    }
    for text in texts {
        for findsSpecial in [false, true] {
            let ids = encode(tokenizer, text, findsSpecial)
            require(ids == encode(again, text, findsSpecial), "other ids when read again")
            for id in ids ?? [] { require((0..<tokenizer.vocabularySize).contains(Int(id)), "id \(id)") }
            let decoded = try tokenizer.decode((ids ?? []).map { Int($0) })
            var decoder = tokenizer.makeStreamingDecoder()
            var streamed = ""
            for id in ids ?? [] { streamed += decoder.append(Int(id)) }
            require(streamed.utf8.count <= 3 * decoded.count + 3, "more text in pieces than at once")
        }
    }
    _ = tokenizer.limited(to: tokenizer.vocabularySize / 2)
}

/// The ids, or nil where the vocabulary lacks a byte of the text.
private func encode(_ tokenizer: Tokenizer, _ text: [UInt8], _ findsSpecial: Bool) -> [Int32]? {
    do throws(TokenizerError) {
        return try tokenizer.encode(text, findsSpecialTokens: findsSpecial)
    } catch {
        say(error)
        return nil
    }
}

/// Every defect has a sentence.
private func say(_ error: TokenizerError) { require(!error.description.isEmpty, "no sentence") }

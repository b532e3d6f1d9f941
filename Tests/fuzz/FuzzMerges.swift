// Feeds the reader of vocab.json and merges.txt, and the files next to them, with whatever the fuzzer thinks of.

import Interchange
import Tokenizer

private let folder = FuzzFolder()

/// The parts of an input, with a zero byte between: no text of the readers has one.
private let names = [
    "vocab.json", "merges.txt", "tokenizer_config.json", "added_tokens.json", "special_tokens_map.json",
    "generation_config.json", "config.json", "tokenizer.model",
]
private let texts: [[UInt8]] = [
    Array("a b".utf8), Array(" ab\n\n 12 'S e\u{301}<x>  ".utf8), Array("\u{AC00}\u{11A8} 😀<|endoftext|>ba".utf8),
    [0x61, 0xE2, 0x96, 0xFF, 0x20, 0x0D, 0x0A],
]

/// Called by libFuzzer with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    folder.replace(names, with: parts(of: Array(UnsafeBufferPointer(start: start, count: count)), separator: [0]))
    do throws(TokenizerError) {
        let tokenizer = try Tokenizer(path: folder.path)
        try use(tokenizer)
        // The same through the file that Luthier writes.
        let again = try Tokenizer(serialized: tokenizer.serialized())
        for text in texts {
            require(encode(tokenizer, text) == encode(again, text), "other ids when written and read again")
        }
    } catch {
        say(error)
    }
    do {
        let read = try FolderTokenizer(path: folder.path, endIDs: [0, 1])
        try use(read.tokenizer)
        let known = 0..<read.tokenizer.vocabularySize
        require(read.tokenizer.endIDs.allSatisfy(known.contains), "an end without a token")
    } catch {
        require(!"\(error)".isEmpty, "no sentence")
    }
    return 0
}

/// Encodes and decodes.
private func use(_ tokenizer: Tokenizer) throws(TokenizerError) {
    for text in texts {
        let ids = encode(tokenizer, text) ?? []
        for id in ids { require((0..<tokenizer.vocabularySize).contains(Int(id)), "id \(id)") }
        _ = try tokenizer.decode(ids.map { Int($0) })
    }
    _ = tokenizer.limited(to: tokenizer.vocabularySize / 2)
}

/// The ids, or nil where the vocabulary lacks a byte of the text.
private func encode(_ tokenizer: Tokenizer, _ text: [UInt8]) -> [Int32]? {
    do throws(TokenizerError) {
        return try tokenizer.encode(text, findsSpecialTokens: true)
    } catch {
        say(error)
        return nil
    }
}

/// Every defect has a sentence.
private func say(_ error: TokenizerError) {
    require(!error.description.isEmpty && error.hint?.isEmpty != true, "no sentence")
}

// Tokenizers as files: read in every common form, written in Hugging Face's.

import Foundation
import StrictJSON

extension Tokenizer {
    /// Reads a tokenizer.
    ///
    /// - Parameters:
    ///   - path: a folder with `tokenizer.json`, or `vocab.json` and `merges.txt`, or `encoder.json` and `vocab.bpe`
    ///     (the first of these that is there), or a file like `tokenizer.json`.
    ///   - endOfText: the name of the token that ends a text; without one, `<|endoftext|>` where it is there.
    public convenience init(path: String, endOfText: String? = nil) throws(TokenizerError) {
        self.init(try TokenizerReader.read(path: path, endOfText: endOfText))
    }

    /// Reads what `serialized` gave, or any tokenizer.json.
    ///
    /// - Parameter name: what messages call the text.
    public convenience init(
        serialized bytes: [UInt8], endOfText: String? = nil, name: String = "tokenizer.json"
    ) throws(TokenizerError) {
        self.init(try TokenizerFile(bytes: bytes, file: name).makeTokenizer(endOfText: endOfText))
    }

    private convenience init(_ other: Tokenizer) {
        self.init(
            vocabulary: other.vocabulary, merges: other.merges, split: other.split, endOfTextID: other.endOfTextID,
            specialIDs: other.specialIDs)
    }

    /// The tokenizer as Hugging Face's tokenizer.json in UTF-8; equal tokenizers give equal bytes.
    public func serialized() -> [UInt8] {
        let added = specialIDs.map { id -> JSONOutput in
            [
                "id": .integer(id), "content": .string(written(id)), "single_word": false, "lstrip": false,
                "rstrip": false, "normalized": false, "special": true,
            ]
        }
        let byteLevel: JSONOutput = [
            "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": .bool(split == .gpt2),
        ]
        let tokenizer: JSONOutput = [
            "version": "1.0", "truncation": nil, "padding": nil, "added_tokens": .array(added), "normalizer": nil,
            "pre_tokenizer": byteLevel, "post_processor": nil, "decoder": byteLevel,
            "model": [
                "type": "BPE", "dropout": nil, "unk_token": nil, "continuing_subword_prefix": "",
                "end_of_word_suffix": "", "fuse_unk": false, "byte_fallback": false, "vocab": vocabularyOutput,
                "merges": .array(writtenMerges.map { .string($0) }),
            ],
        ]
        return tokenizer.serializedBytes()
    }

    /// Writes `tokenizer.json`, `vocab.json` and `merges.txt` into a folder, which is made where it is missing.
    ///
    /// Only tokenizer.json tells the split; readers of the other two take it for GPT-2's.
    public func write(to directory: String) throws(TokenizerError) {
        let folder = URL(fileURLWithPath: directory, isDirectory: true)
        let merges = (["#version: 0.2"] + writtenMerges).joined(separator: "\n") + "\n"
        let files = [
            ("tokenizer.json", serialized()), ("vocab.json", vocabularyOutput.serializedBytes()),
            ("merges.txt", Array(merges.utf8)),
        ]
        var current = folder
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            for (name, bytes) in files {
                current = folder.appendingPathComponent(name)
                try Data(bytes).write(to: current, options: .atomic)
            }
        } catch {
            throw .unwritable(path: current.path, reason: error.localizedDescription)
        }
    }

    /// A token as the files write it.
    private func written(_ id: Int) -> String {
        let bytes = vocabulary.token(id)
        return isSpecial(id) ? String(decoding: bytes, as: UTF8.self) : ByteAlphabet.encode(bytes)
    }

    /// Found by halving, because a vocabulary may name very many.
    private func isSpecial(_ id: Int) -> Bool {
        var range = specialIDs[...]
        while let middle = range.isEmpty ? nil : (range.startIndex + range.endIndex) / 2 {
            if range[middle] == id { return true }
            range = range[middle] < id ? range[(middle + 1)...] : range[..<middle]
        }
        return false
    }

    private var vocabularyOutput: JSONOutput {
        .object((0..<vocabularySize).map { (key: written($0), value: .integer($0)) })
    }

    /// All tokens as the files write them, by id.
    package var writtenTokens: [String] { (0..<vocabularySize).map(written) }

    /// All merges as merges.txt has them.
    package var writtenMerges: [String] { merges.map { written(Int($0.left)) + " " + written(Int($0.right)) } }
}

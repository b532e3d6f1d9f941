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
    package convenience init(path: String, endOfText: String? = nil) throws(TokenizerError) {
        self.init(try TokenizerReader.read(path: path, endOfText: endOfText).parts)
    }

    /// Reads what `serialized` gave, or any tokenizer.json.
    ///
    /// - Parameter name: what messages call the text.
    package convenience init(
        serialized bytes: [UInt8], endOfText: String? = nil, name: String = "tokenizer.json"
    ) throws(TokenizerError) {
        self.init(try TokenizerFile(bytes: bytes, file: name).readParts(endOfText: endOfText))
    }

    /// The tokenizer as Hugging Face's tokenizer.json in UTF-8; equal tokenizers give equal bytes.
    package func serialized() -> [UInt8] { TokenizerFileWriter(self).file.serializedBytes() }

    /// Writes `tokenizer.json`, `vocab.json` and `merges.txt` into a folder, which is made where it is missing.
    ///
    /// Only tokenizer.json tells the split and all that goes with it; readers of the other two take it for GPT-2's.
    package func write(to directory: String) throws(TokenizerError) {
        let folder = URL(fileURLWithPath: directory, isDirectory: true)
        let merges = (["#version: 0.2"] + writtenMerges).joined(separator: "\n") + "\n"
        let files = [
            ("tokenizer.json", serialized()),
            ("vocab.json", TokenizerFileWriter(self).vocabulary.serializedBytes()),
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
    func written(_ id: Int) -> String {
        if let written = parts.written { return String(decoding: written.token(id), as: UTF8.self) }
        if let added = addedToken(id) { return String(decoding: added.content, as: UTF8.self) }
        return ByteAlphabet.encode(vocabulary.token(id))
    }

    /// Found by halving, because a vocabulary may name very many.
    private func addedToken(_ id: Int) -> AddedToken? {
        var range = addedTokens[...]
        while let middle = range.isEmpty ? nil : (range.startIndex + range.endIndex) / 2 {
            if range[middle].id == id { return range[middle] }
            range = range[middle].id < id ? range[(middle + 1)...] : range[..<middle]
        }
        return nil
    }

    /// All tokens as the files write them, by id; empty where the ids have a gap.
    package var writtenTokens: [String] { (0..<vocabularySize).map(written) }

    /// All merges as merges.txt has them. Those of characters that are no tokens have no place there.
    package var writtenMerges: [String] { writtenMergePairs.map { $0.left + " " + $0.right } }

    var writtenMergePairs: [(left: String, right: String)] {
        parts.merges.lazy.filter { $0.left < self.vocabularySize && $0.right < self.vocabularySize }
            .map { (self.written(Int($0.left)), self.written(Int($0.right))) }
    }
}

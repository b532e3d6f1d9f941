// Finds a tokenizer's files and reads them in whichever form they have.

import Files
import Foundation
import StrictJSON

/// Reads a tokenizer from disk.
enum TokenizerReader {
    static let largestFile = 64 << 20

    static func read(path: String, endOfText: String?) throws(TokenizerError) -> Tokenizer {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw .noSuchFile(path: path)
        }
        guard isFolder.boolValue else { return try readTokenizerFile(path, endOfText: endOfText) }
        func existing(_ name: String) -> String? {
            // Put together by hand: messages name the path as it was given.
            let file = (path.hasSuffix("/") ? path : path + "/") + name
            return FileManager.default.fileExists(atPath: file) ? file : nil
        }
        if let file = existing("tokenizer.json") { return try readTokenizerFile(file, endOfText: endOfText) }
        for (vocabularyName, mergesName) in [("vocab.json", "merges.txt"), ("encoder.json", "vocab.bpe")] {
            if let vocabulary = existing(vocabularyName), let merges = existing(mergesName) {
                let files = PairFiles(
                    vocabulary: vocabulary, merges: merges, added: existing("added_tokens.json"),
                    settings: existing("tokenizer_config.json"))
                return try files.read(endOfText: endOfText)
            }
        }
        let others = ["tokenizer.model", "spiece.model", "vocab.txt"].filter { existing($0) != nil }
        throw .noTokenizerInFolder(path: path, found: others)
    }

    private static func readTokenizerFile(_ path: String, endOfText: String?) throws(TokenizerError) -> Tokenizer {
        Tokenizer(try TokenizerFile(bytes: contents(of: path), file: path).readParts(endOfText: endOfText))
    }

    static func parse(_ bytes: [UInt8], file: String) throws(TokenizerError) -> JSONNode {
        do {
            return try JSONText.parse(bytes, options: JSONOptions(maximumBytes: largestFile))
        } catch {
            throw .invalidJSON(file: file, error: error)
        }
    }

    static func contents(of path: String) throws(TokenizerError) -> [UInt8] {
        do {
            let attributes = try FileManager.default.attributesOfItem(
                atPath: URL(fileURLWithPath: path).resolvingSymlinksInPath().path)
            guard attributes[.type] as? FileAttributeType == .typeRegular else {
                throw TokenizerError.unreadable(path: path, reason: "it is not a regular file")
            }
            let size = (attributes[.size] as? NSNumber)?.intValue ?? 0
            guard size <= largestFile else {
                throw TokenizerError.fileTooLarge(path: path, bytes: size, limit: largestFile)
            }
            let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
            if let pointer = bytes.withUnsafeBytes({ GitLFSPointer.detect($0) }) {
                throw TokenizerError.gitLFSPointer(path: path, pointer)
            }
            return bytes
        } catch let error as TokenizerError {
            throw error
        } catch {
            throw .unreadable(path: path, reason: error.localizedDescription)
        }
    }
}

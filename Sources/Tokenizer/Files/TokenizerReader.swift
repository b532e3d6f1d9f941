// Finds a tokenizer's files and reads them in whichever form they have.

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
                return try readPair(
                    vocabulary: vocabulary, merges: merges, added: existing("added_tokens.json"), endOfText: endOfText)
            }
        }
        throw .noTokenizerInFolder(path: path)
    }

    private static func readTokenizerFile(_ path: String, endOfText: String?) throws(TokenizerError) -> Tokenizer {
        Tokenizer(try TokenizerFile(bytes: contents(of: path), file: path).readParts(endOfText: endOfText))
    }

    /// Reads a vocabulary and its merges from two files; they name no split, it is GPT-2's. A third may name tokens that
    /// were added, all of them special: `{"name": id}`.
    private static func readPair(
        vocabulary vocabularyPath: String, merges mergesPath: String, added addedPath: String?, endOfText: String?
    ) throws(TokenizerError) -> Tokenizer {
        let node = try parse(contents(of: vocabularyPath), file: vocabularyPath)
        let place = FilePlace(file: vocabularyPath, node.position)
        guard let object = node.object else {
            throw .wrongType(place, name: "the vocabulary", expected: "an object", found: node.typeName)
        }
        let name = endOfText ?? Tokenizer.endOfText
        let added = try addedPath.map { path throws(TokenizerError) in try parse(contents(of: path), file: path) }
        let endOfTextID = object[name]?.integer ?? added?.object?[name]?.integer
        if endOfText != nil, endOfTextID == nil { throw .noEndOfText(file: vocabularyPath, name: name) }
        var builder = VocabularyBuilder(file: vocabularyPath, spelling: .byteAlphabet)
        var specialIDs = Set(endOfTextID.map { [$0] } ?? [])
        for member in added?.object?.members ?? [] where object[member.key]?.integer == member.value.integer {
            if let id = member.value.integer { specialIDs.insert(id) }
        }
        try builder.add(object, at: place, literal: specialIDs)
        for member in added?.object?.members ?? [] where object[member.key] == nil {
            let place = FilePlace(file: addedPath ?? vocabularyPath, member.keyPosition)
            guard let id = member.value.integer else { throw .invalidID(place, token: member.key) }
            try builder.addLiteral(member.key, id: id, at: place)
            specialIDs.insert(id)
        }
        let tokens = builder.build()
        let merges = try readMerges(mergesPath, written: tokens.written, outside: specialIDs)
        let special = specialIDs.sorted().map { id in
            AddedToken(id: id, content: Array(tokens.written.token(id)), isSpecial: true)
        }
        return Tokenizer(
            TokenizerParts(
                vocabulary: tokens.vocabulary, merges: merges, split: .gpt2, added: special,
                ends: endOfTextID.map { [$0] } ?? []))
    }

    /// Reads one merge a line; a first line that starts with `#version` is passed over, and so are empty lines at the
    /// end.
    private static func readMerges(
        _ path: String, written: Vocabulary, outside: Set<Int>
    ) throws(TokenizerError) -> [Merge] {
        let bytes = try contents(of: path)
        var builder = MergeListBuilder(written: written, outside: outside)
        var lineNumber = 0
        let contentEnd = (bytes.lastIndex { $0 != 0x0A && $0 != 0x0D } ?? -1) + 1
        var start = 0
        while start < contentEnd {
            let lineFeed = bytes[start..<contentEnd].firstIndex(of: 0x0A) ?? contentEnd
            var line = bytes[start..<lineFeed]
            if line.last == 0x0D { line.removeLast() }
            lineNumber += 1
            start = lineFeed + 1
            if lineNumber == 1, line.starts(with: "#version".utf8) { continue }
            try builder.add(line, at: FilePlace(file: path, line: lineNumber))
        }
        return builder.merges
    }

    static func parse(_ bytes: [UInt8], file: String) throws(TokenizerError) -> JSONNode {
        do {
            return try JSONText.parse(bytes, options: JSONOptions(maximumBytes: largestFile))
        } catch {
            throw .invalidJSON(file: file, error: error)
        }
    }

    private static func contents(of path: String) throws(TokenizerError) -> [UInt8] {
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
            return [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        } catch let error as TokenizerError {
            throw error
        } catch {
            throw .unreadable(path: path, reason: error.localizedDescription)
        }
    }
}

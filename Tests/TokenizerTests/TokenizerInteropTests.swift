// Tokenizers against Hugging Face's and SentencePiece on many texts: what Tests/interop/tokenizer_ids.py has written.

import Foundation
import StrictJSON
import Testing
import Tokenizer

/// Records of a little-endian 32-bit count and as many items.
private struct RecordReader {
    private let bytes: Data
    private var place = 0

    /// No records.
    init() { bytes = Data() }

    init(_ path: String) throws { bytes = try Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped) }

    var isAtEnd: Bool { place >= bytes.count }

    mutating func number() -> Int {
        defer { place += 4 }
        return bytes.withUnsafeBytes { Int($0.loadUnaligned(fromByteOffset: place, as: Int32.self).littleEndian) }
    }

    mutating func text() -> [UInt8] {
        let count = number()
        defer { place += count }
        return [UInt8](bytes[place..<place + count])
    }

    mutating func ids() -> [Int32] {
        var ids: [Int32] = []
        for _ in 0..<number() { ids.append(Int32(number())) }
        return ids
    }
}

/// The folder with a folder for each tokenizer.
private enum InteropFolder {
    static let root = ProcessInfo.processInfo.environment["LUTHIER_INTEROP"].map { $0 + "/tokenizers" }

    static let names: [String] = {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: root ?? "")) ?? []
        return files.filter { !$0.hasSuffix(".bin") }.sorted()
    }()
}

@Suite(.enabled(if: InteropFolder.root != nil, "run by `make interop`"), .serialized)
struct TokenizerInteropTests {
    static func vocabulary(_ path: String) throws -> GGUFVocabulary {
        let text = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        let object = try #require(try JSONText.parse(text).object)
        var tokens: [[UInt8]] = []
        for token in object["tokens"]?.array ?? [] { tokens.append(Array((token.string ?? "").utf8)) }
        var merges: [[UInt8]] = []
        for merge in object["merges"]?.array ?? [] { merges.append(Array((merge.string ?? "").utf8)) }
        var scores: [Float] = []
        for score in object["scores"]?.array ?? [] { scores.append(Float(score.number ?? .nan)) }
        var vocabulary = GGUFVocabulary(model: object["model"]?.string ?? "", tokens: tokens)
        vocabulary.pre = object["pre"]?.string
        vocabulary.types = ReferenceTokenizer.ids(object["types"])
        vocabulary.merges = merges
        vocabulary.scores = scores.isEmpty ? nil : scores
        return vocabulary
    }

    @Test(arguments: InteropFolder.names) func givesTheSameIDs(name: String) throws {
        let folder = try #require(InteropFolder.root)
        var tokenizers: [Tokenizer] = []
        if FileManager.default.fileExists(atPath: folder + "/\(name)/tokenizer.json") {
            let read = try Tokenizer(path: folder + "/\(name)/tokenizer.json")
            tokenizers += [read, try Tokenizer(serialized: read.serialized())]
        }
        if FileManager.default.fileExists(atPath: folder + "/\(name)/gguf.json") {
            tokenizers.append(try Tokenizer(gguf: Self.vocabulary(folder + "/\(name)/gguf.json")))
        }
        try #require(!tokenizers.isEmpty)
        for tokenizer in tokenizers { try compare(tokenizer, name, folder) }
    }

    private func compare(_ tokenizer: Tokenizer, _ name: String, _ folder: String) throws {
        var texts = try RecordReader(folder + "/texts.bin")
        var plain = try RecordReader(folder + "/\(name)/ids.bin")
        let path = folder + "/\(name)/special.bin"
        let findsSpecial = FileManager.default.fileExists(atPath: path)
        var special = findsSpecial ? try RecordReader(path) : RecordReader()
        var nextSpecial = special.isAtEnd ? -1 : special.number()
        var (number, skipped, idCount, differing) = (0, 0, 0, 0)
        while !texts.isAtEnd, differing < 5 {
            let text = texts.text()
            let expected = plain.ids()
            defer { number += 1 }
            guard expected != [-1] else {
                skipped += 1
                continue
            }
            idCount += expected.count
            var found = expected
            if nextSpecial == number {
                found = special.ids()
                nextSpecial = special.isAtEnd ? -1 : special.number()
            }
            let ids = try tokenizer.encode(text)
            let withSpecial = findsSpecial ? try tokenizer.encode(text, findsSpecialTokens: true) : found
            if ids != expected || withSpecial != found {
                differing += 1
                let shown = String(decoding: text.prefix(200), as: UTF8.self).debugDescription
                let scalars = String(decoding: text.prefix(60), as: UTF8.self).unicodeScalars
                    .map { String($0.value, radix: 16) }.joined(separator: " ")
                Issue.record(
                    "\(name), text \(number): \(shown) \(scalars) gave \(ids.prefix(60)), not \(expected.prefix(60))")
            }
        }
        print("\(name): \(number - skipped) texts, \(idCount) ids, \(differing) texts differ")
    }
}

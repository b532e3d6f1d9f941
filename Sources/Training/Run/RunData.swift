// A run's data: files read, split, encoded, fingerprinted, and accounted for line by line.

import Checkpoint
import Datasets
import Foundation
import StrictJSON
import Tokenizer

/// Documents of all splits, before they are encoded.
public struct RunDocuments: Sendable {
    public let splits: [Split: [Document]]
    public let format: TextFormat
    /// SHA-256 over the files' contents in the order in which they are named.
    public let hash: String
    /// Bytes and lines of each file read, in order.
    let files: [(path: String, split: Split?, bytes: Int, lines: Int)]

    /// Reads every file that `config` names. A split without files of its own is taken from the training files.
    public init(_ config: RunConfig.DataSection) throws {
        let format = TextFormat(rawValue: config.format) ?? .text
        var files: [(path: String, split: Split?, bytes: Int, lines: Int)] = []
        var digest = SHA256Digest()
        func read(_ paths: [String], _ split: Split) throws -> [Document] {
            try paths.flatMap { path in
                let file = try TextFile(path: path)
                file.bytes.withUnsafeBytes { digest.update($0) }
                var lines = file.bytes.count { $0 == 0x0A }
                if let last = file.bytes.last, last != 0x0A { lines += 1 }
                files.append((path, split, file.bytes.count, lines))
                return Document.documents(of: file, format: format)
            }
        }
        let train = try read(config.train, .train)
        var splits: [Split: [Document]] = [:]
        splits[.validation] = try read(config.validation, .validation)
        splits[.test] = try read(config.test, .test)
        let fractions = SplitFractions(
            validation: config.validation.isEmpty ? config.validationFraction : 0,
            test: config.test.isEmpty ? config.testFraction : 0, seed: UInt64(config.splitSeed))
        let divided = try fractions.divide(train, format: format)
        for split in Split.allCases {
            splits[split] = (divided[split] ?? []) + (split == .train ? [] : splits[split] ?? [])
        }
        self.splits = splits
        self.format = format
        self.files = files
        hash = SHA256Digest.hexadecimal(digest.finish())
    }

    /// The documents of one split.
    public subscript(split: Split) -> [Document] { splits[split] ?? [] }
}

/// The same as tokens.
public struct RunData: Sendable {
    public let splits: [Split: TokenizedText]
    public let hash: String
    /// `ledger.json`: what became of every file, document and token.
    public let ledger: JSONOutput
    /// One line for people about each split.
    public let summary: [String]

    /// Encodes all splits. Where documents are many, training documents end with the end-of-text token, so that the
    /// model learns to stop; validation and test get nothing added, by the definition of perplexity.
    public init(_ documents: RunDocuments, tokenizer: Tokenizer, startToken: Bool) throws(DatasetError) {
        let end = documents.format == .text ? nil : tokenizer.endOfTextID.map { Int32($0) }
        let start = startToken ? tokenizer.endOfTextID.map { Int32($0) } : nil
        var splits: [Split: TokenizedText] = [:]
        for split in Split.allCases where !documents[split].isEmpty {
            splits[split] = try TokenizedText(
                documents[split], tokenizer: tokenizer, startToken: start, endToken: split == .train ? end : nil)
        }
        self.splits = splits
        hash = documents.hash
        ledger = RunData.ledger(documents, splits)
        summary = Split.allCases.compactMap { split in
            guard let text = splits[split] else { return nil }
            let dropped = text.tooShort.count
            return "\(split.rawValue): \(text.sources.count) documents, \(text.tokens.count) tokens"
                + (dropped > 0 ? ", \(dropped) documents dropped (fewer than two tokens)" : "")
        }
    }

    private static func ledger(_ documents: RunDocuments, _ splits: [Split: TokenizedText]) -> JSONOutput {
        let files = documents.files.map { file in
            JSONOutput.object([
                ("file", .string(file.path)), ("split", .string(file.split?.rawValue ?? "")),
                ("lines", .integer(file.lines)), ("bytes", .integer(file.bytes)),
            ])
        }
        let parts = Split.allCases.compactMap { split -> (key: String, value: JSONOutput)? in
            guard let text = splits[split] else { return nil }
            let dropped = text.tooShort.map { document in
                JSONOutput.object([
                    ("file", .string(document.path)), ("line", .integer(document.line)),
                    ("reason", "fewer than two tokens: nothing to predict"),
                ])
            }
            return (
                key: split.rawValue,
                value: .object([
                    ("read", .integer(documents[split].count)), ("used", .integer(text.sources.count)),
                    ("cut", .integer(0)), ("dropped", .integer(text.tooShort.count)),
                    ("bytes", .integer(documents[split].reduce(0) { $0 + $1.bytes.count })),
                    ("tokens", .integer(text.tokens.count)), ("predictions", .integer(text.predictionCount)),
                    ("droppedDocuments", .array(dropped)),
                ])
            )
        }
        return .object([
            ("format", .string(documents.format.rawValue)), ("sha256", .string(documents.hash)),
            ("files", .array(files)), ("splits", .object(parts)),
        ])
    }
}

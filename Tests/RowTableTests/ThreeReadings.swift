// One file read by the three commands: `prepare`, `train --dry-run` and `inspect --row`.

import Datasets
import Foundation
import Models
import Preparation
import TestSupport
import Tokenizer
import Training

/// What the commands make of a file.
struct ThreeReadings {
    /// Training's documents, or its error without the path.
    var documents: [Document] = []
    var error: String?
    /// The error of a dry run, without the path, if it is another one.
    var dryRunError: String?
    /// What `prepare` finds, its error, how many rows it keeps, and what training reads in the rows that it writes.
    var rules: Set<String> = []
    var preparationError: String?
    var kept = 0
    var written: [Document] = []
    /// The documents that `inspect` shows, or its error.
    var inspected: [Document] = []
    var inspectionError: String?

    init(_ bytes: [UInt8], name: String, ignoring keys: [String] = []) throws {
        self = try withTemporaryFolder { folder in
            let path = try folder.write(bytes, as: name)
            return try ThreeReadings(path: path, output: folder.path + "/prepared", ignoring: keys)
        }
    }

    /// - Parameter output: a folder that does not exist, for what `prepare` writes.
    init(path: String, output: String, ignoring keys: [String] = []) throws {
        func message(_ error: any Error) -> String {
            "\(error)".replacing(path + ", ", with: "").replacing(path, with: "FILE")
        }
        do {
            let files = try FileList.files(at: path)
            let parts = try files.map { file in
                try Document.reading(of: TextFile(path: file), format: .auto, ignoring: Set(keys)).documents
            }
            try Document.checkKinds(zip(files, parts), folder: path)
            documents = parts.flatMap { $0 }
        } catch { self.error = message(error) }
        let config = try ThreeReadings.config(path, ignoring: keys)
        do { inspected = try RowSetting(config.config, rowsAt: path).documents } catch {
            inspectionError = message(error)
        }
        do {
            var request = RunRequest(reader: config, folder: RunFolder(path: output + "-run"), resume: false)
            request.writesNothing = true
            _ = try DryRun.measure(request) { _ in }
        } catch { dryRunError = message(error) }
        do { try prepare(path, output, keys) } catch { preparationError = message(error) }
    }

    private mutating func prepare(_ path: String, _ output: String, _ keys: [String]) throws {
        var request = PreparationRequest(inputs: [path])
        request.tokenizer = .bytes
        request.contextLength = 4000
        request.options.ignoredKeys = Set(keys)
        request.shares = SplitShares(validation: 0)
        let preparer = try Preparer.check(request)
        let report = preparer.report
        rules = Set(report.findings.map(\.rule.name))
        kept = report.kept
        guard kept > 0, error == nil else { return }
        let parts = try preparer.write(to: output).parts
        written = try parts.flatMap { part in
            try Document.reading(of: TextFile(path: part.path), format: .auto, ignoring: Set(keys)).documents
        }
    }

    /// A model so small that a dry run takes no time.
    private static func config(_ path: String, ignoring keys: [String]) throws -> ConfigReader {
        var reader = ConfigReader()
        let text = """
            { "model": { "blockCount": 1, "headCount": 1, "modelWidth": 8, "feedForwardWidth": 8, "contextLength": 400 },
              "tokenizer": { "vocabularySize": 257 },
              "data": { "validationFraction": 0 },
              "training": { "steps": 1, "batchSize": 1, "threads": 1, "precision": "f32" } }
            """
        try reader.read(Array(text.utf8), path: "table.json")
        let list = { (texts: [String]) in "[" + texts.map { "\"\($0)\"" }.joined(separator: ",") + "]" }
        try reader.set("data.train", toText: list([path]), source: "", origin: "")
        try reader.set("data.ignoreKeys", toText: list(keys), source: "", origin: "")
        return reader
    }

    /// The texts of documents without white space: `prepare` divides plain text, which training reads as one stream.
    static func characters(_ documents: [Document]) -> [UInt8] {
        documents.flatMap { document -> [UInt8] in
            switch document.content {
            case .stream(let bytes), .text(let bytes): return bytes.filter { !SourceFormat.isSpace($0) }
            case .conversation: return []
            }
        }
    }
}

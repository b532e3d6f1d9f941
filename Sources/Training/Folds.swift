// K-fold evaluation: so few rows that one validation split says little are each measured once, by a model that never
// saw them.

import Datasets
import Foundation
import Kernels
import StrictJSON

/// The division of rows into folds.
package enum Folds {
    /// From this many rows on, a validation split says as much for less time.
    package static let manyRows = 200

    /// One fold's files.
    package struct Files: Sendable, Equatable {
        package var train: String
        package var validation: String
    }

    /// The rows of each fold: rows with one prompt stay together, and labels keep their shares.
    ///
    /// - Returns: `count` lists of places in `documents`, ascending.
    package static func divide(_ documents: [Document], into count: Int, seed: UInt64) -> [[Int]] {
        var groups: [UInt64: [Int]] = [:]
        for (index, document) in documents.enumerated() { groups[key(document, index), default: []].append(index) }
        let isLabelled = AnswerLabels.find(documents) != nil
        func label(_ group: [Int]) -> UInt64 {
            guard isLabelled, let split = AnswerLabels.split(documents[group[0]]) else { return 0 }
            return TextHash.hash(split.answer)
        }
        // One class after the other, each in a drawn order, dealt out like cards.
        let ordered = groups.map { (label: label($0.value), draw: mix($0.key ^ mix(seed)), rows: $0.value) }
            .sorted { $0.label != $1.label ? $0.label < $1.label : $0.draw < $1.draw }
        var folds = [[Int]](repeating: [], count: count)
        for (index, group) in ordered.enumerated() { folds[index % count] += group.rows }
        return folds.map { $0.sorted() }
    }

    /// What rows have in common that have to stay together: their prompt, otherwise the complete row.
    private static func key(_ document: Document, _ index: Int) -> UInt64 {
        if let (prompt, _) = AnswerLabels.split(document),
            let fingerprint = RowFingerprint(
                Document(path: "", line: 0, content: .conversation(prompt))), !prompt.allSatisfy({ $0.content.isEmpty })
        {
            return fingerprint.normalized
        }
        return RowFingerprint(document)?.normalized ?? UInt64(index)
    }

    /// Writes training and validation rows of every fold into `folder`, each row as conversations are written.
    package static func write(_ documents: [Document], _ folds: [[Int]], to folder: String) throws -> [Files] {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        return try folds.enumerated().map { number, fold in
            let held = Set(fold)
            func write(_ rows: [Int], _ name: String) throws -> String {
                let path = "\(folder)/fold-\(number + 1)-\(name).jsonl"
                var bytes: [UInt8] = []
                for row in rows { bytes += documents[row].json.serializedBytes() + [0x0A] }
                guard FileManager.default.createFile(atPath: path, contents: Data(bytes)) else {
                    throw DatasetError.unwritable(path: path)
                }
                return path
            }
            return Files(
                train: try write(documents.indices.filter { !held.contains($0) }, "train"),
                validation: try write(fold, "validation"))
        }
    }

    /// Mean and standard deviation (of a sample) of the folds' metrics.
    package static func spread(_ values: [Double]) -> (mean: Double, deviation: Double) {
        let mean = values.reduce(0, +) / Double(max(1, values.count))
        let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        return (mean, (squares / Double(max(1, values.count - 1))).squareRoot())
    }
}

extension Document {
    /// The document as a row of JSON that is read as the same document.
    var json: JSONOutput {
        func text(_ bytes: [UInt8]) -> JSONOutput { .string(String(decoding: bytes, as: UTF8.self)) }
        switch content {
        case .stream(let bytes), .text(let bytes): return .object([("text", text(bytes))])
        case .conversation(let messages):
            // Prompts and completions are trained on as they are; everything else has a template for turns.
            if defaultTemplate == .raw, messages.count == 2 {
                return .object([("prompt", text(messages[0].content)), ("completion", text(messages[1].content))])
            }
            if defaultTemplate == .instruction, messages.count == 2 {
                return .object([("instruction", text(messages[0].content)), ("output", text(messages[1].content))])
            }
            return .object([
                (
                    "messages",
                    .array(
                        messages.map {
                            .object([
                                ("role", .string($0.role.rawValue)), ("content", text($0.content)),
                                ("weight", .number(Double($0.weight))),
                            ])
                        })
                )
            ])
        }
    }
}

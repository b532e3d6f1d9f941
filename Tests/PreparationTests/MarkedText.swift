// Texts with marks where findings are expected, and a helper that checks files.

import Foundation
import Preparation
import TestSupport
import Tokenizer

/// A file's content; `¶` marks every expected place and is not part of the file.
struct MarkedText {
    let bytes: [UInt8]
    /// Expected places in order: line and column.
    let places: [Place]

    struct Place: Equatable, CustomStringConvertible {
        var line: Int
        var column: Int
        var description: String { "\(line):\(column)" }
    }

    /// `␀` is replaced by the byte 0xE9, which is not valid UTF-8 by itself.
    init(_ text: String) {
        var (bytes, places): ([UInt8], [Place]) = ([], [])
        var (line, column) = (1, 1)
        for scalar in text.unicodeScalars {
            switch scalar {
            case "¶": places.append(Place(line: line, column: column))
            case "␀":
                bytes.append(0xE9)
                column += 1
            default:
                bytes += Array(String(scalar).utf8)
                (line, column) = scalar == "\n" ? (line + 1, 1) : (line, column + 1)
            }
        }
        (self.bytes, self.places) = (bytes, places)
    }
}

/// Checks files in a temporary folder.
enum Checked {
    /// Findings of any small file.
    static let always: Set<String> = ["few-examples"]

    static func report(
        _ files: [(name: String, bytes: [UInt8])], change: (inout PreparationRequest) -> Void = { _ in }
    ) throws -> PreparationReport {
        try withTemporaryFolder { folder in
            var request = PreparationRequest(
                inputs: try files.map { try folder.write($0.bytes, as: $0.name) })
            request.tokenizer = .bytes
            request.contextLength = 400
            change(&request)
            return try Preparer.check(request).report
        }
    }

    /// The places of one rule, and the names of all rules that found something.
    static func places(_ report: PreparationReport, _ rule: String) -> (places: [MarkedText.Place], rules: Set<String>)
    {
        let found = report.findings.first { $0.rule.name == rule }?.findings.places ?? []
        return (
            found.map { .init(line: $0.line, column: $0.column) },
            Set(report.findings.map(\.rule.name)).subtracting(always)
        )
    }
}

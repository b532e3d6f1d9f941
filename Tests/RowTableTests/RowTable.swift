// The table of small files in Tests/Fixtures/rows: what each one is, and the one way in which it may be read.

import Foundation
import TestSupport
import Testing

/// One file of the table.
struct TableCase: Sendable, CustomTestStringConvertible {
    /// The file's name, and what it is.
    var name: String
    var purpose: String
    /// The file's bytes.
    var bytes: [UInt8]
    /// The rows as `RowText` writes them, if it can be read.
    var rows: [String] = []
    /// The end of training's error, if it cannot be read.
    var error: String?
    /// The end of the error of a dry run, if the rows can be read but not trained on with the default template.
    var encodingError: String?
    /// The rules by which `prepare` finds what training rejects; empty if `prepare` ends with the same error.
    var rules: [String] = []
    /// Keys that are ignored because the user says so.
    var ignoredKeys: [String] = []
    /// How many rows `prepare` keeps of a file that training rejects.
    var kept: Int?

    var testDescription: String { "\(name): \(purpose)" }
}

/// Reads the table.
///
/// A case starts with `== name: purpose`, or `== name [utf16le] [ignore note]: purpose`. The file's lines follow, with ␍
/// for a carriage return, ␀ for a zero byte, ␛ for the byte FF and → for a tab. Then `=> row` for each row, or `!! error`
/// of training with `?? rules` of `prepare` and `?= number` of the rows that it keeps; `!t error` is a dry run's.
enum RowTable {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Fixtures/rows")

    static let cases: [TableCase] = {
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).sorted()
        return names.filter { $0.hasSuffix(".table") }.flatMap { name -> [TableCase] in
            let text = try? String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
            return read(text ?? "")
        }
    }()

    static func read(_ text: String) -> [TableCase] {
        var cases: [TableCase] = []
        var (lines, marks): ([Substring], [String]) = ([], [])
        func close() {
            guard !cases.isEmpty else { return }
            cases[cases.count - 1].bytes = bytes(of: lines, marks)
            (lines, marks) = ([], [])
        }
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            let rest = String(line.dropFirst(3))
            if line.hasPrefix("== ") {
                close()
                let parts = rest.split(separator: ": ", maxSplits: 1).map(String.init)
                var words = parts[0].components(separatedBy: " [").map { $0.replacing("]", with: "") }
                var test = TableCase(name: words.removeFirst(), purpose: parts.last ?? "", bytes: [])
                marks = words
                test.ignoredKeys = words.filter { $0.hasPrefix("ignore ") }.map { String($0.dropFirst(7)) }
                cases.append(test)
            } else if cases.isEmpty || line.hasPrefix("## ") {
                continue
            } else if line.hasPrefix("=> ") {
                cases[cases.count - 1].rows.append(rest)
            } else if line.hasPrefix("!! ") {
                cases[cases.count - 1].error = rest
            } else if line.hasPrefix("!t ") {
                cases[cases.count - 1].encodingError = rest
            } else if line.hasPrefix("?? ") {
                cases[cases.count - 1].rules = rest.components(separatedBy: ", ")
            } else if line.hasPrefix("?= ") {
                cases[cases.count - 1].kept = Int(rest)
            } else {
                lines.append(line)
            }
        }
        close()
        return cases
    }

    private static func bytes(of lines: [Substring], _ marks: [String]) -> [UInt8] {
        var lines = lines
        while lines.last?.isEmpty == true { lines.removeLast() }
        var text = lines.map { $0 + "\n" }.joined().replacing("␍", with: "\r").replacing("␀", with: "\0")
            .replacing("→", with: "\t")
        if marks.contains("cr") { text = text.replacing("\n", with: "\r") }
        if marks.contains("crlf") { text = text.replacing("\n", with: "\r\n") }
        var bytes: [UInt8] = []
        func units(_ order: (UInt16) -> UInt16) -> [UInt8] {
            text.utf16.flatMap { unit in withUnsafeBytes(of: order(unit)) { Array($0) } }
        }
        if marks.contains("utf16le") {
            bytes = units(\.littleEndian)
        } else if marks.contains("utf16be") {
            bytes = units(\.bigEndian)
        } else {
            for (index, part) in text.components(separatedBy: "␛").enumerated() {
                bytes += (index > 0 ? [0xFF] : []) + Array(part.utf8)
            }
        }
        if marks.contains("mark") {
            bytes =
                (marks.contains("utf16le")
                    ? [0xFF, 0xFE] : marks.contains("utf16be") ? [0xFE, 0xFF] : [0xEF, 0xBB, 0xBF])
                + bytes
        }
        return bytes
    }
}

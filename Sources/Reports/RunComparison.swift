// Compares what two runs have written, byte for byte, and names the first value that differs.

import Checkpoint
import Foundation
import Models
import StrictJSON

/// The result of comparing the files of two runs that should be the same.
package struct RunComparison: Sendable {
    /// The first place at which a file differs.
    package enum Difference: Sendable, Equatable {
        /// Only one of the runs has the file.
        case missing(file: String, in: String)
        /// An array of a checkpoint; `index` counts its values in row-major order.
        case value(file: String, array: String, index: Int, first: Float, second: Float)
        /// A line of a log, or of a text in a checkpoint; empty where one of them has ended.
        case line(file: String, text: String?, number: Int, first: String, second: String)
        /// Anything else; `nil` after the end of the file.
        case byte(file: String, offset: Int, first: UInt8?, second: UInt8?)
    }

    /// Files that were compared, and the bytes that each run has in them.
    package private(set) var fileCount = 0
    package private(set) var byteCount = 0
    /// Steps of the checkpoints that both runs have.
    package let checkpointSteps: [Int]
    /// The first difference in each file that differs: logs, then checkpoints by step, then the rest.
    package private(set) var differences: [Difference] = []

    /// Files that are compared line by line, where both runs have them.
    private static let logs = ["metrics.jsonl", "metrics.csv", "samples.jsonl", "ledger.json", "config.json"]
    private static let others = ["data-hashes", "best", "latest"]

    /// Compares two run folders. A checkpoint that only one of them still has does not count, because a run that is
    /// stopped between saving and deleting keeps one more; the newest must be in both.
    package init(_ first: RunFolder, _ second: RunFolder) throws {
        let (left, right) = (first.checkpointSteps(), second.checkpointSteps())
        checkpointSteps = left.filter(right.contains)
        for name in RunComparison.logs { try compare(name, first, second) { RunComparison.line($0, nil, $1, $2) } }
        if left.last != right.last, let newest = max(left.last ?? 0, right.last ?? 0) as Int? {
            let name = RunFolder.checkpointName(step: newest)
            differences.append(.missing(file: name, in: left.last == newest ? second.path : first.path))
        }
        for step in checkpointSteps {
            let paths = (first.checkpoint(step: step), second.checkpoint(step: step))
            try compare(RunFolder.checkpointName(step: step), first, second) { name, _, _ in
                try RunComparison.checkpoint(name, paths.0, paths.1)
            }
        }
        for name in RunComparison.others { try compare(name, first, second) { _, _, _ in nil } }
    }

    /// - Parameter explain: finds the place in a file of two contents that differ; nil where it finds none.
    private mutating func compare(
        _ name: String, _ first: RunFolder, _ second: RunFolder,
        explain: (String, Data, Data) throws -> Difference?
    ) throws {
        let files = FileManager.default
        let (one, other) = (first.file(name), second.file(name))
        guard files.fileExists(atPath: one) || files.fileExists(atPath: other) else { return }
        for (path, folder) in [(one, first.path), (other, second.path)] where !files.fileExists(atPath: path) {
            differences.append(.missing(file: name, in: folder))
            return
        }
        // Mapped: checkpoints can be larger than the free memory.
        let left = try Data(contentsOf: URL(fileURLWithPath: one), options: .alwaysMapped)
        let right = try Data(contentsOf: URL(fileURLWithPath: other), options: .alwaysMapped)
        (fileCount, byteCount) = (fileCount + 1, byteCount + left.count)
        guard let offset = RunComparison.firstDifference(left, right) else { return }
        let byte = Difference.byte(
            file: name, offset: offset, first: offset < left.count ? left[offset] : nil,
            second: offset < right.count ? right[offset] : nil)
        differences.append(try explain(name, left, right) ?? byte)
    }

    private static func firstDifference(_ first: Data, _ second: Data) -> Int? {
        first.withUnsafeBytes { left in
            second.withUnsafeBytes { right in
                let common = min(left.count, right.count)
                // Blocks first, because equal files are the rule.
                let block = 1 << 16
                for start in stride(from: 0, to: common, by: block) {
                    let count = min(block, common - start)
                    guard let one = left.baseAddress, let other = right.baseAddress,
                        memcmp(one + start, other + start, count) != 0
                    else { continue }
                    return (start..<(start + count)).first { left[$0] != right[$0] }
                }
                return left.count == right.count ? nil : common
            }
        }
    }

    /// The first line that differs. `text` is its place in a checkpoint.
    private static func line(_ file: String, _ text: String?, _ first: Data, _ second: Data) -> Difference? {
        func lines(_ data: Data) -> [Substring] {
            String(decoding: data, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        }
        let (left, right) = (lines(first), lines(second))
        let count = max(left.count, right.count)
        func line(_ lines: [Substring], _ index: Int) -> String { index < lines.count ? String(lines[index]) : "" }
        let index = (0..<count).first { line(left, $0) != line(right, $0) }
        return index.map {
            .line(file: file, text: text, number: $0 + 1, first: line(left, $0), second: line(right, $0))
        }
    }

    /// The first value of an array, or line of a text, that differs.
    private static func checkpoint(_ file: String, _ first: String, _ second: String) throws -> Difference? {
        let (left, right) = (try CheckpointReader(path: first), try CheckpointReader(path: second))
        for name in left.texts where right.texts.contains(name) {
            let (one, other) = (Data(try left.text(name)), Data(try right.text(name)))
            if one != other, let difference = line(file, name, one, other) { return difference }
        }
        for array in left.arrays where right.arrays.contains(array) {
            let (one, other) = (try values(array, of: left), try values(array, of: right))
            // Bits rather than values: -0 is not 0 here.
            guard let index = one.indices.first(where: { one[$0].bitPattern != other[$0].bitPattern }) else { continue }
            return .value(file: file, array: array.name, index: index, first: one[index], second: other[index])
        }
        return nil
    }

    private static func values(_ array: ArrayInfo, of reader: CheckpointReader) throws -> [Float] {
        try [Float](unsafeUninitializedCapacity: array.count) { buffer, count in
            let all = UnsafeMutableBufferPointer(rebasing: buffer[..<array.count])
            try reader.read(array.name, shape: array.shape, into: all, allowingNonFinite: true)
            count = array.count
        }
    }
}

extension RunComparison.Difference: CustomStringConvertible {
    package var description: String {
        func bits(_ value: Float) -> String { "\(value) (0x" + String(value.bitPattern, radix: 16) + ")" }
        func byte(_ value: UInt8?) -> String { value.map { "0x" + String($0, radix: 16) } ?? "the end of the file" }
        return switch self {
        case .missing(let file, let folder): "\(file) is missing in \(folder)"
        case .value(let file, let array, let index, let first, let second):
            "\(file): \(array)[\(index)] is \(bits(first)) in the straight run and \(bits(second)) in the killed run"
        case .line(let file, let text, let number, let first, let second):
            "\(file)\(text.map { ": \($0)" } ?? ""), line \(number) is\n  \(first)\nin the straight run and\n  \(second)\n"
                + "in the killed run"
        case .byte(let file, let offset, let first, let second):
            "\(file): byte \(offset) is \(byte(first)) in the straight run and \(byte(second)) in the killed run"
        }
    }

    /// The same with fixed keys.
    package var json: JSONOutput {
        func byte(_ value: UInt8?) -> JSONOutput { value.map { .integer(Int($0)) } ?? .null }
        return switch self {
        case .missing(let file, let folder): .object([("file", .string(file)), ("missingIn", .string(folder))])
        case .value(let file, let array, let index, let first, let second):
            .object([
                ("file", .string(file)), ("array", .string(array)), ("index", .integer(index)),
                ("straight", .number(Double(first))), ("killed", .number(Double(second))),
            ])
        case .line(let file, let text, let number, let first, let second):
            .object([
                ("file", .string(file)), ("text", text.map { .string($0) } ?? .null), ("line", .integer(number)),
                ("straight", .string(first)), ("killed", .string(second)),
            ])
        case .byte(let file, let offset, let first, let second):
            .object([
                ("file", .string(file)), ("offset", .integer(offset)), ("straight", byte(first)),
                ("killed", byte(second)),
            ])
        }
    }
}

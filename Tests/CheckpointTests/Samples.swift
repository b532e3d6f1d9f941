// A small checkpoint for the tests, and a temporary folder.

import Checkpoint
import Foundation
import Testing

/// Runs `body` with the path of a new empty folder, which is removed afterwards.
func withFolder<Result>(
    in parent: String = NSTemporaryDirectory(), _ body: (String) throws -> Result
) throws -> Result {
    let folder = parent + "checkpoint-tests-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    return try body(folder)
}

/// Named arrays with owned values.
struct Sample: Sendable {
    var arrays: [(name: String, shape: [Int], values: [Float])]
    var texts: [TextRecord]

    /// Two weights, both moments of one, and two texts. Values differ in every bit that matters.
    static let small = Sample(
        arrays: [
            ("/model/wte.weight", [5, 3], (0..<15).map { Float($0) * 0.1 - 0.7 }),
            ("/model/h.0.ln_1.bias", [4], [0, -0.0, .leastNonzeroMagnitude, .greatestFiniteMagnitude]),
            ("/optimizer/firstMoment/wte.weight", [5, 3], (0..<15).map { Float($0) * 1e-6 }),
            ("/optimizer/secondMoment/wte.weight", [5, 3], (0..<15).map { Float($0) * 1e-12 }),
        ],
        texts: [
            TextRecord(name: "/config", bytes: Array(#"{"model": {"blockCount": 1}}"#.utf8)),
            TextRecord(name: "/state", bytes: Array("step 7 \u{1F600}\0end".utf8)),
        ])

    @discardableResult
    func write(
        to path: String, _ elementType: ElementType = .float32
    ) throws(CheckpointError) -> CheckpointFile.Receipt {
        var records: [ArrayRecord] = []
        var memory: [UnsafeMutableBufferPointer<Float>] = []
        defer { memory.forEach { $0.deallocate() } }
        for array in arrays {
            let buffer = UnsafeMutableBufferPointer<Float>.allocate(capacity: array.values.count)
            _ = buffer.initialize(from: array.values)
            memory.append(buffer)
            records.append(ArrayRecord(name: array.name, shape: array.shape, values: UnsafeBufferPointer(buffer)))
        }
        return try CheckpointFile.write(to: path, arrays: records, texts: texts, elementType: elementType)
    }
}

extension CheckpointReader {
    /// A copy of the array's values.
    func values(_ name: String, shape: [Int], allowingNonFinite: Bool = false) throws(CheckpointError) -> [Float] {
        let buffer = UnsafeMutableBufferPointer<Float>.allocate(capacity: shape.reduce(1, *))
        defer { buffer.deallocate() }
        buffer.initialize(repeating: 42)
        try read(name, shape: shape, into: buffer, allowingNonFinite: allowingNonFinite)
        return Array(buffer)
    }
}

/// The bytes of a file.
func bytes(of path: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(fileURLWithPath: path))) }

func put(_ bytes: [UInt8], at path: String) throws { try Data(bytes).write(to: URL(fileURLWithPath: path)) }

/// The names in a folder, sorted.
func names(in folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
}

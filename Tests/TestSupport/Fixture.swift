// Reader of the golden files in Tests/Fixtures: a text header of facts and arrays, and a file of plain numbers.

import Foundation

/// One golden model: its config, parameters, and PyTorch's float64 answers. `make_fixtures.py` documents the arrays.
package struct Fixture: Sendable {
    /// The fixtures that have one length for all sequences, so that a batch is a rectangle.
    package static let rectangular = ["tied-tanh", "untied-exact", "single", "wide", "no-biases", "neo"]
    /// All fixtures; the batches of the others are sequences of different lengths, written in order.
    package static let all = rectangular + ["ragged", "by-block"]
    /// A model with LoRA's matrices on all linear layers, as PEFT trained them: ten steps and nothing else.
    package static let adapted = "lora"

    /// The name that it was read by.
    package let name: String
    private let config: [String: String]
    private let arrays: [String: Entry]
    private let body: [UInt8]

    /// Where an array is in the body.
    private struct Entry: Sendable {
        let type: String
        let shape: [Int]
        let offset: Int
        var count: Int { shape.reduce(1, *) }
    }

    /// Reads `Tests/Fixtures/<named>.txt` and `.bin`.
    package init(named name: String) throws { try self.init(at: TestData.fixture(name)) }

    /// Reads `<path>.txt` and `<path>.bin`.
    package init(at path: String) throws {
        let name = URL(fileURLWithPath: path).lastPathComponent
        let header = try String(contentsOfFile: path + ".txt", encoding: .utf8)
        body = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path + ".bin")))
        var config: [String: String] = [:]
        var arrays: [String: Entry] = [:]
        for (index, line) in header.split(separator: "\n").enumerated() {
            let words = line.split(separator: " ").map(String.init)
            switch (words.first, words.count) {
            case ("config", 3):
                config[words[1]] = words[2]
            case ("array", 5):
                let shape = words[3].split(separator: "x").compactMap { Int($0) }
                guard let offset = Int(words[4]), !shape.isEmpty else { fallthrough }
                arrays[words[1]] = Entry(type: words[2], shape: shape, offset: offset)
            default:
                throw FixtureError(text: "\(name).txt, line \(index + 1) is not understood: \(line)")
            }
        }
        self.name = name
        self.config = config
        self.arrays = arrays
    }

    /// A `config` value as it is written.
    package func text(_ key: String) throws -> String {
        guard let value = config[key] else { throw FixtureError(text: "fixture \(name) has no config \(key)") }
        return value
    }

    /// A `config` value that is an integer.
    package func integer(_ key: String) throws -> Int {
        guard let value = Int(try text(key)) else { throw FixtureError(text: "\(name): \(key) is not an integer") }
        return value
    }

    /// A `config` value that is a number.
    package func number(_ key: String) throws -> Double {
        guard let value = Double(try text(key)) else { throw FixtureError(text: "\(name): \(key) is not a number") }
        return value
    }

    /// A `config` value that is `true` or `false`.
    package func flag(_ key: String) throws -> Bool {
        guard let value = Bool(try text(key)) else { throw FixtureError(text: "\(name): \(key) is not a truth value") }
        return value
    }

    /// A `config` value that lists integers between commas; `-` for none.
    package func integers(listed key: String) throws -> [Int] {
        let words = try text(key)
        guard words != "-" else { return [] }
        return try words.split(separator: ",").map { word in
            guard let value = Int(word) else { throw FixtureError(text: "\(name): \(key) lists \(word)") }
            return value
        }
    }

    /// The names of all arrays that start with `prefix`, without it, sorted: `names(under: "gradient/")`.
    package func names(under prefix: String) -> [String] {
        arrays.keys.filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }.sorted()
    }

    /// The sizes of an array, slowest axis first.
    package func shape(_ array: String) throws -> [Int] { try entry(array).shape }

    /// The elements of a float32 array.
    package func floats(_ array: String) throws -> [Float] { try elements(array, type: "float32") }

    /// The elements of a float64 array.
    package func doubles(_ array: String) throws -> [Double] { try elements(array, type: "float64") }

    /// The elements of an int32 array.
    package func integers(_ array: String) throws -> [Int32] { try elements(array, type: "int32") }

    /// The only element of a float64 array, such as `loss`.
    package func double(_ array: String) throws -> Double {
        let values = try doubles(array)
        guard values.count == 1 else { throw FixtureError(text: "\(name): \(array) has \(values.count) elements") }
        return values[0]
    }

    private func entry(_ array: String) throws -> Entry {
        guard let entry = arrays[array] else { throw FixtureError(text: "fixture \(name) has no array \(array)") }
        return entry
    }

    /// Copies elements out of the body. Fixtures are little-endian, as every machine that Swift runs on.
    private func elements<Element: BitwiseCopyable>(_ array: String, type: String) throws -> [Element] {
        let entry = try entry(array)
        guard entry.type == type else { throw FixtureError(text: "\(name): \(array) is \(entry.type), not \(type)") }
        let size = MemoryLayout<Element>.stride
        guard entry.offset >= 0, entry.offset + entry.count * size <= body.count else {
            throw FixtureError(text: "\(name): \(array) goes beyond the end of \(name).bin")
        }
        return body.withUnsafeBytes { bytes in
            (0..<entry.count).map { bytes.loadUnaligned(fromByteOffset: entry.offset + $0 * size, as: Element.self) }
        }
    }
}

/// What is wrong with a fixture, or with a test's use of it.
package struct FixtureError: Error, CustomStringConvertible {
    let text: String
    package var description: String { text }
}

// Packed weights against the bits of gguf-py, the format's own library, and tensors read row by row.

import Foundation
import Interchange
import Kernels
import StrictJSON
import TestSupport
import Testing

@Suite("GGUF numbers") struct GGUFDecodingTests {
    private static func fixture() throws -> JSONObject { try object(TestData.fixture("gguf-blocks.json")) }

    private static func object(_ path: String) throws -> JSONObject {
        try JSONText.parse([UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))).object.required
    }

    private static func bytes(_ node: JSONNode?) throws -> [UInt8] {
        [UInt8](try Data(base64Encoded: node.required.string.required).required)
    }

    /// The bits of little-endian floats.
    private static func bits(_ bytes: [UInt8]) -> [UInt32] {
        bytes.withUnsafeBytes { buffer in
            (0..<(bytes.count / 4)).map { buffer.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self) }
        }
    }

    private static func type(_ name: String) throws -> GGUFType {
        try GGUFType.allCases.first { $0.name == name }.required
    }

    private static func decoded(_ blocks: [UInt8], _ type: GGUFType) -> [UInt32] {
        var values = [Float](repeating: 0, count: blocks.count / type.blockBytes * type.blockCount)
        blocks.withUnsafeBytes { bytes in values.withUnsafeMutableBufferPointer { type.decode(bytes, into: $0) } }
        return values.map(\.bitPattern)
    }

    @Test func everyTypeHasTheBitsOfItsLibrary() throws {
        let cases = try Self.fixture()["decoded"].required.object.required
        #expect(Set(cases.members.map(\.key)) == Set(GGUFType.allCases.filter(\.isRead).map(\.name)))
        for member in cases.members {
            let values = try member.value.object.required
            let found = Self.decoded(try Self.bytes(values["blocks"]), try Self.type(member.key))
            #expect(found == Self.bits(try Self.bytes(values["values"])), "\(member.key)")
        }
    }

    private static let published = TestData.path("weights-smollm2/gguf-blocks.json")

    @Test(.enabled(if: FileManager.default.fileExists(atPath: published), "\(published) is absent"))
    func publishedBlocks() throws {
        for member in try Self.object(Self.published).members {
            let (type, values) = (try Self.type(member.key), try member.value.object.required)
            #expect(
                type.blockBytes == values["block_bytes"]?.integer && type.blockCount == values["block_values"]?.integer)
            guard type.isRead else {
                #expect(["Q2_K", "Q3_K"].contains(type.name))
                continue
            }
            func hexadecimal(_ key: String) throws -> [UInt8] {
                let digits = Array(try values[key].required.string.required)
                return try stride(from: 0, to: digits.count, by: 2).map { index in
                    try UInt8(String(digits[index...(index + 1)]), radix: 16).required
                }
            }
            let expected = Self.bits(try hexadecimal("values_f32_hex_le"))
            #expect(Self.decoded(try hexadecimal("blocks_hex"), type) == expected, "\(type.name)")
        }
    }

    /// All 65,536 halves by the definition of the format.
    @Test func allHalves() {
        let found = Self.decoded((UInt16.min...UInt16.max).flatMap { GGUFBytes.integer($0) }, .f16)
        for bits in UInt16.min...UInt16.max {
            let (exponent, fraction) = (Int(bits >> 10 & 31), Double(bits & 1023) / 1024)
            let magnitude =
                switch exponent {
                case 0: Double(sign: .plus, exponent: -14, significand: fraction)
                case 31: fraction == 0 ? Double.infinity : .nan
                default: Double(sign: .plus, exponent: exponent - 15, significand: 1 + fraction)
                }
            let (value, expected) = (
                Float(bitPattern: found[Int(bits)]), Float(bits >> 15 == 0 ? magnitude : -magnitude)
            )
            #expect(expected.isNaN ? value.isNaN : value.bitPattern == expected.bitPattern, "\(bits)")
        }
    }

    @Test func whatIsWrittenHasTheBitsOfTheLibrary() throws {
        let cases = try Self.fixture()["encoded"].required.object.required
        let values = Self.bits(try Self.bytes(cases["values"])).map { Float(bitPattern: $0) }
        for type in [GGUFType.q4_0, .q8_0, .f16, .bf16] {
            let found = values.withUnsafeBufferPointer { type.encode($0) }
            #expect(found == (try Self.bytes(cases[type.name])), "\(type.name)")
        }
    }

    /// Numbers that no scale fits: the bytes are anything, but there are as many as there should be.
    @Test(arguments: [GGUFType.q4_0, .q8_0])
    func numbersThatCannotBePacked(type: GGUFType) {
        let rare: [Float] = [
            .nan, .infinity, -.infinity, .leastNonzeroMagnitude, -.leastNormalMagnitude / 64, 3e38, -3e38, 0,
        ]
        for first in rare {
            for second in rare {
                let values = (0..<32).map { $0 % 3 == 0 ? first : second }
                #expect(values.withUnsafeBufferPointer { type.encode($0) }.count == type.blockBytes)
            }
        }
    }

    @Test func everyTensorOfAFile() throws {
        let file = try GGUFFile(path: TestData.fixture("small.gguf"))
        let described = try Self.fixture()["small"].required.object.required
        #expect(file.entries.map(\.name) == described.members.map(\.key))
        for entry in file.entries {
            let expected = try described[entry.name].required.object.required
            #expect(try entry.typeName == expected["type"].required.string.required)
            #expect(entry.shape == (try expected["shape"].required.array.required.compactMap(\.integer)))
            #expect(file.tensor(entry.name) == entry)
            guard let values = expected["values"] else { continue }
            #expect(try file.floats(entry).map(\.bitPattern) == Self.bits(try Self.bytes(values)), "\(entry.name)")
        }
        #expect(file.tensor("absent") == nil)
    }

    /// A file with a matrix of `rows` and its bias; element (i, j) of the matrix is i + j / 64.
    private static func file(_ folder: TemporaryFolder, rows: Int) throws -> GGUFFile {
        var bytes = GGUFBytes()
        bytes.tensors = [
            .init(name: "w", sizes: [32, UInt64(rows)]),
            .init(name: "b", sizes: [UInt64(rows)], offset: UInt64(rows * 128)),
        ]
        let values = (0..<rows).flatMap { Self.row($0) } + (0..<rows).map { Float($0) }
        bytes.body = values.flatMap { GGUFBytes.integer($0.bitPattern) }
        return try GGUFFile(path: try folder.write(bytes.bytes, as: "m.gguf"))
    }

    private static func row(_ index: Int) -> [Float] { (0..<32).map { Float(index) + Float($0) / 64 } }

    /// Any range of rows, in any order of the file, more of them than one task takes.
    @Test(arguments: [GGUFRowOrder.same, .rotaryPairs(headWidth: 8), .queriesKeysValues(headWidth: 4)])
    func rowsOfATensor(order: GGUFRowOrder) throws {
        try withTemporaryFolder { folder in
            let rows = 1_200
            let file = try Self.file(folder, rows: rows)
            let (matrix, bias) = (try file.tensor("w").required, try file.tensor("b").required)
            #expect(matrix.rowWidth == 32 && matrix.rowCount == rows && bias.rowWidth == 1 && bias.rowCount == rows)
            for range in [0..<rows, 0..<1, 7..<600, 599..<rows, 5..<5] {
                var (values, biases) = (
                    [Float](repeating: -1, count: range.count * 32), [Float](repeating: -1, count: range.count)
                )
                try values.withUnsafeMutableBufferPointer { try file.read(matrix, rows: range, order: order, into: $0) }
                try biases.withUnsafeMutableBufferPointer { try file.read(bias, rows: range, order: order, into: $0) }
                let expected = range.map { order.fileRow(ofModelRow: $0, rowCount: rows) }
                #expect(biases == expected.map { Float($0) })
                #expect(values == expected.flatMap { Self.row($0) })
            }
        }
    }

    @Test func rowsThatAreNotInThatOrder() throws {
        try withTemporaryFolder { folder in
            let file = try Self.file(folder, rows: 20)
            var values = [Float](repeating: 0, count: 640)
            for order in [
                GGUFRowOrder.rotaryPairs(headWidth: 8), .rotaryPairs(headWidth: 5), .queriesKeysValues(headWidth: 5),
            ] {
                let error = #expect(throws: InterchangeError.self) {
                    try values.withUnsafeMutableBufferPointer {
                        try file.read(try file.tensor("w").required, rows: 0..<20, order: order, into: $0)
                    }
                }
                #expect(error?.description.contains("tensor \"w\" has the shape [20, 32], whose rows are not") == true)
            }
        }
    }

    @Test func aNumberThatIsNotFinite() throws {
        try withTemporaryFolder { folder in
            var bytes = GGUFBytes(tensors: [.init(sizes: [2, 2])])
            bytes.body = ([1, 2, .nan, 4] as [Float]).flatMap { GGUFBytes.integer($0.bitPattern) }
            let file = try GGUFFile(path: try folder.write(bytes.bytes, as: "m.gguf"))
            var values: [Float] = [0, 0]
            let error = #expect(throws: InterchangeError.self) {
                try values.withUnsafeMutableBufferPointer {
                    try file.readFinite(file.entries[0], rows: 1..<2, into: $0)
                }
            }
            #expect(error == .weights(file: file.path, .notFinite(tensor: "t", index: 2, value: "nan")))
            try values.withUnsafeMutableBufferPointer { try file.readFinite(file.entries[0], rows: 0..<1, into: $0) }
            #expect(values == [1, 2])
        }
    }
}

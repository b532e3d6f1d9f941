// Headers of GGUF files that are wrong, by accident or on purpose: each is refused by name, none traps.

import Foundation
import Interchange
import Kernels
import TestSupport
import Testing

@Suite("GGUF defects") struct GGUFDefectTests {
    /// A change of a right file, and words of what is said then.
    struct Refusal: CustomTestStringConvertible, Sendable {
        let message: String
        let change: @Sendable (inout GGUFBytes) -> Void
        var testDescription: String { message }
        init(_ message: String, _ change: @escaping @Sendable (inout GGUFBytes) -> Void) {
            (self.message, self.change) = (message, change)
        }
    }

    /// Four floats and a whole number.
    private static var right: GGUFBytes {
        GGUFBytes(values: [GGUFBytes.uint32("a", 1)], tensors: [.init()], body: [UInt8](repeating: 0, count: 16))
    }

    private static let starts = [
        Refusal("does not begin with GGUF") { $0.magic = Array("GGUX".utf8) },
        Refusal("does not begin with GGUF") { $0.magic = [] },
        Refusal("version 1 of the format") { $0.version = 1 },
        Refusal("version 4 of the format") { $0.version = 4 },
        Refusal("big-endian") { $0.version = 0x0300_0000 },
        Refusal("ends inside of the list of tensors") { $0.tensorCount = .max },
        Refusal("ends inside of the list of tensors") { $0.tensorCount = UInt64(Int.max) },
        Refusal("ends inside of the metadata") { $0.valueCount = .max },
        Refusal("ends inside of the metadata") { $0.valueCount = 1 << 63 },
        Refusal("claims 65537 keys; at most 65536") { bytes in
            bytes.values = (0...65_536).map { GGUFBytes.value("\($0)", 0, [1]) }
        },
        Refusal("claims 1048577 tensors; at most 1048576") {
            $0.tensorCount = 1 << 20 + 1
            $0.body = [UInt8](repeating: 0, count: 24 << 20 + 24)
        },
    ]

    private static let keys = [
        Refusal("ends inside of a key") {
            $0.values = [GGUFBytes.integer(UInt64.max) + [UInt8](repeating: 0, count: 9)]
        },
        Refusal("ends inside of a key") { $0.values = [GGUFBytes.integer(UInt64(1) << 63) + [0, 0, 0, 0, 0]] },
        Refusal("a key is no UTF-8") { $0.values = [GGUFBytes.text([0xFF]) + GGUFBytes.integer(UInt32(0)) + [1]] },
        Refusal("\"a\" is given twice") { $0.values += [GGUFBytes.uint32("a", 2)] },
        Refusal(#"value of "b" has the type 13"#) { $0.values += [GGUFBytes.value("b", 13, [0, 0, 0, 0])] },
        Refusal(#"value of "b" has the type 99"#) {
            $0.values += [GGUFBytes.value("b", 9, GGUFBytes.list(99, 1, [0, 0, 0, 0]))]
        },
        Refusal(#"the value of "b" is no UTF-8"#) { $0.values += [GGUFBytes.value("b", 8, GGUFBytes.text([0xC3]))] },
        Refusal(#"ends inside of the value of "b""#) {
            $0.values += [GGUFBytes.value("b", 8, GGUFBytes.integer(UInt64.max))]
        },
        Refusal(#"ends inside of the value of "b""#) {
            $0.values += [GGUFBytes.value("b", 9, GGUFBytes.integer(UInt32(12)) + GGUFBytes.integer(UInt64.max))]
        },
        Refusal(#"ends inside of the value of "b""#) {
            $0.values += [GGUFBytes.value("b", 9, GGUFBytes.integer(UInt32(8)) + GGUFBytes.integer(UInt64(1) << 61))]
        },
        Refusal(#"the value of "b" holds a flag of 2"#) { $0.values += [GGUFBytes.value("b", 7, [2])] },
        Refusal(#"the value of "b" holds a flag of 255"#) {
            $0.values += [GGUFBytes.value("b", 9, GGUFBytes.list(7, 3, [0, 1, 255]))]
        },
        Refusal(#"the value of "b" has lists in lists, more than 8 deep"#) { bytes in
            bytes.values += [GGUFBytes.value("b", 9, nested(9))]
        },
        Refusal("general.alignment is 0;") { $0.values += [GGUFBytes.uint32("general.alignment", 0)] },
        Refusal("general.alignment is 3;") { $0.values += [GGUFBytes.uint32("general.alignment", 3)] },
        Refusal("general.alignment is 131072;") { $0.values += [GGUFBytes.uint32("general.alignment", 1 << 17)] },
        Refusal("general.alignment is -8;") {
            $0.values += [GGUFBytes.value("general.alignment", 5, GGUFBytes.integer(Int32(-8)))]
        },
        Refusal("general.alignment is a text;") {
            $0.values += [GGUFBytes.value("general.alignment", 8, GGUFBytes.text("32"))]
        },
    ]

    private static let tensors = [
        Refusal("ends inside of a tensor's name") {
            $0.tensors[0].name = String(repeating: "long", count: 8)
            $0.tensorCount = 2
            $0.body = []
        },
        Refusal("\"t\" is given twice") { $0.tensors += [.init(offset: 32)] },
        Refusal("tensor \"t\" has 5 axes") { $0.tensors = [.init(sizes: [1, 1, 1, 1, 1])] },
        Refusal("tensor \"t\" has 4294967295 axes") { $0.tensors = [.init(axes: .max)] },
        Refusal("tensor \"t\" has a shape that no tensor can have") { $0.tensors = [.init(sizes: [4, 0])] },
        Refusal("tensor \"t\" has a shape that no tensor can have") { $0.tensors = [.init(sizes: [1 << 63])] },
        Refusal("tensor \"t\" has a shape that no tensor can have") { $0.tensors = [.init(sizes: [.max])] },
        Refusal("tensor \"t\" has a shape that no tensor can have") {
            $0.tensors = [.init(sizes: [1 << 32, 1 << 32])]
        },
        Refusal("tensor \"t\" ends at byte 9223372036854775807") { $0.tensors = [.init(sizes: [1 << 62])] },
        Refusal("tensor \"t\" has rows of 33 numbers, which the blocks of 32 of Q8_0") {
            $0.tensors = [.init(sizes: [33, 2], type: 8)]
        },
        Refusal("tensor \"t\" has rows of 1 numbers, which the blocks of 256 of Q4_K") {
            $0.tensors = [.init(sizes: [], type: 12)]
        },
        Refusal("tensor \"t\" begins at 1 in the body, which is no multiple of 32") { $0.tensors[0].offset = 1 },
        Refusal("tensor \"t\" ends at byte 9223372036854775807") { $0.tensors[0].offset = .max - 31 },
        Refusal("tensor \"t\" ends at byte") { $0.tensors[0].offset = 64 },
        Refusal("tensor \"t\" ends at byte 116 of a file of 112 bytes") { $0.tensors[0].sizes = [5] },
        Refusal("tensor \"t\" ends at byte") { $0.tensors[0] = .init(sizes: [32], type: 20, offset: 0) },
        Refusal("tensor \"u\" begins inside of tensor \"t\"") {
            $0.tensors = [.init(name: "u", sizes: [1], offset: 32), .init(sizes: [9])]
            $0.body = [UInt8](repeating: 0, count: 64)
        },
        Refusal("ends inside of the description of tensor \"t\\n\\\"\"") {
            $0.tensors = [.init(name: "t\n\"", sizes: [], type: 1, axes: 2)]
            $0.body = []
        },
    ]

    /// The value of a list in a list in …, so many lists in all.
    private static func nested(_ depth: Int) -> [UInt8] {
        depth == 1 ? GGUFBytes.list(0, 1, [7]) : GGUFBytes.list(9, 1, nested(depth - 1))
    }

    @Test(arguments: starts + keys + tensors) func refused(refusal: Refusal) throws {
        _ = try Self.right.header()
        var bytes = Self.right
        refusal.change(&bytes)
        let error = #expect(throws: GGUFDefect.self) { try bytes.header() }
        #expect(error?.description.contains(refusal.message) == true, "\(error.map(\.description) ?? "")")
        #expect(error?.description.contains { $0.isNewline } == false)
    }

    @Test func whatIsUnusualButRight() throws {
        var bytes = Self.right
        bytes.version = 2
        // Equal to Swift, different to the format.
        bytes.values += [GGUFBytes.uint32("caf\u{E9}", 1), GGUFBytes.uint32("cafe\u{301}", 2)]
        bytes.values += [
            GGUFBytes.value("deep", 9, Self.nested(8)), GGUFBytes.value("none", 9, GGUFBytes.list(8, 0, [])),
        ]
        // A single number, a type of the future, and two descriptions in the other order of their bytes.
        bytes.tensors = [
            .init(name: "c", sizes: [], offset: 64), .init(name: "b", sizes: [7], type: 99, offset: 32),
            .init(name: "a"),
        ]
        bytes.body = [UInt8](repeating: 0, count: 68)
        let header = try bytes.header()
        #expect(header.version == 2 && header.metadata["cafe\u{301}"] == .unsigned(2))
        #expect(try header.metadata.texts("none").isEmpty && header.entries.map(\.name) == ["c", "b", "a"])
        #expect(header.entries.map(\.rowCount) == [1, 7, 4] && header.entries[1].type == nil)
        var value = try #require(header.metadata["deep"])
        for _ in 0..<8 {
            guard case .list(let list) = value, list.count == 1 else { break }
            value = list[0]
        }
        #expect(value == .unsigned(7))
    }

    @Test(arguments: [(UInt32(20), "IQ4_NL (type 20)"), (10, "Q2_K (type 10)"), (26, "I32 (type 26)"), (99, "type 99")])
    func typesThatAreNotRead(type: (UInt32, String)) throws {
        var bytes = Self.right
        bytes.tensors = [.init(sizes: [256], type: type.0)]
        bytes.body = [UInt8](repeating: 0, count: 1024)
        try withTemporaryFolder { folder in
            let path = try folder.write(bytes.bytes, as: "m.gguf")
            let file = try GGUFFile(path: path)
            let error = #expect(throws: InterchangeError.self) { try file.floats(file.entries[0]) }
            let text = "\(path): tensor \"t\" is stored as \(type.1); F32, F16, Q4_0"
            #expect(error?.description.hasPrefix(text) == true && error?.hint?.contains("Q4_K_M") == true)
        }
    }

    /// Files that end early, at every byte: an answer only once all tensors are there.
    @Test func truncatedAnywhere() throws {
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: TestData.fixture("small.gguf"))))
        var (defects, answers) = (Set<String>(), [Int]())
        for count in 0...bytes.count {
            do throws(GGUFDefect) {
                _ = try GGUFBytes.header(Array(bytes.prefix(count)))
                answers.append(count)
            } catch {
                defects.insert(error.description)
            }
        }
        // All that may be missing is what fills the last tensor up.
        #expect(answers.count < 64 && answers == Array(answers[0]...bytes.count))
        #expect(defects.count > 80 && defects.contains(#"the file ends inside of the value of "test.nested""#))
    }

    /// Bytes changed at random, mostly where counts, lengths and types stand; what is accepted can be read.
    @Test func damagedAnywhere() throws {
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: TestData.fixture("small.gguf"))))
        var generator = SplitMix64(seed: 6, stream: 0)
        var (accepted, refused) = (0, 0)
        for _ in 0..<20_000 {
            var damaged = bytes
            for _ in 0..<(1 + Int(generator.next() % 3)) {
                damaged[Int(generator.next() % 2_400) % bytes.count] = UInt8(truncatingIfNeeded: generator.next())
            }
            do throws(GGUFDefect) {
                let header = try GGUFBytes.header(damaged)
                _ = try? GGUFTokenizerKeys(header.metadata)
                for entry in header.entries where entry.type?.isRead == true {
                    var values = [Float](repeating: 0, count: entry.rowWidth)
                    try damaged.withUnsafeBufferPointer { (file) throws(GGUFDefect) in
                        try values.withUnsafeMutableBufferPointer { (buffer) throws(GGUFDefect) in
                            try entry.decode(
                                (entry.rowCount - 1)..<entry.rowCount, from: UnsafeRawBufferPointer(file), into: buffer)
                        }
                    }
                }
                accepted += 1
            } catch {
                #expect(!error.description.isEmpty)
                refused += 1
            }
        }
        #expect(accepted > 1_000 && refused > 5_000, "\(accepted) accepted, \(refused) refused")
    }
}

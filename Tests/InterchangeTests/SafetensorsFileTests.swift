// Reading what is right, writing, and surviving what is not.

import Foundation
import Interchange
import TestSupport
import Testing

@Suite("Safetensors files")
struct SafetensorsFileTests {
    /// A file as the format's description prints it, in each of the three types.
    @Test func readsThreeTypes() throws {
        let folder = try TemporaryFolder()
        let header =
            #"{"__metadata__":{"format":"pt"},"half":{"dtype":"F16","shape":[2,3],"data_offsets":[8,20]},"#
            + #""brain":{"dtype":"BF16","shape":[2],"data_offsets":[20,24],"more":1},"#
            + #""single":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"#
            + #""none":{"dtype":"F32","shape":[0,7],"data_offsets":[24,24]},"#
            + #""scalar":{"dtype":"F32","shape":[],"data_offsets":[24,28]}}   "#
        let body: [UInt8] =
            [0x00, 0x00, 0xC0, 0x3F, 0x00, 0x00, 0x00, 0x80]  // 1.5, -0
            + [0x00, 0x3C, 0xFF, 0x7B, 0x01, 0x80, 0xFF, 0x03, 0x00, 0xFC, 0x55, 0x35]
            + [0x80, 0x3F, 0x49, 0xC0]  // 1, -3.140625
            + [0x00, 0x00, 0x20, 0x41]  // 10
        let file = try SafetensorsFile(path: try folder.write(safetensors(header, body: body), as: "three"))
        #expect(file.entries.map(\.name) == ["single", "half", "brain", "none", "scalar"])
        #expect(file.metadata == ["format": "pt"])
        #expect(file["half"]?.shape == [2, 3])
        #expect(file["absent"] == nil)
        func values(_ name: String) throws -> [Float] { try file.floats(try #require(file[name])) }
        #expect(try values("single").map(\.bitPattern) == [0x3FC0_0000, 0x8000_0000])
        // One, the largest, the smallest negative, the largest subnormal, infinity, 0.333251953125.
        #expect(
            try values("half") == [1, 65504, -0x1p-24, 0x3FFp-24, -.infinity, 0.333251953125])
        #expect(try values("brain") == [1, -3.140625])
        #expect(try values("none") == [])
        #expect(try values("scalar") == [10])
    }

    #if !(os(macOS) && arch(x86_64))
        /// All 65,536 numbers of binary16, against the processor's own conversion.
        @Test func everyHalfIsExpandedExactly() throws {
            let folder = try TemporaryFolder()
            let body = (0..<65536).flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
            let header = #"{"a":{"dtype":"F16","shape":[65536],"data_offsets":[0,131072]}}"#
            let file = try SafetensorsFile(path: try folder.write(safetensors(header, body: body), as: "halves"))
            let values = try file.floats(try #require(file["a"]))
            let wrong = values.indices.filter { index in
                let expected = Float(Float16(bitPattern: UInt16(index)))
                return expected.isNaN ? !values[index].isNaN : values[index].bitPattern != expected.bitPattern
            }
            #expect(wrong.isEmpty)
        }
    #endif

    @Test func namesDifferByTheirBytes() throws {
        let folder = try TemporaryFolder()
        let header =
            "{\"\u{E9}\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
            + "\"e\u{301}\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,2]}}"
        let file = try SafetensorsFile(path: try folder.write(safetensors(header, body: [0, 0]), as: "names"))
        #expect(file["\u{E9}"]?.range == 0..<1)
        #expect(file["e\u{301}"]?.range == 1..<2)
    }

    @Test func writtenBytesAreTheFormats() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/out.safetensors"
        try [1.5, -0.0, Float.greatestFiniteMagnitude].withUnsafeBufferPointer { elements in
            try SafetensorsFile.write(
                [
                    SafetensorsTensor(name: "b", shape: [3], elements: elements),
                    SafetensorsTensor(name: "a\"", shape: [1, 2], elements: .init(rebasing: elements[..<2])),
                ], to: path)
        }
        let header =
            #"{"__metadata__":{"format":"pt"},"b":{"dtype":"F32","shape":[3],"data_offsets":[0,12]},"#
            + #""a\"":{"dtype":"F32","shape":[1,2],"data_offsets":[12,20]}}"#
        let padded = header + String(repeating: " ", count: (8 - header.utf8.count % 8) % 8)
        let body: [UInt8] = [0, 0, 0xC0, 0x3F, 0, 0, 0, 0x80, 0xFF, 0xFF, 0x7F, 0x7F, 0, 0, 0xC0, 0x3F, 0, 0, 0, 0x80]
        #expect([UInt8](try Data(contentsOf: URL(fileURLWithPath: path))) == safetensors(padded, body: body))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["out.safetensors"])
        let file = try SafetensorsFile(path: path)
        #expect(try file.floats(try #require(file["a\""])) == [1.5, 0])
    }

    @Test func aFileThatCannotBeWrittenIsNamedAndLeavesNothing() throws {
        let folder = try TemporaryFolder()
        let inNothing = folder.path + "/nothing/out.safetensors"
        var error = #expect(throws: InterchangeError.self) { try SafetensorsFile.write([], to: inNothing) }
        #expect(error?.description == "cannot create \(inNothing): No such file or directory")
        // The name is taken by a folder: everything succeeds up to the renaming.
        let taken = folder.path + "/taken"
        try FileManager.default.createDirectory(atPath: taken, withIntermediateDirectories: false)
        error = #expect(throws: InterchangeError.self) { try SafetensorsFile.write([], to: taken) }
        #expect(error?.description == "cannot rename \(taken): Is a directory")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["taken"])
    }
}

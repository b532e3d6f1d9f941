// GGUF files on the command line: written in every type, inspected, and their tokenizers used.

import Foundation
import StrictJSON
import Testing

@Suite struct GGUFCommandTests {
    @Test func writtenInspectedAndUsed() throws {
        let place = try Workplace()
        try place.write(SampleText.paragraphs, to: "text.txt")
        try place.write(EndToEndTests.config, to: "sample.json")
        let trained = try place.luthier("train", "--config", "sample.json", "--steps", "2")
        try #require(trained.code == 0, "\(trained.errors)")
        let exported = try place.luthier(
            "export", "--format", "gguf", "--type", "q4_0", "--output", "m.gguf", "--json")
        #expect(exported.code == 0, "\(exported.errors)")
        #expect(try exported.json()["maxAbsoluteDifference"]?.number ?? 0 > 0)

        let shown = try place.luthier("inspect", "m.gguf")
        #expect(shown.code == 0, "\(shown.errors)")
        // Two blocks with four matrices, and the token table, in blocks of 18 bytes; 64 or 256 numbers a row.
        let table = (320 * 64 + 2 * 12 * 64 * 64) / 32 * 18
        for line in [
            "  Q4_0: 9 tensors, \(table) bytes\n", "  F32: 19 tensors, ", "  chat template: none\n",
            "  tokenizer: byte-level BPE (gpt2), split gpt-2, 320 tokens, ", "  supported, ",
        ] { #expect(shown.output.contains(line), "\(line) in \(shown.output.suffix(600))") }

        let text = "Naïve ☀ words\n"
        let own = try place.luthier("tokenizer", "encode", "-", input: text)
        let other = try place.luthier("tokenizer", "encode", "--tokenizer", "m.gguf", "-", input: text)
        #expect(other.code == 0 && other.output == own.output, "\(other.errors)")
        let decoded = try place.luthier("tokenizer", "decode", "--tokenizer", "m.gguf", "-", input: own.output)
        #expect(decoded.output == text)
        let info = try place.luthier("tokenizer", "info", "--tokenizer", "m.gguf")
        #expect(info.output.hasPrefix("vocabulary 320, merges "), "\(info.errors)")
        let answer = try place.luthier(
            "generate", "--checkpoint", "m.gguf", "--prompt", "The", "--max-tokens", "3", "--json")
        #expect(answer.code == 0, "\(answer.errors)")
    }
}

// GGUF files: written, read back, and damaged.

import Foundation
import Interchange
import Kernels
import Model
import TestSupport
import Testing
import Tokenizer

@Suite("GGUF") struct GGUFTests {
    /// A model that llama.cpp can run, with a vocabulary for `Tokenizer.bytes` and some padding; Q8_0's blocks divide
    /// the rows of all its matrices where `width` is 32.
    private static func model(width: Int, biases: Bool = true) -> Transformer {
        let model = Transformer(
            ModelShape(
                vocabularySize: 261, contextLength: 24, blockCount: 2, headCount: 4, modelWidth: width, biases: biases,
                tiedHead: biases))
        model.layout.initialize(model.weights, seed: 3)
        return model
    }

    private static func roundTrip(_ model: Transformer, _ type: GGUFType) throws -> (Transformer, GGUFFile) {
        try withTemporaryFolder { folder in
            let path = folder.path + "/m.gguf"
            for _ in 0..<2 { try GGUFModel.write(model, .bytes, type: type, name: "m", to: path) }
            #expect(try folder.names() == ["m.gguf"])
            let file = try GGUFFile(path: path)
            return (try GGUFModel.model(file), file)
        }
    }

    @Test(arguments: [(GGUFType.f32, 0.0), (.f16, 4e-4), (.bf16, 3e-3), (.q8_0, 6e-3), (.q4_0, 0.11)], [20, 32])
    func comesBack(type: (GGUFType, Double), width: Int) throws {
        let model = Self.model(width: width)
        let (read, _) = try Self.roundTrip(model, type.0)
        for parameter in model.layout.parameters {
            let expected = model.weights.buffer[parameter.range].map(Double.init)
            let found = Array(read.weights.buffer[parameter.range])
            let isPlain = parameter.shape.count == 1 || parameter.name == "wpe.weight"
            #expect(relativeError(found, expected) <= (isPlain ? 0 : type.1), "\(parameter.name)")
        }
    }

    @Test func missingBiasesAreZeros() throws {
        let model = Self.model(width: 20, biases: false)
        let (read, file) = try Self.roundTrip(model, .f32)
        #expect(read.architecture.finalNorm.hasBias && file.entries.contains { $0.name == "output.weight" })
        for parameter in read.layout.parameters where model.layout[parameter.name] == nil {
            #expect(parameter.name.hasSuffix(".bias"))
            #expect(read.weights.buffer[parameter.range].allSatisfy { $0 == 0 })
        }
    }

    @Test func theTokenizerIsInside() throws {
        let (_, file) = try Self.roundTrip(Self.model(width: 20), .f32)
        #expect(file["general.architecture"] == .text("gpt2") && file["tokenizer.ggml.pre"] == .text("gpt-2"))
        #expect(file["tokenizer.ggml.eos_token_id"] == .unsigned(256))
        guard case .list(let tokens)? = file["tokenizer.ggml.tokens"],
            case .list(let kinds)? = file["tokenizer.ggml.token_type"]
        else {
            Issue.record("no lists of tokens")
            return
        }
        #expect(tokens.count == 261 && tokens[32] == .text("Ġ") && tokens[256] == .text("<|endoftext|>"))
        #expect(kinds.map { $0 } == (0..<261).map { .signed($0 < 256 ? 1 : $0 == 256 ? 3 : 5) })
    }

    /// A change of a right config, and a word of what is said then.
    struct Refusal: CustomTestStringConvertible, Sendable {
        let reason: String
        let change: @Sendable (inout ModelShape) -> Void
        var testDescription: String { reason }
    }

    static let refusals = [
        Refusal(reason: "tanh form") { $0.activation = .geluExact },
        Refusal(reason: "windows") { $0.attentionWindows = [0, 4] },
        Refusal(reason: "root of a head") { $0.scalesAttention = false },
        Refusal(reason: "block's number") { $0.scalesAttentionByBlock = true },
    ]

    @Test(arguments: refusals) func whatLlamaCannotRunIsRefused(refusal: Refusal) throws {
        var shape = try #require(ModelShape(gpt2: Self.model(width: 20).architecture))
        refusal.change(&shape)
        let model = Transformer(shape)
        let folder = try TemporaryFolder()
        let error = #expect(throws: InterchangeError.self) {
            try GGUFModel.write(model, .bytes, type: .f32, name: "m", to: folder.path + "/m.gguf")
        }
        #expect(error?.description.contains(refusal.reason) == true)
        #expect(try folder.names().isEmpty)
    }

    /// IQ4_NL has blocks as large as Q4_0's: the file is right, and refused by the type's name before a weight is read.
    @Test func aTypeThatIsNotReadIsNamed() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/m.gguf"
            try GGUFModel.write(Self.model(width: 32), .bytes, type: .q4_0, name: "m", to: path)
            var bytes = try folder.read("m.gguf")
            let name = try #require(bytes.firstRange(of: Array("blk.0.attn_qkv.weight".utf8)))
            // The number of axes and two sizes come before the type.
            let place = name.upperBound + 4 + 16
            #expect(bytes[place] == 2)
            bytes[place] = UInt8(GGUFType.iq4_nl.rawValue)
            try folder.write(bytes, as: "m.gguf")
            let error = #expect(throws: InterchangeError.self) { try GGUFModelFile(path: path) }
            #expect(
                error?.description.contains("tensor \"blk.0.attn_qkv.weight\" is stored as IQ4_NL (type 20)") == true)
            #expect(error?.hint?.contains("Q4_0") == true)
            #expect(try GGUFFile(path: path).entries.contains { $0.typeName == "IQ4_NL" })
        }
    }

    /// Every file that ends early, and many with changed bytes, gives an answer or an error.
    @Test func damagedFilesDoNotTrap() throws {
        let bytes = try withTemporaryFolder { folder in
            let path = folder.path + "/m.gguf"
            try GGUFModel.write(Self.model(width: 4), .bytes, type: .f32, name: "m", to: path)
            return try folder.read("m.gguf")
        }
        var refused = 0
        func attempt(_ bytes: [UInt8]) {
            let parsed = bytes.withUnsafeBytes { buffer in
                Result { () throws(GGUFDefect) in try GGUFHeader(buffer).entries.count }
            }
            guard case .failure(let defect) = parsed else { return }
            refused += 1
            #expect(!defect.description.isEmpty)
        }
        for count in stride(from: 0, to: bytes.count, by: 7) { attempt(Array(bytes.prefix(count))) }
        #expect(refused > 1000)
        var generator = SplitMix64(seed: 5, stream: 0)
        for _ in 0..<5_000 {
            var damaged = bytes
            for _ in 0..<3 {
                // Mostly the first bytes, where the counts, lengths and types stand.
                let place = Int(generator.next() % (generator.next() % 2 == 0 ? 600 : UInt64(bytes.count)))
                damaged[place] = UInt8(truncatingIfNeeded: generator.next())
            }
            attempt(damaged)
        }
    }

    /// All 65,536 halves but the NaNs come back, and what lies between two is rounded to the nearer.
    @Test func halves() {
        for bits in UInt16.min...UInt16.max {
            let value = FloatConversion.float(half: bits)
            guard !value.isNaN else { continue }
            #expect(FloatConversion.half(value) == bits)
            guard bits & 0x7FFF < 0x7BFF else { continue }
            let next = FloatConversion.float(half: bits + 1)
            #expect(FloatConversion.half(value + (next - value) * 0.49) == bits)
            #expect(FloatConversion.half(value + (next - value) * 0.51) == bits + 1)
            #expect(FloatConversion.half(value + (next - value) * 0.5) == (bits % 2 == 0 ? bits : bits + 1))
        }
        #expect(FloatConversion.half(65_519) == 0x7BFF && FloatConversion.half(-65_520) == 0xFC00)
        #expect(FloatConversion.brainFloat(Float(bitPattern: 0x7FFF_FFFF)) & 0x7FFF > 0x7F80)
        #expect(
            FloatConversion.brainFloat(1.003_906_25) == 0x3F80 && FloatConversion.brainFloat(1.011_718_75) == 0x3F82)
    }
}

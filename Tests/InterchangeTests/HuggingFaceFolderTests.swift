// Weights from Hugging Face folders: made ones, broken ones, and the real ones of the data set.

import Foundation
import Interchange
import Kernels
import Model
import TestSupport
import Testing

@Suite("Hugging Face folder")
struct HuggingFaceFolderTests {
    /// Tensors to be written, by name: a shape and the elements.
    typealias Tensors = [String: (shape: [Int], elements: [Float])]

    static let config = ModelShape(
        vocabularySize: 11, contextLength: 8, blockCount: 2, headCount: 3, modelWidth: 6)

    /// Every parameter of `config` with its own numbers, named with `prefix`.
    private static func tensors(tied: Bool = true, prefix: String = "transformer.") -> Tensors {
        var config = Self.config
        config.tiedHead = tied
        var result: Tensors = [:]
        for (index, parameter) in ParameterLayout(config).parameters.enumerated() {
            let name = parameter.name == "lm_head.weight" ? parameter.name : prefix + parameter.name
            result[name] = (parameter.shape, (0..<parameter.count).map { Float(index) + Float($0) / 1024 })
        }
        return result
    }

    private static func write(
        _ tensors: Tensors, config: [String: String?] = [:]
    ) throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        _ = try folder.write(Array(HuggingFaceConfigTests.text(config).utf8), as: "config.json")
        try write(tensors, to: folder.path + "/model.safetensors")
        return folder
    }

    /// Writes a safetensors file of tensors in memory.
    static func write(_ tensors: Tensors, to path: String) throws {
        var copies: [UnsafeMutableBufferPointer<Float>] = []
        let memory = tensors.sorted { $0.key < $1.key }.map { name, tensor in
            let copy = UnsafeMutableBufferPointer<Float>.allocate(capacity: tensor.elements.count)
            _ = copy.initialize(from: tensor.elements)
            copies.append(copy)
            return SafetensorsTensor(name: name, shape: tensor.shape, elements: UnsafeBufferPointer(copy))
        }
        defer { for copy in copies { copy.deallocate() } }
        try SafetensorsFile.write(memory, to: path)
    }

    private static func load(_ folder: TemporaryFolder) throws -> (layout: ParameterLayout, arena: FloatArena) {
        let opened = try HuggingFaceFolder(path: folder.path)
        let layout = ParameterLayout(opened.architecture)
        let arena = FloatArena(count: layout.arenaCount)
        try opened.loadWeights(layout: layout, into: arena)
        return (layout, arena)
    }

    @Test(arguments: [true, false], ["transformer.", ""])
    func everyParameterLandsInItsPlace(tied: Bool, prefix: String) throws {
        var tensors = Self.tensors(tied: tied, prefix: prefix)
        tensors["\(prefix)h.0.attn.bias"] = ([1, 1, 2, 2], [1, 0, 1, 1])
        tensors["\(prefix)h.1.attn.masked_bias"] = ([], [-10_000])
        let (layout, arena) = try Self.load(try Self.write(tensors, config: ["tie_word_embeddings": "\(tied)"]))
        #expect(layout.parameters.count == (tied ? 28 : 29))
        for (index, parameter) in layout.parameters.enumerated() {
            let expected = (0..<parameter.count).map { Float(index) + Float($0) / 1024 }
            #expect(Array(arena.buffer[parameter.range]) == expected, "\(parameter.name)")
        }
    }

    @Test func aTiedHeadMayBeStoredTwice() throws {
        var tensors = Self.tensors()
        tensors["lm_head.weight"] = tensors["transformer.wte.weight"]
        _ = try Self.load(try Self.write(tensors))
        tensors["lm_head.weight"]?.elements[65] += 1
        let folder = try Self.write(tensors)
        let error = #expect(throws: InterchangeError.self) { try Self.load(folder) }
        #expect(
            error?.description
                == "\(folder.path)/model.safetensors: the config ties the head to the embedding, but \"lm_head.weight\" "
                + "and \"transformer.wte.weight\" differ, first at element 65")
        #expect(error?.hint?.contains("tie_word_embeddings") == true)
    }

    @Test func fieldsOfTheConfigArrive() throws {
        var folder = try Self.write(Self.tensors())
        #expect(try HuggingFaceFolder(path: folder.path).architecture == Architecture(gpt2: Self.config))
        let changes = [
            "n_inner": "24", "activation_function": "\"gelu\"", "layer_norm_epsilon": "0.001",
            "tie_word_embeddings": "false",
        ]
        folder = try Self.write(Self.tensors(tied: false), config: changes)
        var expected = Self.config
        expected.activation = .geluExact
        expected.layerNormEpsilon = 0.001
        expected.tiedHead = false
        #expect(try HuggingFaceFolder(path: folder.path).architecture == Architecture(gpt2: expected))
        // Absent keys mean what they mean to Transformers.
        let absent =
            [
                "n_inner": nil, "activation_function": nil, "layer_norm_epsilon": nil, "tie_word_embeddings": nil,
            ] as [String: String?]
        folder = try Self.write(Self.tensors(), config: absent)
        #expect(try HuggingFaceFolder(path: folder.path).architecture == Architecture(gpt2: Self.config))
    }

    /// A change of a right set of tensors, and what is said of the result.
    struct Damage: CustomTestStringConvertible, Sendable {
        let message: String
        let change: @Sendable (inout Tensors) -> Void
        var testDescription: String { message }
    }

    static let damages: [Damage] = [
        Damage(message: "the model needs the tensor \"h.1.ln_2.bias\", not found here") {
            $0["transformer.h.1.ln_2.bias"] = nil
        },
        Damage(
            message: "the model needs 28 tensors: \"wte.weight\", \"wpe.weight\", \"h.0.ln_1.weight\", "
                + "\"h.0.ln_1.bias\", \"h.0.attn.c_attn.weight\", …, not found here"
        ) { tensors in
            tensors = Dictionary(uniqueKeysWithValues: tensors.map { ("model." + $0.key, $0.value) })
        },
        Damage(message: "the config describes 2 blocks, more than the number of tensors (1)") {
            $0 = ["wte.weight": ([1], [0])]
        },
        Damage(message: "the model has no place for the tensor \"transformer.h.2.ln_1.bias\"") {
            $0["transformer.h.2.ln_1.bias"] = ([6], [0, 0, 0, 0, 0, 0])
        },
        Damage(message: "the model has no place for 2 tensors: \"pooler.weight\", \"transformer.h.2.attn.bias\"") {
            $0["pooler.weight"] = ([1], [0])
            $0["transformer.h.2.attn.bias"] = ([1], [0])
        },
        Damage(message: "tensor \"transformer.wpe.weight\" has the shape [4, 12]; the config asks for [8, 6]") {
            $0["transformer.wpe.weight"]?.shape = [4, 12]
        },
        Damage(
            message: "tensor \"transformer.h.0.attn.c_attn.weight\" has the shape [18, 6]; the config asks for [6, 18]"
        ) { $0["transformer.h.0.attn.c_attn.weight"]?.shape = [18, 6] },
        Damage(message: "tensor \"lm_head.weight\" has the shape [6, 11]; the config asks for [11, 6]") {
            $0["lm_head.weight"] = $0["transformer.wte.weight"]
            $0["lm_head.weight"]?.shape = [6, 11]
        },
        Damage(message: "the tensors \"ln_f.bias\" and \"transformer.ln_f.bias\" are one parameter") {
            $0["ln_f.bias"] = $0["transformer.ln_f.bias"]
        },
        Damage(
            message: "element 3 of tensor \"transformer.h.1.mlp.c_fc.bias\" is nan; weights must be finite numbers"
        ) { $0["transformer.h.1.mlp.c_fc.bias"]?.elements[3] = .nan },
    ]

    @Test(arguments: damages)
    func unfitWeightsAreRefused(damage: Damage) throws {
        var tensors = Self.tensors()
        damage.change(&tensors)
        let folder = try Self.write(tensors)
        let error = #expect(throws: InterchangeError.self) { try Self.load(folder) }
        #expect(error?.description == "\(folder.path)/model.safetensors: \(damage.message)")
        let isTransposed = damage.message.contains("[18, 6]") || damage.message.contains("[6, 11]")
        #expect((error?.hint?.contains("transposed") == true) == isTransposed)
    }

    /// A million blocks in the config must not cost the memory of a million blocks.
    @Test func anAbsurdNumberOfBlocksIsRefusedAtOnce() throws {
        let folder = try Self.write(Self.tensors(), config: ["n_layer": "16384"])
        let error = #expect(throws: InterchangeError.self) { try HuggingFaceFolder(path: folder.path) }
        #expect(
            error?.description.contains("the config describes 16384 blocks, more than the number of tensors") == true)
    }

    /// Counts, sums and single elements of published models, as read by safetensors' own Python package.
    @Test(
        .enabled(if: TestData.isAvailable, "\(TestData.absence)"),
        arguments: [
            ("weights-makemore/lmj9/hf", 204_544, 599.7533334474892, [-0.4768342, -0.13528387, 0.11457058]),
            (
                "weights-makemore/vkerem0-turkish-names/hf", 204_480, 631.4288144858156,
                [-0.49836645, 0.17305282, 0.011938662]
            ),
            ("weights-llmviz-nano-sort/hf", 85_728, 344.699378478453, [-0.002548943, -0.014992944, -0.031884104]),
            ("weights-tiny-random-gpt2/hf", 111_968, 347.52209048678077, [0.008091362, -0.016209017, 0]),
        ] as [(String, Int, Double, [Float])])
    func publishedModelsAreRead(folder: String, count: Int, sum: Double, elements: [Float]) throws {
        let opened = try HuggingFaceFolder(path: TestData.path(folder))
        let layout = ParameterLayout(opened.architecture)
        let arena = FloatArena(count: layout.arenaCount)
        try opened.loadWeights(layout: layout, into: arena)
        #expect(layout.parameterCount == count)
        let total = arena.buffer.reduce(0.0) { $0 + Double($1) }
        #expect(abs(total - sum) < 1e-9 * sum)
        func element(_ name: String, row: Int, column: Int) throws -> Float {
            let parameter = try #require(layout[name])
            return arena.base[parameter.offset + row * (parameter.shape.last ?? 0) + column]
        }
        let found = [
            try element("wte.weight", row: 1, column: 2),
            try element("h.1.attn.c_attn.weight", row: 3, column: 3 * opened.architecture.modelWidth - 1),
            try element("ln_f.bias", row: 0, column: 5),
        ]
        #expect(found == elements)
    }
}

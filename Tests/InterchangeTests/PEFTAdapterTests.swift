// PEFT's adapters: what is read and how it is added to a base, and that what is written comes back.

import Foundation
import Interchange
import Kernels
import Model
import TestSupport
import Testing

@Suite("PEFT adapters")
struct PEFTAdapterTests {
    /// What the weights of a zero model become, by name.
    private func merged(_ folder: PEFTFolder, model: ModelShape = PEFTFolder.model) throws -> [String: [Float]] {
        try withTemporaryFolder { place in
            let adapter = try PEFTAdapter(path: folder.write(to: place))
            try adapter.check(Architecture(gpt2: model))
            let transformer = Transformer(model)
            try adapter.merge(into: transformer)
            return Dictionary(
                uniqueKeysWithValues: transformer.layout.parameters.map {
                    ($0.name, Array(transformer.weights.buffer[$0.range]))
                })
        }
    }

    /// scale · (B A)ᵀ, (in, out), written out.
    private func product(_ a: PEFTFolder.Tensor, _ b: PEFTFolder.Tensor, scale: Float) -> [Float] {
        let (rank, inputs, outputs) = (a.shape[0], a.shape[1], b.shape[0])
        return (0..<inputs).flatMap { input in
            (0..<outputs).map { output in
                scale
                    * (0..<rank).reduce(0) { $0 + b.values[output * rank + $1] * a.values[$1 * inputs + input] }
            }
        }
    }

    @Test(arguments: ["F32", "F16", "BF16"]) func addsTheTransposedProduct(type: String) throws {
        var folder = PEFTFolder()
        for index in folder.tensors.indices { folder.tensors[index].type = type }
        let weights = try merged(folder)
        for block in 0..<2 {
            let expected = product(folder.tensors[2 * block], folder.tensors[2 * block + 1], scale: 3)
            #expect(weights["h.\(block).attn.c_attn.weight"] == expected)
            #expect(expected.contains { $0 != 0 })
        }
        let others = weights.filter { !$0.key.hasSuffix("c_attn.weight") }
        #expect(others.count == 26 && others.values.joined().allSatisfy { $0 == 0 })
    }

    @Test func scalesByTheRootOfTheRank() throws {
        var folder = PEFTFolder()
        (folder.config["use_rslora"], folder.config["r"]) = ("true", "4")
        folder.tensors = (0..<2).flatMap {
            PEFTFolder.pair("h.\($0).attn.c_attn", inputs: 4, outputs: 12, rank: 4)
        }
        #expect(
            try merged(folder)["h.1.attn.c_attn.weight"] == product(folder.tensors[2], folder.tensors[3], scale: 3))
    }

    /// The ways in which `target_modules` names layers, and those that it then means.
    @Test(
        arguments: [
            ("[\"mlp.c_proj\"]", ["h.0.mlp.c_proj", "h.1.mlp.c_proj"]),
            ("[\"transformer.h.1.attn.c_proj\"]", ["h.1.attn.c_proj"]),
            ("[\"c_proj\"]", ["h.0.attn.c_proj", "h.0.mlp.c_proj", "h.1.attn.c_proj", "h.1.mlp.c_proj"]),
            ("\".*h\\\\.0\\\\.mlp\\\\.c_.*\"", ["h.0.mlp.c_fc", "h.0.mlp.c_proj"]),
            (
                "\"all-linear\"",
                (0..<2).flatMap { block in LinearModule.completeLayers.map { "h.\(block).\($0.name)" } }
            ),
        ]) func targets(json: String, modules: [String]) throws
    {
        let sizes = ["attn.c_attn": (4, 12), "attn.c_proj": (4, 4), "mlp.c_fc": (4, 16), "mlp.c_proj": (16, 4)]
        var folder = PEFTFolder()
        folder.config["target_modules"] = json
        folder.tensors = try modules.flatMap { module in
            let (inputs, outputs) = try #require(sizes[String(module.dropFirst(4))])
            return PEFTFolder.pair(module, inputs: inputs, outputs: outputs)
        }
        // Names as PEFT has them in memory, or without the language model around the blocks.
        folder.tensors[0].name = folder.tensors[0].name.replacing(".weight", with: ".default.weight")
        folder.tensors[1].name = folder.tensors[1].name.replacing(".transformer", with: "")
        let changed = try merged(folder).filter { $0.value.contains { $0 != 0 } }.keys.sorted()
        #expect(changed == modules.map { $0 + ".weight" }.sorted())
    }

    /// Queries, keys and values with separate matrices: each goes to its columns.
    @Test func gptNeo() throws {
        var model = PEFTFolder.model
        (model.attentionInputBias, model.scalesAttention) = (false, false)
        var folder = PEFTFolder()
        folder.config["target_modules"] = "[\"v_proj\", \"q_proj\"]"
        folder.tensors = ["h.0.attn.attention.q_proj", "h.0.attn.attention.v_proj"].flatMap {
            PEFTFolder.pair($0, inputs: 4, outputs: 4)
        }
        folder.tensors[3].values = folder.tensors[3].values.map { $0 + 1 }
        folder.tensors += ["h.1.attn.attention.q_proj", "h.1.attn.attention.v_proj"].flatMap {
            PEFTFolder.pair($0, inputs: 4, outputs: 4)
        }
        let weight = try #require(merged(folder, model: model)["h.0.attn.c_attn.weight"])
        let queries = product(folder.tensors[0], folder.tensors[1], scale: 3)
        let values = product(folder.tensors[2], folder.tensors[3], scale: 3)
        for row in 0..<4 {
            let columns = (4 * row)..<(4 * row + 4)
            #expect(Array(weight[(12 * row)..<(12 * row + 12)]) == queries[columns] + [0, 0, 0, 0] + values[columns])
        }
    }

    /// The model with adapters, and the base with the written folder merged into it, give the same logits.
    @Test(
        arguments: Fixture.all,
        [AdapterConfig(rank: 3, alpha: 4.5, targets: ["all"]), AdapterConfig(rank: 2, alpha: 2)])
    func comesBack(name: String, config: AdapterConfig) throws {
        let golden = try GoldenModel(name).adapted(config, seed: 3)
        let adapters = try #require(golden.model.adapters)
        var generator = SplitMix64(seed: 4)
        for parameter in adapters.layout.parameters {
            for index in parameter.range { adapters.weights.base[index] = Float(generator.normalPair().0 * 0.2) }
        }
        try withTemporaryFolder { folder in
            let path = folder.path + "/adapter"
            let shape = golden.model.architecture
            for _ in 0..<2 { try PEFTAdapter.write(adapters, of: shape, base: "some/base", to: path) }
            let adapter = try PEFTAdapter(path: path)
            #expect(adapter.baseName == "some/base" && adapter.rank == config.rank && adapter.scale == config.scale)
            let layers = config.targets == ["all"] ? (name == "neo" ? 6 : 4) : name == "neo" ? 4 : 2
            #expect(try SafetensorsFile(path: adapter.weightsFile).entries.count == 2 * layers * shape.blockCount)
            let base = try GoldenModel(name)
            try adapter.merge(into: base.model)
            let (here, there) = (golden.model.logits(try golden.batch()), base.model.logits(try golden.batch()))
            #expect(relativeError(Array(there.buffer), here.buffer.map(Double.init)) < 1e-6)
            withExtendedLifetime((here, there)) {}
        }
    }

    /// A published adapter for GPT-2, on c_attn of random weights: every element of some rows, computed again.
    @Test(.enabled(if: TestData.isAvailable, "\(TestData.absence)"))
    func published() throws {
        let adapter = try PEFTAdapter(path: TestData.path("weights-gpt2-lora-adapter"))
        #expect(adapter.baseName == "gpt2" && adapter.rank == 16 && adapter.scale == 1)
        let shape = ModelShape(
            vocabularySize: 50_257, contextLength: 1024, blockCount: 12, headCount: 12, modelWidth: 768)
        try adapter.check(Architecture(gpt2: shape))
        // The layers alone count.
        var small = shape
        (small.vocabularySize, small.contextLength) = (8, 8)
        let model = Transformer(small)
        let attention = model.layout.parameters.filter { $0.name.hasSuffix("c_attn.weight") }
        var generator = SplitMix64(seed: 7)
        let rows = [0, 389, 767]
        for parameter in attention {
            for row in rows {
                for column in 0..<2304 {
                    model.weights.base[parameter.offset + row * 2304 + column] = Float(generator.uniform() - 0.5)
                }
            }
        }
        let before = attention.map { parameter in
            rows.map { Array(model.weights.buffer[(parameter.offset + $0 * 2304)...].prefix(2304)) }
        }
        try adapter.merge(into: model)
        let file = try SafetensorsFile(path: adapter.weightsFile)
        #expect(file.entries.count == 24)
        for (block, parameter) in attention.enumerated() {
            let a = try file.floats(file[PEFTFolder.name("h.\(block).attn.c_attn", "lora_A")].required)
            let b = try file.floats(file[PEFTFolder.name("h.\(block).attn.c_attn", "lora_B")].required)
            var (largest, moved) = (0.0, 0.0)
            for (place, row) in rows.enumerated() {
                for column in 0..<2304 {
                    let product = (0..<16).reduce(0.0) { $0 + Double(b[column * 16 + $1]) * Double(a[$1 * 768 + row]) }
                    let found = Double(model.weights.base[parameter.offset + row * 2304 + column])
                    largest = max(largest, abs(found - Double(before[block][place][column]) - product))
                    moved = max(moved, abs(product))
                }
            }
            #expect(largest < 1e-6 && moved > 1e-3, "block \(block): \(largest), \(moved)")
        }
    }
}

// The forms of PEFT's adapters: patterns of ranks and scales, chosen blocks, magnitudes, biases, modules held completely.

import Foundation
import Interchange
import Kernels
import Model
import TestSupport
import Testing

@Suite("Forms of PEFT adapters")
struct PEFTFormTests {
    /// A base of other numbers than zero, and what a folder makes of it, by name.
    private func merged(
        _ folder: PEFTFolder, _ shape: ModelShape = PEFTFolder.model
    ) throws -> (before: [String: [Float]], after: [String: [Float]]) {
        try withTemporaryFolder { place in
            let adapter = try PEFTAdapter(path: folder.write(to: place))
            let architecture = Architecture(gpt2: shape)
            try adapter.check(architecture)
            let model = Transformer(try adapter.adapted(architecture))
            for index in 0..<model.weights.count { model.weights.base[index] = Float(index % 11 - 5) / 4 + 0.125 }
            let before = values(model)
            try adapter.merge(into: model)
            return (before, values(model))
        }
    }

    private func values(_ model: Transformer) -> [String: [Float]] {
        Dictionary(
            uniqueKeysWithValues: model.layout.parameters.map { ($0.name, Array(model.weights.buffer[$0.range])) })
    }

    /// scale · (B A)ᵀ, (in, out), in float64.
    private func product(_ pair: ArraySlice<PEFTFolder.Tensor>, scale: Double) throws -> [Double] {
        let (a, b) = (try #require(pair.first), try #require(pair.dropFirst().first))
        let (rank, inputs, outputs) = (a.shape[0], a.shape[1], b.shape[0])
        return (0..<inputs).flatMap { input in
            (0..<outputs).map { output in
                scale
                    * (0..<rank).reduce(0) { $0 + Double(b.values[output * rank + $1] * a.values[$1 * inputs + input]) }
            }
        }
    }

    private func isClose(_ found: [Float]?, _ expected: [Double]) -> Bool {
        guard let found, found.count == expected.count else { return false }
        return zip(found, expected).allSatisfy { abs(Double($0) - $1) <= 1e-6 * max(1, abs($1)) }
    }

    private func sum(_ base: [Float]?, _ delta: [Double]) -> [Double] { zip(base ?? [], delta).map { Double($0) + $1 } }

    /// The first key that fits counts; a key is the end of a name, or an expression.
    @Test func ranksAndScales() throws {
        var folder = PEFTFolder()
        folder.config["rank_pattern"] = "{\"h.1.attn.c_attn\": 3, \"c_attn\": 4}"
        folder.config["alpha_pattern"] = "{\"^transformer.h.0.attn.c_attn\": 5, \"h\\\\.[02]\\\\..*\": 7}"
        folder.config["use_rslora"] = "true"
        folder.tensors =
            PEFTFolder.pair("h.0.attn.c_attn", inputs: 4, outputs: 12, rank: 4)
            + PEFTFolder.pair("h.1.attn.c_attn", inputs: 4, outputs: 12, rank: 3)
        let (before, after) = try merged(folder)
        for (block, scale) in [5 / 4.0.squareRoot(), 6 / 3.0.squareRoot()].enumerated() {
            let name = "h.\(block).attn.c_attn.weight"
            let delta = try product(folder.tensors[(2 * block)..<(2 * block + 2)], scale: scale)
            #expect(isClose(after[name], sum(before[name], delta)), "\(name)")
        }
        // A matrix of the rank that no pattern gives.
        folder.tensors[0] = .init(folder.tensors[0].name, [2, 4])
        #expect(throws: InterchangeError.self) { try merged(folder) }
    }

    /// What the keys choose of two blocks' c_attn and c_proj layers.
    @Test(
        arguments: [
            (["layers_to_transform": "[1]"], ["h.1.attn.c_attn", "h.1.attn.c_proj", "h.1.mlp.c_proj"]),
            (["layers_to_transform": "0"], ["h.0.attn.c_attn", "h.0.attn.c_proj", "h.0.mlp.c_proj"]),
            (
                ["layers_to_transform": "[1]", "layers_pattern": "\"h\""],
                ["h.1.attn.c_attn", "h.1.attn.c_proj", "h.1.mlp.c_proj"]
            ),
            (
                [
                    "layers_to_transform": "[0, 7]", "layers_pattern": "[\"blocks\", \"h\"]",
                    "exclude_modules": "[\"attn.c_proj\"]",
                ],
                ["h.0.attn.c_attn", "h.0.mlp.c_proj"]
            ),
            (
                ["exclude_modules": "\".*\\\\.(0|mlp)\\\\..*\"", "layers_to_transform": "[]"],
                ["h.1.attn.c_attn", "h.1.attn.c_proj"]
            ),
            (
                ["target_modules": "\"all-linear\"", "exclude_modules": "[\"c_proj\", \"h.0.attn.c_attn\"]"],
                ["h.0.mlp.c_fc", "h.1.attn.c_attn", "h.1.mlp.c_fc"]
            ),
        ] as [([String: String], [String])])
    func chosenLayers(keys: [String: String], layers: [String]) throws {
        let sizes = ["attn.c_attn": (4, 12), "attn.c_proj": (4, 4), "mlp.c_fc": (4, 16), "mlp.c_proj": (16, 4)]
        var folder = PEFTFolder()
        folder.config["target_modules"] = "[\"c_attn\", \"c_proj\"]"
        for (key, value) in keys { folder.config[key] = value }
        folder.tensors = try layers.flatMap { layer in
            let (inputs, outputs) = try #require(sizes[String(layer.dropFirst(4))])
            return PEFTFolder.pair(layer, inputs: inputs, outputs: outputs)
        }
        let (before, after) = try merged(folder)
        #expect(before.keys.filter { before[$0] != after[$0] }.sorted() == layers.map { $0 + ".weight" }.sorted())
    }

    @Test func blocksNextToATextAreRefused() throws {
        var folder = PEFTFolder()
        folder.config["target_modules"] = "\".*c_attn\""
        folder.config["layers_to_transform"] = "[1]"
        let error = #expect(throws: InterchangeError.self) { try merged(folder) }
        #expect(error?.description.contains("layers_to_transform is [1]") == true)
    }

    /// DoRA: W' = m (W + ΔW) / ‖W + ΔW‖, by columns here.
    @Test func magnitudes() throws {
        var folder = PEFTFolder()
        folder.config["use_dora"] = "true"
        let values = (0..<12).map { Float($0) / 3 - 1 }
        for block in 0..<2 {
            let name = "base_model.model.transformer.h.\(block).attn.c_attn.lora_magnitude_vector"
            folder.tensors.append(.init(name + (block == 0 ? "" : ".default.weight"), [12], values: values))
        }
        let (before, after) = try merged(folder)
        for block in 0..<2 {
            let name = "h.\(block).attn.c_attn.weight"
            var expected = sum(before[name], try product(folder.tensors[(2 * block)..<(2 * block + 2)], scale: 3))
            for column in 0..<12 {
                let places = stride(from: column, to: 48, by: 12)
                let norm = places.reduce(0) { $0 + expected[$1] * expected[$1] }.squareRoot()
                for place in places { expected[place] *= Double(values[column]) / norm }
            }
            #expect(isClose(after[name], expected), "\(name)")
        }
        folder.tensors.removeLast()
        var error = #expect(throws: InterchangeError.self) { try merged(folder) }
        #expect(error?.description.contains("h.1.attn.c_attn.lora_magnitude_vector\", not found here") == true)
        // Magnitudes without the key that explains them.
        folder.config["use_dora"] = "false"
        error = #expect(throws: InterchangeError.self) { try merged(folder) }
        #expect(error?.description.contains("has no place for the tensor") == true)
    }

    @Test func biases() throws {
        var folder = PEFTFolder()
        folder.config["lora_bias"] = "true"
        for block in 0..<2 {
            let name = "base_model.model.transformer.h.\(block).attn.c_attn.lora_B.bias"
            folder.tensors.append(.init(name, [12], values: (0..<12).map { Float($0 + block) }))
        }
        let (before, after) = try merged(folder)
        for block in 0..<2 {
            let name = "h.\(block).attn.c_attn.bias"
            #expect(isClose(after[name], sum(before[name], (0..<12).map { 3 * Double($0 + block) })))
        }
        var plain = PEFTFolder.model
        plain.biases = false
        let error = #expect(throws: InterchangeError.self) { try merged(folder, plain) }
        #expect(error?.description.contains("lora_B.bias") == true)
    }

    /// What the adapter holds completely replaces the base's; a separate head is no longer tied.
    @Test(
        arguments: [
            ("[\"wte\"]", ["transformer.wte.weight": [5, 4]], ["wte.weight"], false),
            (
                "[\"lm_head\", \"ln_f\"]",
                ["lm_head.weight": [5, 4], "transformer.ln_f.weight": [4], "transformer.ln_f.bias": [4]],
                ["lm_head.weight", "ln_f.weight", "ln_f.bias"], false
            ),
            ("[\"wpe\"]", ["transformer.wpe.weight": [4, 4]], ["wpe.weight"], true),
        ] as [(String, [String: [Int]], [String], Bool)])
    func completeModules(modules: String, tensors: [String: [Int]], names: [String], isTied: Bool) throws {
        var folder = PEFTFolder()
        folder.config["modules_to_save"] = modules
        for (name, shape) in tensors.sorted(by: { $0.key < $1.key }) {
            folder.tensors.append(.init("base_model.model." + name, shape))
        }
        let (before, after) = try merged(folder)
        #expect((after["lm_head.weight"] == nil) == isTied)
        let changed = before.keys.filter { before[$0] != after[$0] && !$0.hasSuffix("c_attn.weight") }
        #expect(changed.sorted() == names.sorted())
        for name in names {
            let tensor = folder.tensors.first { $0.name.hasSuffix("." + name) }
            #expect(after[name] == tensor?.values)
        }
        folder.tensors.removeLast()
        let error = #expect(throws: InterchangeError.self) { try merged(folder) }
        #expect(error?.description.contains("not found here") == true)
    }

    /// The end of a name is enough: `n_1` means the norms `ln_1`.
    @Test func theEndOfAName() throws {
        var folder = PEFTFolder()
        folder.config["modules_to_save"] = "[\"n_1\"]"
        for block in 0..<2 {
            for kind in ["weight", "bias"] {
                folder.tensors.append(.init("base_model.model.transformer.h.\(block).ln_1.\(kind)", [4]))
            }
        }
        let (before, after) = try merged(folder)
        let changed = before.keys.filter { before[$0] != after[$0] && !$0.hasSuffix("c_attn.weight") }
        #expect(changed.sorted() == ["h.0.ln_1.bias", "h.0.ln_1.weight", "h.1.ln_1.bias", "h.1.ln_1.weight"])
    }

    /// PEFT ties the two again where the adapter says so; then it adds the embedding's full name, and writes both.
    @Test func aTieMayBeKept() throws {
        var folder = PEFTFolder()
        folder.config["ensure_weight_tying"] = "true"
        folder.config["modules_to_save"] = "[\"wte\"]"
        folder.tensors.append(.init("base_model.model.transformer.wte.weight", [5, 4]))
        #expect(try merged(folder).after["lm_head.weight"] != nil)
        folder.config["modules_to_save"] = "[\"transformer.wte\"]"
        folder.tensors.append(.init("base_model.model.lm_head.weight", [5, 4], values: folder.tensors[4].values))
        let after = try merged(folder).after
        #expect(after["lm_head.weight"] == nil && after["wte.weight"] == folder.tensors[4].values)
        folder.tensors[5].values[7] += 1
        let error = #expect(throws: InterchangeError.self) { try merged(folder) }
        #expect(error?.description.contains("differ, first at element 7") == true)
    }
}

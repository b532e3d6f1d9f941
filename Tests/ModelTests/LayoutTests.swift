// The list of parameters: names, sizes, places, initial values; and what is said of impossible shapes.

import Foundation
import Kernels
import Model
import TestSupport
import Testing

@Suite struct LayoutTests {
    private static let published = ModelShape(
        vocabularySize: 50_257, contextLength: 1_024, blockCount: 12, headCount: 12, modelWidth: 768)

    private static func small(biases: Bool = true, tiedHead: Bool = true) -> ModelShape {
        ModelShape(
            vocabularySize: 997, contextLength: 64, blockCount: 3, headCount: 4, modelWidth: 100, feedForwardWidth: 333,
            biases: biases, tiedHead: tiedHead)
    }

    /// Published for GPT-2's smallest model: 124,439,808 numbers; nine thousandths of a percent are biases.
    @Test func parameterCountOfGPT2() {
        #expect(ParameterLayout(Self.published).parameterCount == 124_439_808)
        var variant = Self.published
        variant.tiedHead = false
        #expect(ParameterLayout(variant).parameterCount == 124_439_808 + 50_257 * 768)
        // Per block 2 LayerNorms (C each), 3C, C, 4C and C of the linear layers; and the last LayerNorm.
        variant = Self.published
        variant.biases = false
        #expect(ParameterLayout(variant).parameterCount == 124_439_808 - 12 * 11 * 768 - 768)
    }

    /// The names and shapes of the file that OpenAI published, as Hugging Face stores it.
    @Test func namesAndShapesArePublished() {
        let (C, block) = (768, "h.11.")
        let expected: [(String, [Int])] = [
            ("wte.weight", [50_257, C]), ("wpe.weight", [1_024, C]), (block + "ln_1.weight", [C]),
            (block + "ln_1.bias", [C]), (block + "attn.c_attn.weight", [C, 3 * C]),
            (block + "attn.c_attn.bias", [3 * C]), (block + "attn.c_proj.weight", [C, C]),
            (block + "attn.c_proj.bias", [C]), (block + "ln_2.weight", [C]), (block + "ln_2.bias", [C]),
            (block + "mlp.c_fc.weight", [C, 4 * C]), (block + "mlp.c_fc.bias", [4 * C]),
            (block + "mlp.c_proj.weight", [4 * C, C]), (block + "mlp.c_proj.bias", [C]), ("ln_f.weight", [C]),
            ("ln_f.bias", [C]),
        ]
        let layout = ParameterLayout(Self.published)
        #expect(layout.parameters.count == 148)
        for (name, shape) in expected { #expect(layout[name]?.shape == shape, "\(name)") }
        #expect(Set(layout.parameters.map(\.name)).count == 148)
        #expect(layout["lm_head.weight"] == nil)
    }

    @Test(arguments: [true, false], [true, false]) func variants(biases: Bool, tiedHead: Bool) {
        let layout = ParameterLayout(Self.small(biases: biases, tiedHead: tiedHead))
        let names = layout.parameters.map(\.name)
        #expect(names.contains { $0.hasSuffix(".bias") } == biases)
        #expect(names.contains("lm_head.weight") == !tiedHead)
        #expect(names.count == 2 + 3 * (biases ? 12 : 6) + (biases ? 2 : 1) + (tiedHead ? 0 : 1))
        // Views exist for all of it, and the head is the embedding itself or a separate matrix.
        let arena = FloatArena(count: layout.arenaCount)
        let views = ModelParameters(
            layout, in: arena, Architecture(gpt2: Self.small(biases: biases, tiedHead: tiedHead)))
        #expect((views.head.weight.base == views.tokenEmbedding.base) == tiedHead)
        #expect(
            views.blocks.allSatisfy {
                ($0.attentionNorm.bias != nil) == biases && ($0.attentionInput.bias != nil) == biases
            })
        #expect((views.finalNorm.bias != nil) == biases)
    }

    @Test(arguments: [true, false], [true, false]) func placesAreAlignedAndDisjoint(biases: Bool, tiedHead: Bool) {
        let layout = ParameterLayout(Self.small(biases: biases, tiedHead: tiedHead))
        var end = 0
        for parameter in layout.parameters {
            #expect(parameter.offset % 16 == 0, "\(parameter.name)")
            #expect(parameter.offset >= end && parameter.offset < end + 16, "\(parameter.name)")
            #expect(parameter.range.count == parameter.shape.reduce(1, *))
            end = parameter.range.upperBound
        }
        #expect(layout.arenaCount >= end && layout.arenaCount < end + 16)
    }

    /// Matrices decay; biases and the scales of LayerNorms do not.
    @Test func decay() {
        for parameter in ParameterLayout(Self.small(tiedHead: false)).parameters {
            let isMatrix = !parameter.name.hasSuffix(".bias") && !parameter.name.contains("ln_")
            #expect(parameter.decays == isMatrix, "\(parameter.name)")
        }
    }

    /// Five standard deviations of the mean (σ/√n) and of the standard deviation (σ/√2n).
    @Test func initialDistributions() {
        let layout = ParameterLayout(Self.small(tiedHead: false))
        let arena = FloatArena(count: layout.arenaCount)
        layout.initialize(arena, seed: 1)
        for parameter in layout.parameters {
            let values = arena.buffer[parameter.range].map(Double.init)
            if parameter.shape.count == 1 {
                let constant: Double = parameter.name.hasSuffix(".bias") ? 0 : 1
                #expect(values.allSatisfy { $0 == constant }, "\(parameter.name)")
                continue
            }
            // The projections into the residual stream of three blocks: 0.02 / √6.
            let expected = parameter.name.hasSuffix("c_proj.weight") ? 0.02 / 6.0.squareRoot() : 0.02
            let n = Double(values.count)
            let mean = values.reduce(0, +) / n
            let deviation = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / n).squareRoot()
            #expect(abs(mean) < 5 * expected / n.squareRoot(), "\(parameter.name)")
            #expect(abs(deviation - expected) < 5 * expected / (2 * n).squareRoot(), "\(parameter.name)")
        }
    }

    @Test func theSeedDecides() {
        let layout = ParameterLayout(Self.small())
        func bytes(_ layout: ParameterLayout, seed: UInt64) -> [UInt32] {
            let arena = FloatArena(count: layout.arenaCount)
            layout.initialize(arena, seed: seed)
            return arena.buffer.map(\.bitPattern)
        }
        #expect(bytes(layout, seed: 1) == bytes(layout, seed: 1))
        let (first, second) = (bytes(layout, seed: 1), bytes(layout, seed: 2))
        for parameter in layout.parameters where parameter.decays {
            #expect(first[parameter.range] != second[parameter.range], "\(parameter.name)")
        }
        // No two matrices begin with the same numbers.
        let starts = layout.parameters.filter(\.decays).map { Array(first[$0.offset..<($0.offset + 4)]) }
        #expect(Set(starts).count == starts.count)
    }
}

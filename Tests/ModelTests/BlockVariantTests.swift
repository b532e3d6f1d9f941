// What blocks, embedding and head may have in addition: each variant's gradients are slopes, and its generation is equal.

import Kernels
import Model
import TestSupport
import Testing

@Suite struct BlockVariantTests {
    /// A change of the gated model that GatedModelTests uses.
    struct Variant: CustomTestStringConvertible, Sendable {
        let name: String
        let change: @Sendable (inout Architecture) -> Void
        var testDescription: String { name }

        /// Changes every block.
        init(_ name: String, blocks change: @escaping @Sendable (inout BlockDescription) -> Void) {
            self.name = name
            self.change = { architecture in
                for index in architecture.blocks.indices { change(&architecture.blocks[index]) }
            }
        }

        init(_ name: String, _ change: @escaping @Sendable (inout Architecture) -> Void) {
            (self.name, self.change) = (name, change)
        }
    }

    private static let rms = NormDescription(kind: .rms, epsilon: 1e-5, hasBias: false)
    private static let plusOne = NormDescription(kind: .rmsPlusOne, epsilon: 1e-5, hasBias: false)

    static let variants = [
        Variant("heads are normalized") { $0.attention.headNorm = rms },
        Variant("heads are normalized, 1 + w") { $0.attention.headNorm = plusOne },
        Variant("attention's result is normalized") { $0.attentionOutputNorm = rms },
        Variant("the feed-forward layer's result is normalized") { $0.feedForwardOutputNorm = plusOne },
        Variant("both layers read the same") { $0.isParallel = true },
        Variant("both layers read the same, results are normalized") {
            $0.isParallel = true
            ($0.attentionOutputNorm, $0.feedForwardOutputNorm) = (rms, rms)
        },
        Variant("norms of 1 + w") { ($0.attentionNorm, $0.feedForwardNorm) = (plusOne, plusOne) },
        Variant("the embedding is scaled") { (architecture: inout Architecture) in architecture.embedding.scale = 3 },
        Variant("logits are capped") { (architecture: inout Architecture) in architecture.head.softCap = 2 },
        Variant("a window and two bases of rotation") { (architecture: inout Architecture) in
            architecture.blocks[0].attention.window = 5
            architecture.blocks[0].attention.rotary = try? RotaryFrequencies(base: 10, width: 4)
        },
    ]

    static func model(_ variant: Variant) throws -> Transformer {
        var architecture = try GatedModelTests.architecture(.none)
        variant.change(&architecture)
        return try GatedModelTests.model(architecture)
    }

    @Test(arguments: variants) func gradientsAreTheSlopes(variant: Variant) throws {
        GatedModelTests.expectSlopes(of: try Self.model(variant))
    }

    @Test(arguments: variants) func decoderEqualsTheCompletePass(variant: Variant) throws {
        GatedModelTests.expectEqualDecoder(of: try Self.model(variant))
    }

    /// Every variant computes something else than the plain model.
    @Test(arguments: variants) func changesTheLogits(variant: Variant) throws {
        let plain = try GatedModelTests.model(GatedModelTests.architecture(.none))
        let (changed, batch) = (try Self.model(variant), GatedModelTests.batch())
        for parameter in changed.layout.parameters {
            guard let other = plain.layout[parameter.key] else { continue }
            for place in 0..<parameter.count {
                changed.weights.base[parameter.offset + place] = plain.weights.base[other.offset + place]
            }
        }
        let (expected, found) = (plain.logits(batch), changed.logits(batch))
        #expect(relativeError(Array(found.buffer), expected.buffer.map(Double.init)) > 1e-2)
    }

    /// Dropout of a layer's result is after its norm: with the masks fixed, gradients are still the slopes.
    @Test(arguments: [false, true]) func dropoutOfNormalizedResults(isParallel: Bool) throws {
        let model = try Self.model(
            Variant("") {
                $0.isParallel = isParallel
                ($0.attentionOutputNorm, $0.feedForwardOutputNorm) = (Self.rms, Self.plusOne)
            })
        let (batch, pass) = (GatedModelTests.batch(), TrainingPass(model))
        let dropout = TrainingDropout(embedding: 0.1, attention: 0.1, residual: 0.3, seed: 1, step: 2)
        let (gradients, other) = (
            FloatArena(count: model.layout.arenaCount), FloatArena(count: model.layout.arenaCount)
        )
        _ = pass.accumulateGradients(
            batch, into: pass.gradientViews(in: gradients), weightSum: batch.weightSum, dropout: dropout)
        for parameter in model.layout.parameters {
            let place = parameter.offset
            let value = model.weights.base[place]
            func loss(_ change: Float) -> Double {
                model.weights.base[place] = value + change
                defer { model.weights.base[place] = value }
                let result = pass.accumulateGradients(
                    batch, into: pass.gradientViews(in: other), weightSum: batch.weightSum, dropout: dropout)
                return result.weightedLoss / result.weightSum
            }
            let slope = (loss(1e-2) - loss(-1e-2)) / 2e-2
            #expect(abs(slope - Double(gradients.base[place])) < 1e-2 * abs(slope) + 5e-4, "\(parameter.name)")
        }
    }

    /// What has no kernel is an error, and so are factors that are not positive numbers.
    @Test func impossibleVariantsAreRefused() throws {
        func defect(_ change: (inout Architecture) -> Void) throws -> String {
            var architecture = try GatedModelTests.architecture(.none)
            change(&architecture)
            let error = #expect(throws: ArchitectureError.self) { try architecture.validate() }
            return error?.description ?? ""
        }
        let layer = NormDescription(kind: .layer, epsilon: 1e-5, hasBias: false)
        let biased = NormDescription(kind: .rms, epsilon: 1e-5, hasBias: true)
        let kernels = [
            try defect { $0.blocks[1].attention.headNorm = layer },
            try defect { $0.blocks[0].feedForwardOutputNorm = layer },
            try defect { $0.finalNorm = biased },
        ]
        for text in kernels { #expect(text.contains("no kernel")) }
        let factors = [try defect { $0.embedding.scale = 0 }, try defect { $0.head.softCap = .infinity }]
        for text in factors { #expect(text.contains("positive")) }
    }
}

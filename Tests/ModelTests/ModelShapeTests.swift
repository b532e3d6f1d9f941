// What is said of shapes that no model can have.

import Model
import Testing

@Suite struct ModelShapeTests {
    private static let valid = ModelShape(
        vocabularySize: 61, contextLength: 16, blockCount: 2, headCount: 3, modelWidth: 24)

    /// The message that a change of a valid config leads to, or nil.
    private static func complaint(_ change: (inout ModelShape) -> Void) -> String? {
        var config = valid
        change(&config)
        do throws(ArchitectureError) {
            try config.validate()
            return nil
        } catch { return error.description }
    }

    @Test func validShapes() {
        #expect(Self.complaint { _ in } == nil)
        #expect(Self.complaint { $0.vocabularySize = Architecture.largestSize } == nil)
        #expect(Self.complaint { ($0.headCount, $0.modelWidth, $0.blockCount) = (1, 1, 1) } == nil)
    }

    @Test func sizesOutOfRange() {
        let limit = "it must be between 1 and 1048576"
        #expect(Self.complaint { $0.vocabularySize = 0 } == "model.vocabularySize is 0; \(limit)")
        #expect(Self.complaint { $0.contextLength = -1 } == "model.contextLength is -1; \(limit)")
        #expect(
            Self.complaint { $0.blockCount = 16_385 }
                == "model.blockCount is 16385; it must be between 1 and 16384")
        #expect(Self.complaint { $0.headCount = 0 } == "model.headCount is 0; \(limit)")
        #expect(Self.complaint { $0.modelWidth = .max } == "model.modelWidth is \(Int.max); \(limit)")
        #expect(Self.complaint { $0.feedForwardWidth = .min } == "model.feedForwardWidth is \(Int.min); \(limit)")
    }

    @Test func headsThatDoNotDivideTheWidth() {
        #expect(Self.complaint { $0.headCount = 5 } == "model.modelWidth 24 is not divisible by model.headCount 5")
        #expect(Self.complaint { $0.headCount = 48 } == "model.modelWidth 24 is not divisible by model.headCount 48")
    }

    @Test func nonPositiveEpsilon() {
        for (value, text) in [(0.0, "0.0"), (-1, "-1.0"), (.infinity, "inf"), (.nan, "nan")] {
            let expected = "model.layerNormEpsilon is \(text); it must be a positive number"
            #expect(Self.complaint { $0.layerNormEpsilon = value } == expected)
        }
    }

    /// The feed-forward layer is four times as wide as the stream unless said otherwise.
    @Test func defaults() {
        #expect(Architecture(gpt2: Self.valid).blocks.allSatisfy { $0.feedForward.width == 96 })
        #expect(Architecture(gpt2: Self.valid).blocks.allSatisfy { $0.attention.headWidth == 8 })
        #expect(Self.valid.activation == .geluTanh && Self.valid.biases && Self.valid.tiedHead)
    }
}

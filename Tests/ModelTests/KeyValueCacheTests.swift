// Caches of any size: what they take, how they grow, and how one begins as another.

import Kernels
import Model
import TestSupport
import Testing

@Suite struct KeyValueCacheTests {
    static func tokens(_ count: Int, seed: UInt64 = 7) -> [Int32] {
        var generator = SplitMix64(seed: seed)
        return (0..<count).map { _ in Int32(generator.below(41)) }
    }

    /// Two models: GPT-2's, and one with grouped queries, whose caches are narrower than the queries.
    static func models() throws -> [Transformer] {
        let shape = ModelShape(
            vocabularySize: 41, contextLength: 300, blockCount: 3, headCount: 2, modelWidth: 20, tiedHead: false)
        let gpt2 = Transformer(shape)
        gpt2.layout.initialize(gpt2.weights, seed: 2)
        return [gpt2, try GatedModelTests.model(GatedModelTests.architecture(.none))]
    }

    @Test func takesWhatIsSaid() throws {
        for model in try Self.models() {
            for capacity in [0, 1, 17, 300] {
                let cache = KeyValueCache(model.architecture, capacity: capacity)
                #expect(cache.byteCount == KeyValueCache.byteCount(model.architecture, capacity: capacity))
                let floats = model.architecture.blocks.reduce(0) {
                    $0 + 2 * $1.attention.keyValueHeadCount * $1.attention.headWidth * capacity
                }
                // Each matrix begins at a multiple of sixteen floats.
                let padding = 15 * 2 * model.architecture.blockCount
                #expect((4 * floats...4 * (floats + padding)).contains(cache.byteCount))
                #expect(cache.capacity == capacity && cache.count == 0)
            }
            #expect(KeyValueCache(model.architecture).capacity == 300)
            #expect(KeyValueCache(model.architecture, ifPossible: 12)?.capacity == 12)
        }
    }

    /// Logits by a cache that grows, of the exact size, and by one that is another's beginning: the same bits.
    @Test func sizeChangesNothing() throws {
        for model in try Self.models() {
            let (decoder, text) = (Decoder(model), Self.tokens(290))
            func logits(_ cache: KeyValueCache, _ tokens: some Sequence<Int32>) -> [[Float]] {
                tokens.map { token in
                    cache.reserve(cache.count + 1)
                    return decoder.advanceTogether([(cache, [token])]).vector(0).values
                }
            }
            let full = KeyValueCache(model.architecture)
            let expected = logits(full, text)
            let growing = KeyValueCache(model.architecture, capacity: 3)
            #expect(logits(growing, text) == expected)
            #expect(growing.capacity == 300)
            for count in [0, 1, 100, 289] {
                let other = KeyValueCache(model.architecture, capacity: 290)
                // What it held before is gone.
                _ = decoder.advance(other, by: Self.tokens(20, seed: 1))
                other.copyPrefix(count, of: full)
                #expect(other.count == count)
                #expect(logits(other, text[count...]) == Array(expected[count...]))
            }
            #expect(full.count == 290)
        }
    }

    /// Reading a prompt in pieces, the last row's logits asked for later.
    @Test func readingInPieces() throws {
        for model in try Self.models() {
            let (decoder, text) = (Decoder(model, chunk: 32), Self.tokens(70))
            let (one, other) = (KeyValueCache(model.architecture), KeyValueCache(model.architecture, capacity: 70))
            let expected = decoder.advance(one, by: text).values
            for start in stride(from: 0, to: 70, by: 32) {
                decoder.read([(other, Array(text[start..<min(start + 32, 70)]))])
            }
            #expect(decoder.logits(ofRows: 5..<6).vector(0).values == expected)
            #expect(decoder.logits(ofRows: 2..<6).vector(3).values == expected)
            #expect(one.count == 70 && other.count == 70)
        }
    }

    // MARK: Adapters

    /// Adapters of every module, with matrices that change all answers.
    static func adapted(_ model: Transformer, seed: UInt64) -> Transformer {
        let tuned = model.adapted(AdapterConfig(rank: 5, alpha: 7, targets: ["all"]), seed: 0)
        var generator = SplitMix64(seed: seed)
        let (layout, weights) = tuned.trained
        for parameter in layout.parameters {
            for index in parameter.range { weights.base[index] = Float(generator.normalPair().0 * 0.2) }
        }
        return tuned
    }

    /// A row's result does not depend on how many are in the pass, adapters included.
    @Test(arguments: [nil] + WeightFormat.allCases) func adaptersKeepRowsIndependent(format: WeightFormat?) throws {
        for model in try Self.models() {
            let decoder = Decoder(Self.adapted(model, seed: 3), format: format)
            let texts = (0..<8).map { Self.tokens(20, seed: UInt64($0)) }
            let alone = texts.map { text in
                let cache = KeyValueCache(model.architecture, capacity: 20)
                return text.map { decoder.advanceTogether([(cache, [$0])]).vector(0).values }
            }
            let caches = texts.map { _ in KeyValueCache(model.architecture, capacity: 20) }
            for position in 0..<20 {
                let count = 1 + position % 8
                let parts = (0..<8).map { (caches[$0], [texts[$0][position]]) }
                for part in [parts[..<count], parts[count...]] where !part.isEmpty {
                    let logits = decoder.advanceTogether(Array(part))
                    for (row, text) in part.indices.enumerated() {
                        #expect(logits.vector(row).values == alone[text][position])
                    }
                }
            }
        }
    }

    /// Two models on one base: each as if it had its own decoder, and only adapters are there twice.
    @Test(arguments: [nil, .f32, .int8] as [WeightFormat?]) func decodersShareABase(format: WeightFormat?) throws {
        for model in try Self.models() {
            let base = Decoder(model, format: format)
            let tuned = [3, 4].map { Self.adapted(model, seed: $0) }
            let text = Self.tokens(30)
            func logits(_ decoder: Decoder) -> [[Float]] {
                let cache = KeyValueCache(model.architecture, capacity: 30)
                var found = [decoder.advance(cache, by: Array(text[..<25])).values]
                for token in text[25...] { found.append(decoder.advanceTogether([(cache, [token])]).vector(0).values) }
                return found
            }
            let shared = tuned.map { Decoder($0, sharing: base) }
            let expected = tuned.map { logits(Decoder($0, format: format)) }
            #expect(expected[0] != expected[1] && expected[0] != logits(base))
            for _ in 0..<2 { #expect(shared.map(logits) == expected) }
        }
    }

    /// Estimates count what is made.
    @Test func theDecodersMemory() throws {
        let architecture = try GatedModelTests.architecture(.none)
        let plain = Decoder.byteCount(architecture, format: nil, chunk: 64)
        #expect(plain > 4 * 8 * 41 && plain < 1 << 20)
        let (words, floats) = (Decoder.byteCount(architecture, format: .f32, chunk: 64) - plain, 4 * 41 * 64)
        #expect(words > floats && words < 1 << 20)
        #expect(Decoder.byteCount(architecture, format: .int8, chunk: 64) - plain < words / 2)
    }
}

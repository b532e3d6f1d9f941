// Models as files: everything comes back bit for bit, and a file that does not fit its own config is refused.

import Checkpoint
import Foundation
import Kernels
import Model
import Models
import TestSupport
import Testing
import Tokenizer
import Training

@Suite struct SavedModelTests {
    static let config = TinyTraining.config { $0.data.train = ["secret/place.txt"] }

    /// The contents of a checkpoint, to be changed before they are written.
    struct Parts {
        var arrays: [(name: String, shape: [Int], values: [Float])]
        var texts: [TextRecord]

        init(_ model: Transformer = TinyTraining.model(config), config: String? = nil) {
            arrays = model.layout.parameters.map {
                ("/model/" + $0.name, $0.shape, Array(model.weights.buffer[$0.range]))
            }
            let text = config ?? SavedModelTests.config.withoutPaths.serialized()
            texts = [
                TextRecord(name: "/config", bytes: Array(text.utf8)),
                TextRecord(name: "/tokenizer", bytes: Tokenizer.bytes.serialized()),
            ]
        }

        func write(to path: String) throws {
            let memory = arrays.map { array in
                let buffer = UnsafeMutableBufferPointer<Float>.allocate(capacity: array.values.count)
                _ = buffer.initialize(from: array.values)
                return buffer
            }
            defer { memory.forEach { $0.deallocate() } }
            let records = zip(arrays, memory).map {
                ArrayRecord(name: $0.name, shape: $0.shape, values: UnsafeBufferPointer($1))
            }
            try CheckpointFile.write(to: path, arrays: records, texts: texts)
        }
    }

    @Test func everythingComesBackBitForBit() throws {
        try withTemporaryFolder { place in
            // Two steps, so that the moments hold something.
            let trainer = TinyTraining.trainer(try TinyTraining.text(TinyText.lines(8)), Self.config)
            for _ in 0..<2 { _ = try trainer.step() }
            let saved = SavedModel(model: trainer.model, tokenizer: .bytes, config: Self.config)
            let path = place.path + "/a.h5"
            let hash = try saved.write(to: path, optimizer: trainer.optimizer, state: trainer.state)

            let loaded = try SavedModel(path: path)
            #expect(loaded.model.architecture == trainer.model.architecture && loaded.hash == hash)
            #expect(loaded.model.weights.bits == trainer.model.weights.bits)
            #expect(loaded.tokenizer == .bytes)
            #expect(loaded.configText == Array(Self.config.withoutPaths.serialized().utf8))
            #expect(loaded.info == Self.config.modelInfo(trainer.model.architecture))
            #expect(loaded.largestDifference(from: saved) == 0)

            let reader = try CheckpointReader(path: path)
            #expect(try TrainingState(serialized: reader.text("/state")) == trainer.state)
            for (group, arena) in [
                ("firstMoment", trainer.optimizer.firstMoment), ("secondMoment", trainer.optimizer.secondMoment),
            ] {
                #expect(arena.buffer.contains { $0 != 0 })
                for parameter in trainer.model.layout.parameters {
                    let read = FloatArena(count: parameter.count)
                    try reader.read("/optimizer/\(group)/\(parameter.name)", shape: parameter.shape, into: read.buffer)
                    #expect(read.bits == Bits(arena.buffer[parameter.range]), "\(parameter.name)")
                }
            }
            // Written again, from what was read: the same bytes. Without optimizer and state, a third of the arrays.
            try loaded.write(to: place.path + "/b.h5", optimizer: trainer.optimizer, state: trainer.state)
            #expect(
                try SHA256Digest.hex(ofFile: place.path + "/b.h5") == SHA256Digest.hex(ofFile: place.path + "/a.h5"))
            try saved.write(to: place.path + "/c.h5")
            let small = try CheckpointReader(path: place.path + "/c.h5")
            #expect(3 * small.arrays.count == reader.arrays.count && small.texts == ["/config", "/tokenizer"])
            #expect(try !String(decoding: place.read("a.h5"), as: UTF8.self).contains("secret"))
        }
    }

    /// A change of the right parts, and what is said of the result.
    struct Damage: CustomTestStringConvertible, Sendable {
        let message: String
        let change: @Sendable (inout Parts) -> Void
        var testDescription: String { message }
    }

    static let damages: [Damage] = [
        Damage(message: ": /model/h.1.ln_2.bias is missing, expected [16]") {
            $0.arrays.removeAll { $0.name == "/model/h.1.ln_2.bias" }
        },
        Damage(message: ": it has no array /model/wte.weight") { $0.arrays.removeFirst() },
        Damage(message: ": its config has no place for /model/h.2.ln_1.bias") {
            $0.arrays.append(("/model/h.2.ln_1.bias", [16], [Float](repeating: 0, count: 16)))
        },
        Damage(message: ": its config has no place for /model/lm_head.weight") {
            $0.arrays.append(("/model/lm_head.weight", [257, 16], [Float](repeating: 0, count: 257 * 16)))
        },
        Damage(message: ": /model/wpe.weight has shape [16, 8], expected [8, 16]") { $0.arrays[1].shape = [16, 8] },
        Damage(message: ": /model/wte.weight has shape [514, 8], expected [514, 16]") {
            $0.arrays[0].shape = [514, 8]
        },
        Damage(message: ": it has no array /model/wte.weight") { $0.arrays[0].shape = [257 * 16] },
        Damage(message: " has no /config") { $0.texts.removeFirst() },
        Damage(message: " has no /tokenizer") { $0.texts.removeLast() },
        Damage(message: "/config has no model.contextLength") {
            $0.texts[0] = TextRecord(name: "/config", bytes: Array("{\"modell\": {}}".utf8))
        },
        Damage(message: "model.modelWidth 16 is not divisible by model.headCount 3") {
            var config = SavedModelTests.config
            config.model.headCount = 3
            $0.texts[0] = TextRecord(name: "/config", bytes: Array(config.serialized().utf8))
        },
        // As many blocks as would take gigabytes to list.
        Damage(message: ": its config has 16384 blocks, more than it has arrays") {
            var config = SavedModelTests.config
            config.model.blockCount = 16_384
            $0.texts[0] = TextRecord(name: "/config", bytes: Array(config.serialized().utf8))
        },
        Damage(message: "the tokenizer has 257 tokens, the model's embedding 256 rows") {
            $0 = Parts(TinyTraining.model(SavedModelTests.config, vocabularySize: 256))
        },
    ]

    @Test(arguments: damages) func aFileThatDoesNotFitItsConfig(damage: Damage) throws {
        try withTemporaryFolder { place in
            var parts = Parts()
            let path = place.path + "/m.h5"
            try parts.write(to: path)
            _ = try SavedModel(path: path)
            damage.change(&parts)
            try parts.write(to: path)
            var message = ""
            do { _ = try SavedModel(path: path) } catch { message = "\(error)" }
            let isFullMessage = damage.message.first.map { $0.isLetter } ?? false
            #expect(message == (isFullMessage ? "" : path) + damage.message)
        }
    }

    /// Rows beyond the tokenizer's are padding.
    @Test func theEmbeddingMayBeLargerThanTheTokenizer() throws {
        try withTemporaryFolder { place in
            let path = place.path + "/m.h5"
            try Parts(TinyTraining.model(Self.config, vocabularySize: 272)).write(to: path)
            let saved = try SavedModel(path: path)
            #expect(saved.model.architecture.vocabularySize == 272 && saved.tokenizer.vocabularySize == 257)
        }
    }

    @Test func aShorterContextKeepsTheFirstPositions() throws {
        let saved = SavedModel(model: TinyTraining.model(Self.config), tokenizer: .bytes, config: Self.config)
        let shorter = try withTemporaryFolder { place in
            try saved.write(to: place.path + "/m.h5")
            var source = try ModelSource(path: place.path + "/m.h5")
            source.shortenContext(to: 5)
            return try source.load()
        }
        #expect(shorter.model.architecture.contextLength == 5)
        #expect(shorter.model.layout["wpe.weight"]?.shape == [5, 16])
        var batch = SequenceBatch()
        batch.append(tokens: [1, 2, 3, 4, 5], targets: [2, 3, 4, 5, 6], example: 0)
        let (one, other) = (saved.model.logits(batch), shorter.model.logits(batch))
        #expect(one.bits == other.bits)
    }

    @Test func notAModel() throws {
        try withTemporaryFolder { place in
            let missing = place.path + "/none"
            #expect(throws: ModelError.notFound(path: missing)) { try SavedModel(path: missing) }
            #expect(throws: ModelError.noCheckpoint(path: place.path)) { try SavedModel(path: place.path) }
            let file = try place.write("not a checkpoint" + String(repeating: " ", count: 600), as: "x.h5")
            #expect(throws: CheckpointError.notACheckpoint(path: file, format: .unknown)) {
                try SavedModel(path: file)
            }
        }
    }
}

// A small encoder of the BERT family against Transformers in float64, and folders that are not one.

import Foundation
import SentenceEncoder
import StrictJSON
import TestSupport
import Testing

@Suite struct SentenceEncoderTests {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Fixtures/bert").path

    struct Expected {
        let sentence: [UInt8]
        let ids: [Int32]
        let vector: [Double]
    }

    static func expected() throws -> [Expected] {
        let bytes = try #require(FileManager.default.contents(atPath: folder + "/expected.json"))
        return try #require(try JSONText.parse([UInt8](bytes)).array).map { node in
            let object = try #require(node.object)
            return Expected(
                sentence: Array(try #require(object["sentence"]?.string).utf8),
                ids: try #require(object["ids"]?.array).compactMap { $0.integer.map { Int32($0) } },
                vector: try #require(object["vector"]?.array).compactMap(\.number))
        }
    }

    @Test func tokensAreTransformers() throws {
        let encoder = try SentenceEncoder(folder: Self.folder)
        for one in try Self.expected() {
            let found = encoder.tokenizer.sentence(one.sentence, longest: encoder.longestSentence)
            #expect(found == one.ids, "\(String(decoding: one.sentence, as: UTF8.self))")
        }
    }

    /// In one batch, in small ones, and alone.
    @Test(arguments: [2048, 30, 1]) func vectorsAreTransformers(rows: Int) throws {
        let encoder = try SentenceEncoder(folder: Self.folder)
        let expected = try Self.expected()
        let vectors = encoder.vectors(of: expected.map(\.sentence), rows: rows)
        #expect(vectors.count == expected.count && encoder.width == 12 && encoder.normalizes)
        for (found, one) in zip(vectors, expected) {
            let error = zip(found, one.vector).map { pow(Double($0) - $1, 2) }.reduce(0, +).squareRoot()
            #expect(found.count == 12 && error < 1e-5, "\(error)")
        }
        #expect(encoder.vectors(of: []).isEmpty)
    }

    /// Each change of a file, and a part of the message.
    @Test(arguments: [
        ("config.json", #""bert""#, #""roberta""#, "model_type \"roberta\" is not supported; it takes bert"),
        ("config.json", #""gelu""#, #""relu""#, "hidden_act \"relu\" is not supported"),
        (
            "config.json", #""num_attention_heads": 3"#, #""num_attention_heads": 5"#,
            "not a multiple of num_attention_heads 5"
        ),
        (
            "config.json", #""hidden_size": 12"#, #""hidden_size": 15"#,
            "embeddings.word_embeddings.weight has the shape"
        ),
        ("config.json", #""num_hidden_layers": 2"#, #""num_hidden_layers": 9999999"#, "no tensor encoder.layer.2."),
        ("config.json", #""vocab_size": "#, #""vocab_size": -"#, "vocab_size is not an integer from 1"),
        ("config.json", #""layer_norm_eps": 1e-12"#, #""layer_norm_eps": "a""#, "layer_norm_eps is not a number"),
        ("vocab.txt", "[CLS]\n", "[CLASS]\n", "vocab.txt: it has no [CLS]"),
        ("modules.json", "Normalize", "Dense", "models.Dense\" is not supported"),
        ("tokenizer_config.json", "null", "false", "strip_accents \"false\" is not supported"),
    ])
    func whatCannotBeRead(name: String, old: String, new: String, message: String) throws {
        try withTemporaryFolder { place in
            let folder = place.path + "/model"
            try FileManager.default.copyItem(atPath: Self.folder, toPath: folder)
            let text = String(decoding: try place.read("model/" + name), as: UTF8.self)
            try #require(text.contains(old))
            try place.write(text.replacing(old, with: new, maxReplacements: 1), as: "model/" + name)
            let error = try #require(throws: EncoderError.self) { try SentenceEncoder(folder: folder) }
            #expect("\(error)".contains(message), "\(error)")
        }
    }

    @Test func filesThatAreNotThereOrTorn() throws {
        try withTemporaryFolder { place in
            for name in ["config.json", "model.safetensors", "vocab.txt"] {
                let folder = place.path + "/" + name
                try FileManager.default.copyItem(atPath: Self.folder, toPath: folder)
                let bytes = try place.read(name + "/" + name)
                try place.write(Array(bytes.prefix(bytes.count / 2)), as: name + "/" + name)
                // Half a vocabulary is one, of other words.
                if name != "vocab.txt" { #expect(throws: EncoderError.self) { try SentenceEncoder(folder: folder) } }
                try FileManager.default.removeItem(atPath: folder + "/" + name)
                let error = try #require(throws: EncoderError.self) { try SentenceEncoder(folder: folder) }
                #expect("\(error)".contains(name))
            }
        }
    }
}

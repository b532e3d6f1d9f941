// Published models with the answers that were published with them.

import Foundation
import Interchange
import Kernels
import Model
import StrictJSON
import TestSupport

/// A model of the data set, loaded, and JSON files of its folder.
struct PublishedModel {
    let folder: String
    let model: Transformer

    init(_ folder: String) throws {
        self.folder = folder
        let opened = try HuggingFaceFolder(path: TestData.path(folder + "/hf"))
        model = Transformer(opened.architecture)
        try opened.loadWeights(layout: model.layout, into: model.weights)
    }

    /// The object in a JSON file.
    func json(_ name: String) throws -> JSONObject {
        let data = try Data(contentsOf: URL(fileURLWithPath: TestData.path("\(folder)/\(name)")))
        return try JSONText.parse([UInt8](data)).object.required
    }

    /// The lines of a text file.
    func lines(_ name: String) throws -> [Substring] {
        try String(contentsOfFile: TestData.path("\(folder)/\(name)"), encoding: .utf8).split(separator: "\n")
    }

    /// The perplexity of a batch as generation computes it, several tokens at a time from weights of this format.
    func perplexity(_ batch: SequenceBatch, _ format: WeightFormat) -> Double {
        let (decoder, cache) = (Decoder(model, format: format), KeyValueCache(model.architecture))
        var loss = 0.0
        for sequence in batch.sequences {
            cache.truncate(to: 0)
            for start in stride(from: sequence.lowerBound, to: sequence.upperBound, by: Decoder.mostTokens) {
                let rows = start..<min(start + Decoder.mostTokens, sequence.upperBound)
                let logits = decoder.advanceTogether([(cache, Array(batch.tokens[rows]))])
                var losses = [CrossEntropy.Row](repeating: .init(), count: rows.count)
                CrossEntropy.forward(into: &losses, logits: logits, targets: Array(batch.targets[rows]))
                loss += losses.reduce(0) { $0 + $1.loss }
            }
        }
        return exp(loss / Double(batch.rowCount))
    }

    /// Tokens as greedy decoding continues them, through the key/value cache.
    func greedy(_ prompt: [Int32], count: Int) -> [Int32] {
        let decoder = Decoder(model)
        let cache = KeyValueCache(model.architecture)
        var tokens = prompt
        var logits = decoder.advance(cache, by: prompt)
        for _ in 0..<count {
            let best = (0..<logits.count).max { (logits[$0], -$0) < (logits[$1], -$1) } ?? 0
            tokens.append(Int32(best))
            if tokens.count < prompt.count + count { logits = decoder.advance(cache, by: [Int32(best)]) }
        }
        return tokens
    }
}

/// What a file of the data set lacks.
struct MissingValue: Error {}

extension Optional {
    /// The value, or an error that fails the test.
    var required: Wrapped {
        get throws {
            guard let self else { throw MissingValue() }
            return self
        }
    }
}

extension JSONNode {
    /// A list of numbers.
    var numbers: [Double] {
        get throws { try array.required.map { try $0.number.required } }
    }

    /// A list of token ids.
    var tokens: [Int32] {
        get throws { try array.required.map { Int32(try $0.integer.required) } }
    }
}

extension SequenceBatch {
    /// Adds a sequence in which every token but the first is predicted.
    mutating func append(predicting tokens: [Int32]) {
        append(tokens: tokens.dropLast(), targets: tokens.dropFirst(), example: sequences.count)
    }
}

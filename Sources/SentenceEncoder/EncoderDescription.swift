// The shape of an encoder of the BERT family, read from config.json.

import StrictJSON

/// Sizes and choices of BERT (Devlin et al. 2019): embeddings of tokens, positions and token types, added and normalized;
/// then blocks of two-way attention and a feed-forward layer, each followed by its sum with the input and a norm.
package struct EncoderDescription: Sendable, Equatable {
    /// Blocks (L).
    package var blockCount: Int
    /// Attention heads (H); divides the width.
    package var headCount: Int
    /// Width of the residual stream (C).
    package var modelWidth: Int
    package var feedForwardWidth: Int
    package var contextLength: Int
    package var vocabularySize: Int
    package var tokenTypeCount: Int
    package var epsilon: Float
    /// Whether GELU is the exact one; otherwise the tanh form.
    package var usesExactGELU: Bool

    /// The largest size that is read, so that no product of sizes overflows.
    private static let largestSize = 1 << 24

    /// - Parameter path: of the file, for errors.
    package init(config bytes: [UInt8], path: String) throws(EncoderError) {
        let root: JSONNode
        do throws(JSONError) { root = try JSONText.parse(bytes) } catch { throw .badConfig(path: path, "\(error)") }
        guard let object = root.object else { throw .badConfig(path: path, "it is not an object") }
        func defect(_ text: String) -> EncoderError { .badConfig(path: path, text) }
        func size(_ key: String, default absent: Int? = nil) throws(EncoderError) -> Int {
            guard let node = object[key] else {
                guard let absent else { throw defect("\(key) is missing") }
                return absent
            }
            guard let value = node.integer, (1...EncoderDescription.largestSize).contains(value) else {
                throw defect("\(key) is not an integer from 1 to \(EncoderDescription.largestSize)")
            }
            return value
        }
        func refuse(_ key: String, otherThan values: [String]) throws(EncoderError) {
            guard let node = object[key], !node.isNull else { return }
            let value = node.string ?? node.bool.map { "\($0)" } ?? node.typeName
            guard values.contains(value) else {
                throw .unsupported(path: path, key: key, value: value, supported: values)
            }
        }
        guard object["model_type"] != nil else { throw defect("model_type is missing") }
        try refuse("model_type", otherThan: ["bert"])
        try refuse("hidden_act", otherThan: ["gelu", "gelu_new"])
        try refuse("position_embedding_type", otherThan: ["absolute"])
        try refuse("is_decoder", otherThan: ["false"])
        try refuse("add_cross_attention", otherThan: ["false"])
        blockCount = try size("num_hidden_layers")
        headCount = try size("num_attention_heads")
        modelWidth = try size("hidden_size")
        feedForwardWidth = try size("intermediate_size")
        contextLength = try size("max_position_embeddings")
        vocabularySize = try size("vocab_size")
        tokenTypeCount = try size("type_vocab_size", default: 2)
        usesExactGELU = object["hidden_act"]?.string != "gelu_new"
        let given = object["layer_norm_eps"].map { $0.number ?? -1 } ?? 1e-12
        guard given > 0, given < 1 else { throw defect("layer_norm_eps is not a number above 0 and below 1") }
        epsilon = Float(given)
        guard modelWidth % headCount == 0 else {
            throw defect("hidden_size \(modelWidth) is not a multiple of num_attention_heads \(headCount)")
        }
    }
}

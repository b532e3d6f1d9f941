// What the folder of a sentence-transformers model says next to the encoder: lengths, letters, pooling.

import Foundation
import StrictJSON

struct SentenceSettings {
    /// Tokens of a sentence, the two marks included.
    let longestSentence: Int
    let lowercases: Bool
    /// Whether vectors are divided by their length.
    let normalizes: Bool

    init(folder: String, contextLength: Int) throws(EncoderError) {
        func json(_ name: String) throws(EncoderError) -> JSONNode? {
            let path = folder + "/" + name
            guard let data = FileManager.default.contents(atPath: path) else { return nil }
            do throws(JSONError) { return try JSONText.parse([UInt8](data)) } catch {
                throw .badConfig(path: path, "\(error)")
            }
        }
        let sentences = try json("sentence_bert_config.json")?.object
        longestSentence = min(contextLength, max(3, sentences?["max_seq_length"]?.integer ?? contextLength))
        let tokenizer = try json("tokenizer_config.json")?.object
        lowercases = tokenizer?["do_lower_case"]?.bool ?? true
        if let strips = tokenizer?["strip_accents"]?.bool, strips != lowercases {
            throw .unsupported(
                path: folder + "/tokenizer_config.json", key: "strip_accents", value: "\(strips)",
                supported: ["null", "\(lowercases)"])
        }
        let pooling = try json("1_Pooling/config.json")?.object
        let other = pooling?.members.first {
            $0.key.hasPrefix("pooling_mode_") && $0.value.bool == true && $0.key != "pooling_mode_mean_tokens"
        }
        if let other {
            throw .unsupported(
                path: folder + "/1_Pooling/config.json", key: other.key, value: "true", supported: ["false"])
        }
        var normalizes = false
        for module in try json("modules.json")?.array ?? [] {
            guard let type = module.object?["type"]?.string else { continue }
            switch type.split(separator: ".").last {
            case "Transformer", "Pooling": break
            case "Normalize": normalizes = true
            default:
                throw .unsupported(
                    path: folder + "/modules.json", key: "type", value: type,
                    supported: ["Transformer", "Pooling", "Normalize"])
            }
        }
        self.normalizes = normalizes
    }
}

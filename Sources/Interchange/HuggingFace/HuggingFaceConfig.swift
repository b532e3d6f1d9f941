// Reads and writes the config.json of a Hugging Face folder.

import Model
import StrictJSON

/// What a config.json says of a model.
///
/// Keys that only concern training, generation or other heads are passed over. Absent keys have the meaning that
/// Transformers gives them, except the sizes, which must be written.
struct HuggingFaceConfig {
    let family: HuggingFaceFamily
    let model: ModelConfig
    /// The id of the token that ends a text, where the file names one.
    let endOfTextID: Int?

    /// The config that `text`, the bytes of a `config.json`, describes.
    init(_ text: [UInt8], file: String) throws(InterchangeError) {
        let root: JSONNode
        do throws(JSONError) { root = try JSONText.parse(text) } catch { throw .json(file: file, error) }
        do throws(HuggingFaceConfigDefect) {
            guard let object = root.object else { throw .notAnObject(found: root.typeName) }
            self = try HuggingFaceConfig(ConfigFields(object: object))
        } catch {
            throw .config(file: file, error)
        }
    }

    private init(_ fields: ConfigFields) throws(HuggingFaceConfigDefect) {
        let architecture = try fields.required("model_type")
        guard let name = architecture.string else {
            throw ConfigFields.wrongType("model_type", architecture, "a string")
        }
        guard let family = HuggingFaceFamily(rawValue: name) else {
            throw .unsupportedArchitecture(name, supported: HuggingFaceFamily.allCases.map(\.rawValue))
        }
        for key in ["add_cross_attention", "is_encoder_decoder"] { try fields.expect(key, false) }
        for key in ["quantization_config", "pruned_heads"] { try fields.refuseAnything(under: key) }
        let model =
            switch family {
            case .gpt2: try GPT2Format.modelConfig(fields)
            case .gptNeo: try GPTNeoFormat.modelConfig(fields)
            }
        do throws(ModelConfigError) { try model.validate() } catch {
            throw HuggingFaceConfigDefect(error, family.sizeKeys)
        }
        (self.family, self.model, endOfTextID) = (family, model, try fields.endOfTextID())
    }

    /// The bytes of a config.json for `model`, which `family` can express.
    static func text(_ model: ModelConfig, family: HuggingFaceFamily, endOfTextID: Int?) -> [UInt8] {
        let endOfText = endOfTextID.map { JSONOutput.integer($0) } ?? .null
        // Through text, so that 1e-05 stays 1e-05 and does not become the nearest float32 in 17 digits.
        let epsilon = Double(model.layerNormEpsilon.description) ?? Double(model.layerNormEpsilon)
        let usualWidth = model.feedForwardWidth == 4 * model.modelWidth
        let keys = family.sizeKeys
        var members: [(key: String, value: JSONOutput)] = [
            ("model_type", .string(family.rawValue)), ("vocab_size", .integer(model.vocabularySize)),
            (keys.context[0], .integer(model.contextLength)), (keys.width[0], .integer(model.modelWidth)),
            (keys.blocks[0], .integer(model.blockCount)), (keys.heads[0], .integer(model.headCount)),
            (keys.feedForward[0], usualWidth ? .null : .integer(model.feedForwardWidth)),
            ("activation_function", model.activation == .geluTanh ? "gelu_new" : "gelu"),
            ("layer_norm_epsilon", .number(epsilon)), ("tie_word_embeddings", .bool(model.tiedHead)),
            ("bos_token_id", endOfText), ("eos_token_id", endOfText), ("torch_dtype", "float32"),
        ]
        switch family {
        case .gpt2: members += GPT2Format.members(model)
        case .gptNeo: members += GPTNeoFormat.members(model)
        }
        return JSONOutput.object(members).serializedBytes(pretty: true) + [UInt8(ascii: "\n")]
    }
}

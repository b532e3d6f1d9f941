// Reads and writes the config.json of a Hugging Face folder.

import Model
import StrictJSON

/// What a config.json says of a model.
///
/// Keys that only concern training, generation or other heads are ignored. Absent keys have the meaning that
/// Transformers gives them: the default of the family's class.
struct HuggingFaceConfig {
    let family: any ModelFamily.Type
    let architecture: Architecture
    /// The ids of the tokens that end a text, as the file lists them.
    let endIDs: [Int]

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
        let type = try fields.required("model_type")
        guard let name = type.string else { throw ConfigFields.wrongType("model_type", type, "a string") }
        guard let family = ModelFamilies.named(name) else {
            throw .unsupportedArchitecture(name, supported: ModelFamilies.names)
        }
        for key in ["add_cross_attention", "is_encoder_decoder"] { try fields.expect(key, false) }
        for key in ["quantization_config", "pruned_heads"] { try fields.refuseAnything(under: key) }
        var fields = fields
        fields.defaults = family.sizeKeys.defaults
        let architecture = try family.architecture(fields)
        do throws(ArchitectureError) { try architecture.validate() } catch {
            throw HuggingFaceConfigDefect(error, family.sizeKeys)
        }
        (self.family, self.architecture, endIDs) = (family, architecture, try fields.endIDs())
    }

    /// The bytes of a config.json with these members.
    static func text(_ members: [(key: String, value: JSONOutput)]) -> [UInt8] {
        JSONOutput.object(members).serializedBytes(pretty: true) + [UInt8(ascii: "\n")]
    }
}

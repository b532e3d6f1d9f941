// Reads and writes the adapter_config.json of Hugging Face's PEFT.

import Model
import StrictJSON

/// What an adapter_config.json says: the size of the matrices, their scale, and the layers that have them.
///
/// A key that changes the computation and is not implemented is refused by name, and so is any key that is not known
/// here, unless its value is null, false, or empty. Absent keys have the meaning that PEFT gives them.
struct PEFTConfig: Sendable {
    /// R.
    let rank: Int
    /// What the product of the matrices is multiplied by: alpha / R, or alpha / √R with `use_rslora`.
    let scale: Float
    let targets: PEFTTargets
    /// What the model on which the adapter was trained is called there: a folder, or a name on a server.
    let baseName: String?

    /// Keys that say where an adapter came from or how it was trained, not what it computes. `fan_in_fan_out` describes
    /// the base's matrices, which are known here; PEFT corrects it by the base as well.
    private static let ignoredKeys: Set<String> = [
        "peft_version", "revision", "auto_mapping", "inference_mode", "lora_dropout", "megatron_core", "loftq_config",
        "eva_config", "corda_config", "lora_ga_config", "qalora_group_size", "runtime_config", "ensure_weight_tying",
    ]
    private static let read: Set<String> = [
        "peft_type", "task_type", "base_model_name_or_path", "r", "lora_alpha", "use_rslora", "target_modules",
        "fan_in_fan_out", "bias", "init_lora_weights",
    ]
    /// Ways to begin that leave the base as it is; the others move a part of it into the adapter.
    private static let harmlessBeginnings = ["gaussian", "eva", "orthogonal"]

    /// The config that `text`, the bytes of an `adapter_config.json`, describes.
    init(_ text: [UInt8], file: String) throws(InterchangeError) {
        let root: JSONNode
        do throws(JSONError) { root = try JSONText.parse(text) } catch { throw .json(file: file, error) }
        do throws(HuggingFaceConfigDefect) {
            guard let object = root.object else { throw .notAnObject(found: root.typeName) }
            self = try PEFTConfig(ConfigFields(object: object))
        } catch {
            throw .config(file: file, error)
        }
    }

    private init(_ fields: ConfigFields) throws(HuggingFaceConfigDefect) {
        try fields.expect("peft_type", oneOf: ["LORA"], absent: nil)
        if fields.present("task_type") != nil { try fields.expect("task_type", oneOf: ["CAUSAL_LM"], absent: nil) }
        try fields.expect("bias", oneOf: ["none"], absent: "none")
        _ = try fields.flag("fan_in_fan_out", default: false)
        if let beginning = fields.present("init_lora_weights"), beginning.bool == nil {
            try fields.expect("init_lora_weights", oneOf: PEFTConfig.harmlessBeginnings, absent: nil)
        }
        for member in fields.object.members
        where !PEFTConfig.ignoredKeys.contains(member.key) && !PEFTConfig.read.contains(member.key) {
            if member.value.bool == false { continue }
            try fields.refuseAnything(under: member.key)
        }
        rank = try fields.size(["r"])
        let alpha = Double(try fields.number("lora_alpha", default: 8))
        guard alpha.isFinite, alpha != 0 else {
            throw .unsupportedValue(key: "lora_alpha", value: "\(alpha)", supported: ["numbers other than 0"])
        }
        let divisor = try fields.flag("use_rslora", default: false) ? Double(rank).squareRoot() : Double(rank)
        scale = Float(alpha / divisor)
        targets = try PEFTTargets(fields)
        if let name = fields.present("base_model_name_or_path") {
            guard let text = name.string else {
                throw ConfigFields.wrongType("base_model_name_or_path", name, "a string")
            }
            baseName = text
        } else {
            baseName = nil
        }
    }

    /// The bytes of an adapter_config.json for adapters on the model that `base` names.
    ///
    /// - Parameter modules: the ends of the names of the layers that have adapters.
    static func text(
        _ adapters: AdapterConfig, modules: [String], family: any ModelFamily.Type, base: String
    ) -> [UInt8] {
        let isInteger = adapters.alpha.rounded() == adapters.alpha && abs(adapters.alpha) < 1e15
        let members: [(key: String, value: JSONOutput)] = [
            ("peft_type", "LORA"), ("task_type", "CAUSAL_LM"), ("base_model_name_or_path", .string(base)),
            ("r", .integer(adapters.rank)),
            ("lora_alpha", isInteger ? .integer(Int(adapters.alpha)) : .number(adapters.alpha)),
            ("lora_dropout", .number(adapters.dropout)), ("target_modules", .array(modules.map { .string($0) })),
            ("fan_in_fan_out", .bool(family.storesInputsFirst)), ("bias", "none"), ("use_rslora", false),
            ("init_lora_weights", true), ("modules_to_save", .null), ("inference_mode", true),
        ]
        return JSONOutput.object(members).serializedBytes(pretty: true) + [UInt8(ascii: "\n")]
    }
}

/// Which layers of a model have an adapter.
enum PEFTTargets: Sendable {
    /// Those whose names are one of these, or end in a point and one of these.
    case ends([String])
    /// Every linear layer but the head.
    case allLinear
    /// Those whose full names match this regular expression.
    case pattern(String)

    /// From `target_modules`; null, with which PEFT chooses by the architecture, is not what it saves.
    init(_ fields: ConfigFields) throws(HuggingFaceConfigDefect) {
        let key = "target_modules"
        let node = try fields.required(key)
        if let text = node.string {
            if text == "all-linear" {
                self = .allLinear
            } else {
                guard (try? Regex(text)) != nil else {
                    throw .unsupportedValue(key: key, value: quoted(text), supported: ["regular expressions, lists"])
                }
                self = .pattern(text)
            }
        } else {
            guard let names = node.array?.map(\.string), !names.contains(nil) else {
                throw ConfigFields.wrongType(key, node, "a list of names or a regular expression")
            }
            self = .ends(names.compactMap { $0 })
        }
    }

    /// Those of `modules` that are meant; full names, `transformer.h.0.attn.c_attn`.
    func chosen<Module>(of modules: [Module], name: (Module) -> String) -> [Module] {
        switch self {
        case .allLinear: return modules
        case .ends(let ends):
            return modules.filter { module in
                ends.contains { name(module) == $0 || name(module).hasSuffix("." + $0) }
            }
        case .pattern(let text):
            guard let pattern = try? Regex(text) else { return [] }
            return modules.filter { (try? pattern.wholeMatch(in: name($0))) != nil }
        }
    }

    /// As the file has it.
    var text: String {
        switch self {
        case .ends(let ends): "[\(ends.map(quoted).joined(separator: ", "))]"
        case .allLinear: quoted("all-linear")
        case .pattern(let text): quoted(text)
        }
    }
}

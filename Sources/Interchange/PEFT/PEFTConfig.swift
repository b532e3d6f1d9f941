// Reads and writes the adapter_config.json of Hugging Face's PEFT.

import Model
import StrictJSON

/// What an adapter_config.json says: the sizes of the matrices, their scales, and the layers that have them.
///
/// A key that changes the computation and is not implemented is refused by name, and so is any key that is not known
/// here, unless its value is null, false, or empty. Absent keys have the meaning that PEFT gives them.
struct PEFTConfig: Sendable {
    /// R, where `rank_pattern` does not say another.
    let rank: Int
    /// What the product of the matrices is multiplied by, where no pattern says otherwise.
    var scale: Float { scale(alpha: alpha, rank: rank) }
    let selection: PEFTSelection
    /// Each layer has a vector of magnitudes (DoRA, Liu et al. 2024).
    let hasMagnitudes: Bool
    /// Each layer's second matrix has a bias.
    let hasBiases: Bool
    /// A head that is tied to the embedding stays so when the adapter holds one of them.
    let keepsTying: Bool
    private let alpha: Double
    private let ranks: PEFTPattern
    private let alphas: PEFTPattern
    private let scalesByRoot: Bool
    /// What the model on which the adapter was trained is called there: a folder, or a name on a server.
    let baseName: String?

    /// Keys that say where an adapter came from or how it was trained, not what it computes. `fan_in_fan_out` describes
    /// the base's matrices, which are known here; PEFT corrects it by the base as well.
    private static let ignoredKeys: Set<String> = [
        "peft_version", "revision", "auto_mapping", "inference_mode", "lora_dropout", "megatron_core", "loftq_config",
        "eva_config", "corda_config", "lora_ga_config", "qalora_group_size", "runtime_config",
    ]
    private static let read: Set<String> = [
        "peft_type", "task_type", "base_model_name_or_path", "r", "lora_alpha", "use_rslora", "target_modules",
        "fan_in_fan_out", "bias", "init_lora_weights", "rank_pattern", "alpha_pattern", "layers_to_transform",
        "layers_pattern", "exclude_modules", "modules_to_save", "use_dora", "lora_bias", "ensure_weight_tying",
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
        alpha = Double(try fields.number("lora_alpha", default: 8))
        (ranks, alphas) = (try PEFTPattern(fields, "rank_pattern"), try PEFTPattern(fields, "alpha_pattern"))
        for (key, value) in [("lora_alpha", alpha)] + alphas.values.map({ ("alpha_pattern", $0) })
        where !value.isFinite || value == 0 {
            throw .unsupportedValue(key: key, value: "\(value)", supported: ["numbers other than 0"])
        }
        for value in ranks.values where value.rounded() != value || !(1...Double(Architecture.largestSize) ~= value) {
            throw .unsupportedValue(key: "rank_pattern", value: "\(value)", supported: ["integers from 1"])
        }
        scalesByRoot = try fields.flag("use_rslora", default: false)
        hasMagnitudes = try fields.flag("use_dora", default: false)
        hasBiases = try fields.flag("lora_bias", default: false)
        keepsTying = try fields.flag("ensure_weight_tying", default: false)
        selection = try PEFTSelection(fields)
        if let name = fields.present("base_model_name_or_path") {
            guard let text = name.string else {
                throw ConfigFields.wrongType("base_model_name_or_path", name, "a string")
            }
            baseName = text
        } else {
            baseName = nil
        }
    }

    /// R of the layer of this name.
    func rank(of name: String) -> Int { ranks[name].map { Int($0) } ?? rank }

    /// What the product of the matrices of the layer of this name is multiplied by.
    func scale(of name: String) -> Float { scale(alpha: alphas[name] ?? alpha, rank: rank(of: name)) }

    /// alpha / R, or alpha / √R with `use_rslora`.
    private func scale(alpha: Double, rank: Int) -> Float {
        Float(alpha / (scalesByRoot ? Double(rank).squareRoot() : Double(rank)))
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

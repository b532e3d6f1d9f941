// Rotary positions, kinds of layers and numbers of blocks in the config.json of today's families.

import Kernels
import Model
import StrictJSON

extension ConfigFields {
    /// Rotary positions of heads of this width: `rope_parameters` of Transformers 5, or `rope_theta` and `rope_scaling`.
    func rotary(width: Int) throws(HuggingFaceConfigDefect) -> RotaryFrequencies {
        let own = try rotaryParameters()
        for fields in [self, own] {
            guard let share = try fields?.double("partial_rotary_factor"), share != 1 else { continue }
            throw .unsupportedValue(key: "partial_rotary_factor", value: "\(share)", supported: ["1"])
        }
        return try rotary(width: width, base: try double("rope_theta") ?? 10_000, own)
    }

    /// The object that describes rotary positions; Transformers prefers the older key's.
    func rotaryParameters() throws(HuggingFaceConfigDefect) -> ConfigFields? {
        try nested(present("rope_scaling") == nil ? "rope_parameters" : "rope_scaling")
    }

    /// - Parameters:
    ///   - base: where `own` gives none.
    ///   - own: the object with scaling and base, if there is one.
    func rotary(
        width: Int, base: Double, _ own: ConfigFields?
    ) throws(HuggingFaceConfigDefect) -> RotaryFrequencies {
        let scaling = try own?.rotaryScaling() ?? .none
        let base = try own?.double("rope_theta") ?? base
        do throws(RotaryFrequencies.Defect) {
            return try RotaryFrequencies(base: base, width: width, scaling: scaling)
        } catch {
            throw .unsupportedValue(key: "rope_scaling", value: "\(error)", supported: ["what its type allows"])
        }
    }

    /// What `rope_type`, or `type` of older files, says.
    private func rotaryScaling() throws(HuggingFaceConfigDefect) -> RotaryFrequencies.Scaling {
        let key = present("rope_type") == nil ? "type" : "rope_type"
        let type = present(key)?.string ?? "default"
        switch type {
        case "default": return .none
        case "linear": return .linear(factor: try requiredDouble("factor"))
        case "llama3":
            return .llama3(
                factor: try requiredDouble("factor"), low: try requiredDouble("low_freq_factor"),
                high: try requiredDouble("high_freq_factor"),
                originalContext: try size(["original_max_position_embeddings"]))
        default:
            throw .unsupportedValue(
                key: key, value: quoted(type), supported: ["default", "linear", "llama3"].map(quoted))
        }
    }

    /// The object under a key that is there and not null.
    func nested(_ key: String) throws(HuggingFaceConfigDefect) -> ConfigFields? {
        guard let node = present(key) else { return nil }
        guard let object = node.object else { throw ConfigFields.wrongType(key, node, "an object") }
        return ConfigFields(object: object)
    }

    /// The number under a key that is there and not null.
    func double(_ key: String) throws(HuggingFaceConfigDefect) -> Double? {
        guard let node = present(key) else { return nil }
        guard let value = node.number else { throw ConfigFields.wrongType(key, node, "a number") }
        return value
    }

    private func requiredDouble(_ key: String) throws(HuggingFaceConfigDefect) -> Double {
        guard let value = try double(key) else { throw .missing(key: key) }
        return value
    }

    /// A number of blocks that a list may be made of.
    func blockCount(_ keys: HuggingFaceSizeKeys) throws(HuggingFaceConfigDefect) -> Int {
        let count = try size(keys.blocks)
        guard count <= Architecture.mostBlocks else {
            throw .sizeOutOfRange(key: keys.blocks[0], value: count, limit: Architecture.mostBlocks)
        }
        return count
    }

    private static let (sliding, full) = ("sliding_attention", "full_attention")

    /// Which blocks have a window, by `layer_types`; nil where the key is absent.
    func slidingBlocks(count: Int) throws(HuggingFaceConfigDefect) -> [Bool]? {
        let key = "layer_types"
        guard let node = present(key) else { return nil }
        guard let list = node.array else { throw ConfigFields.wrongType(key, node, "a list of kinds") }
        guard list.count == count else { throw .layerTypes(described: list.count, blocks: count) }
        var result: [Bool] = []
        for element in list {
            guard let kind = element.string, [ConfigFields.sliding, ConfigFields.full].contains(kind) else {
                throw .unsupportedValue(
                    key: key, value: element.string.map(quoted) ?? element.typeName,
                    supported: [ConfigFields.full, ConfigFields.sliding].map(quoted))
            }
            result.append(kind == ConfigFields.sliding)
        }
        return result
    }

    /// The windows of Qwen's blocks: nil where a position sees all before it. `sliding_window` counts only with
    /// `use_sliding_window`, then in the blocks from `max_window_layers` on, unless `layer_types` says which.
    func slidingWindows(count: Int) throws(HuggingFaceConfigDefect) -> [Int?] {
        var window: Int?
        if try flag("use_sliding_window", default: false) {
            window = object["sliding_window"] == nil ? 4096 : try optionalSize(["sliding_window"])
        }
        let kinds = try slidingBlocks(count: count)
        guard let window else {
            guard kinds?.contains(true) != true else {
                throw .unsupportedValue(
                    key: "layer_types", value: quoted(ConfigFields.sliding),
                    supported: [quoted(ConfigFields.full) + " where there is no sliding_window in use"])
            }
            return [Int?](repeating: nil, count: count)
        }
        var first = 28
        if let node = present("max_window_layers") {
            guard let value = node.integer else {
                throw ConfigFields.wrongType("max_window_layers", node, "an integer")
            }
            first = value
        }
        return (0..<count).map { (kinds?[$0] ?? ($0 >= first)) ? window : nil }
    }
}

extension Architecture {
    /// The kinds of the blocks, for `layer_types`.
    var layerTypes: JSONOutput {
        .array(blocks.map { $0.attention.window == nil ? "full_attention" : "sliding_attention" })
    }

    /// The first window that a block has.
    var window: Int? { blocks.lazy.compactMap { $0.attention.window }.first }

    /// Qwen's members for the blocks' windows.
    var slidingMembers: [(key: String, value: JSONOutput)] {
        let first = blocks.firstIndex { $0.attention.window != nil }
        return [
            ("use_sliding_window", .bool(window != nil)),
            ("sliding_window", window.map { .integer($0) } ?? .null),
            ("max_window_layers", .integer(first ?? blockCount)), ("layer_types", layerTypes),
        ]
    }

    /// `rope_theta` and `rope_scaling` of the first block.
    var rotaryMembers: [(key: String, value: JSONOutput)] {
        let rotary = blocks.first?.attention.rotary
        return [
            ("rope_theta", .number(rotary?.base ?? 10_000)), ("rope_scaling", rotary?.scalingMember ?? .null),
        ]
    }
}

extension RotaryFrequencies {
    /// `rope_scaling`. Factors for each frequency have no name there and are null, which describes another model.
    var scalingMember: JSONOutput {
        switch scaling {
        case .linear(let factor): .object([("rope_type", "linear"), ("factor", .number(factor))])
        case .llama3(let factor, let low, let high, let originalContext):
            .object([
                ("rope_type", "llama3"), ("factor", .number(factor)), ("low_freq_factor", .number(low)),
                ("high_freq_factor", .number(high)),
                ("original_max_position_embeddings", .integer(originalContext)),
            ])
        case .none, .factors: .null
        }
    }
}

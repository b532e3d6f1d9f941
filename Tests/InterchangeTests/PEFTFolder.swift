// Adapter folders from their parts, right or wrong.

import Foundation
import Interchange
import Model
import TestSupport

/// What a test writes as an adapter folder. Begins as a right one for `PEFTFolder.model`: rank 2, on c_attn.
struct PEFTFolder {
    /// Two blocks of width 4.
    static let model = ModelShape(vocabularySize: 5, contextLength: 4, blockCount: 2, headCount: 2, modelWidth: 4)

    struct Tensor {
        var name: String
        var type = "F32"
        var shape: [Int]
        var values: [Float]

        init(_ name: String, _ shape: [Int], type: String = "F32", values: [Float]? = nil) {
            (self.name, self.type, self.shape) = (name, type, shape)
            // Multiples of 1/8: exact in every format of sixteen bits.
            self.values = values ?? (0..<shape.reduce(1, *)).map { Float(($0 * 7 + name.utf8.count) % 13 - 6) / 8 }
        }

        var bytes: [UInt8] {
            values.flatMap { value -> [UInt8] in
                switch type {
                case "F16": withUnsafeBytes(of: FloatConversion.half(value).littleEndian) { Array($0) }
                case "BF16": withUnsafeBytes(of: FloatConversion.brainFloat(value).littleEndian) { Array($0) }
                case "F64": withUnsafeBytes(of: Double(value).bitPattern.littleEndian) { Array($0) }
                default: withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) }
                }
            }
        }
    }

    /// Members of the config as JSON; nil leaves one out.
    var config: [String: String?] = [
        "peft_type": "\"LORA\"", "task_type": "\"CAUSAL_LM\"", "base_model_name_or_path": "\"base\"", "r": "2",
        "lora_alpha": "6", "lora_dropout": "0.05", "target_modules": "[\"c_attn\"]", "fan_in_fan_out": "true",
        "bias": "\"none\"", "use_rslora": "false", "use_dora": "false", "modules_to_save": "null",
        "rank_pattern": "{}", "loftq_config": "{}", "megatron_core": "\"megatron.core\"",
        "init_lora_weights": "true",
    ]
    var tensors: [Tensor] = (0..<2).flatMap { PEFTFolder.pair("h.\($0).attn.c_attn", inputs: 4, outputs: 12) }

    static func name(_ module: String, _ matrix: String) -> String {
        "base_model.model.transformer.\(module).\(matrix).weight"
    }

    /// Both matrices of a layer.
    static func pair(_ module: String, inputs: Int, outputs: Int, rank: Int = 2) -> [Tensor] {
        [Tensor(name(module, "lora_A"), [rank, inputs]), Tensor(name(module, "lora_B"), [outputs, rank])]
    }

    var configText: String {
        let members = config.compactMap { key, value in value.map { "\"\(key)\": \($0)" } }.sorted()
        return "{\(members.joined(separator: ", "))}"
    }

    /// Writes both files and gives the folder's path.
    @discardableResult
    func write(to folder: TemporaryFolder) throws -> String {
        try folder.write(configText, as: "adapter_config.json")
        var (offset, members, body) = (0, [String](), [UInt8]())
        for tensor in tensors {
            let bytes = tensor.bytes
            members.append(
                "\"\(tensor.name)\":{\"dtype\":\"\(tensor.type)\",\"shape\":\(tensor.shape),"
                    + "\"data_offsets\":[\(offset),\(offset + bytes.count)]}")
            offset += bytes.count
            body += bytes
        }
        try folder.write(
            safetensors("{\(members.joined(separator: ","))}", body: body), as: "adapter_model.safetensors")
        return folder.path
    }
}

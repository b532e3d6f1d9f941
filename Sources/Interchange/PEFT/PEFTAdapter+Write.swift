// Writes adapters for Hugging Face's PEFT.

import Files
import Kernels
import Model

extension PEFTAdapter {
    /// Writes `adapter_config.json` and `adapter_model.safetensors` to the folder `path`, which is made if only its
    /// parent exists. Each file takes its place complete or not at all, the matrices first.
    ///
    /// GPT-Neo has queries, keys and values in three layers: each gets the A of ours, and its columns of B, which
    /// computes the same. Throws where no architecture of Transformers computes what the model does.
    ///
    /// - Parameters:
    ///   - model: the shape of the base.
    ///   - base: the path or name by which the base will be looked for.
    public static func write(
        _ adapters: Adapters, of model: ModelConfig, base: String, to path: String
    ) throws(InterchangeError) {
        let family = try HuggingFaceFamily.expressing(model)
        let byName = Dictionary(adapters.layout.parameters.map { ($0.name, $0) }) { first, _ in first }
        var tensors: [SafetensorsTensor] = []
        var ends: [String] = []
        for module in family.linearModules(of: model) {
            guard let a = byName[module.layer + ".lora_A"], let b = byName[module.layer + ".lora_B"] else { continue }
            tensors.append(turned(a, columns: 0..<a.shape[1], of: adapters, name: name(of: module, "lora_A")))
            tensors.append(turned(b, columns: module.columns, of: adapters, name: name(of: module, "lora_B")))
            if !ends.contains(module.end) { ends.append(module.end) }
        }
        let text = PEFTConfig.text(adapters.config, modules: ends, family: family, base: base)
        try InterchangeError.wrapping { () throws(FileError) in try FileDescriptor.makeFolder(path) }
        try SafetensorsFile.write(tensors, to: path + "/" + weightsName)
        try InterchangeError.wrapping { () throws(FileError) in
            try AtomicFile.write(text, to: path + "/" + configName)
        }
    }

    /// Columns of one of the adapters' matrices as the rows of a tensor.
    private static func turned(
        _ parameter: Parameter, columns: Range<Int>, of adapters: Adapters, name: String
    ) -> SafetensorsTensor {
        let (rows, width) = (parameter.shape[0], parameter.shape[1])
        return SafetensorsTensor(name: name, shape: [columns.count, rows]) { body throws(InterchangeError) in
            let matrix = adapters.weights.base + parameter.offset
            var values: [Float] = []
            values.reserveCapacity(columns.count * rows)
            for column in columns {
                for row in 0..<rows { values.append(matrix[row * width + column]) }
            }
            try values.withUnsafeBufferPointer { (buffer) throws(InterchangeError) in try body(buffer) }
        }
    }
}

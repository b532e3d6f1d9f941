// Writes adapters for Hugging Face's PEFT.

import Files
import Kernels
import Model

extension PEFTAdapter {
    /// Writes `adapter_config.json` and `adapter_model.safetensors` to the folder `path`, which is made if only its
    /// parent exists. Each file takes its place complete or not at all, the matrices first.
    ///
    /// A family may store as several layers what one adapter adapts, as GPT-Neo its queries, keys and values: each gets
    /// the adapter's A, and its columns of B, which computes the same. Throws where no family computes what the model
    /// does.
    ///
    /// - Parameters:
    ///   - model: the base, with the adapters.
    ///   - base: the path or name by which the base will be looked for.
    package static func write(
        _ adapters: Adapters, of architecture: Architecture, base: String, to path: String
    ) throws(InterchangeError) {
        let family = try ModelFamilies.expressing(architecture)
        var tensors: [SafetensorsTensor] = []
        var ends: [String] = []
        for module in family.linearModules(of: architecture) {
            guard let (a, b, columns) = matrices(of: module, adapters, architecture) else { continue }
            tensors.append(
                transposed(a, columns: [0..<a.shape[1]], of: adapters, name: name(of: module, "lora_A", family)))
            tensors.append(transposed(b, columns: columns, of: adapters, name: name(of: module, "lora_B", family)))
            if !ends.contains(module.end) { ends.append(module.end) }
        }
        let text = PEFTConfig.text(adapters.config, modules: ends, family: family, base: base)
        try InterchangeError.wrapping { () throws(FileError) in try FileDescriptor.makeFolder(path) }
        try SafetensorsFile.write(tensors, to: path + "/" + weightsName)
        try InterchangeError.wrapping { () throws(FileError) in
            try AtomicFile.write(text, to: path + "/" + configName)
        }
    }

    /// The adapter whose columns contain the module's: its two matrices, and the module's columns of the second.
    private static func matrices(
        of module: StoredModule, _ adapters: Adapters, _ architecture: Architecture
    ) -> (a: Parameter, b: Parameter, columns: [Range<Int>])? {
        let key = module.parameter.key
        guard let block = key.block else { return nil }
        for (number, own) in architecture.linearModules.enumerated() where own.layer.role == key.role {
            let columns = own.part.columns(
                of: own.layer, in: architecture.blocks[block], modelWidth: architecture.modelWidth)
            guard module.columns.allSatisfy({ columns.contains($0) }),
                let a = adapters.layout[ParameterKey(key.role, block: block, .adapterA(module: number))],
                let b = adapters.layout[ParameterKey(key.role, block: block, .adapterB(module: number))]
            else { continue }
            let first = columns.lowerBound
            return (a, b, module.columns.map { ($0.lowerBound - first)..<($0.upperBound - first) })
        }
        return nil
    }

    /// Columns of one of the adapters' matrices as the rows of a tensor.
    private static func transposed(
        _ parameter: Parameter, columns: [Range<Int>], of adapters: Adapters, name: String
    ) -> SafetensorsTensor {
        let (rows, width) = (parameter.shape[0], parameter.shape[1])
        let count = columns.reduce(0) { $0 + $1.count }
        return SafetensorsTensor(name: name, shape: [count, rows]) { body throws(InterchangeError) in
            let matrix = adapters.weights.base + parameter.offset
            var values: [Float] = []
            values.reserveCapacity(count * rows)
            for column in columns.joined() {
                for row in 0..<rows { values.append(matrix[row * width + column]) }
            }
            try values.withUnsafeBufferPointer { (buffer) throws(InterchangeError) in try body(buffer) }
        }
    }
}

// Model folders of any size that take no room: all weights are one hole in a file, which reads as zeros.

import Foundation
import Model

package enum SparseModelFolder {
    /// Writes config.json and model.safetensors of a GPT-2 with these sizes into a folder that is there.
    ///
    /// - Parameter type: `F32`, `F16` or `BF16`.
    /// - Returns: bytes of the file.
    @discardableResult
    package static func write(_ config: ModelShape, type: String = "F32", to folder: String) throws -> Int {
        let size = type == "F32" ? 4 : 2
        var (offset, entries) = (0, [String]())
        for parameter in ParameterLayout(config).parameters {
            let end = offset + size * parameter.count
            entries.append(
                "\"\(parameter.name)\":{\"dtype\":\"\(type)\",\"shape\":\(parameter.shape),"
                    + "\"data_offsets\":[\(offset),\(end)]}")
            offset = end
        }
        let header = Array("{\(entries.joined(separator: ","))}".utf8)
        let file = URL(fileURLWithPath: folder + "/model.safetensors")
        try Data(withUnsafeBytes(of: UInt64(header.count).littleEndian) { Array($0) } + header).write(to: file)
        let handle = try FileHandle(forWritingTo: file)
        try handle.truncate(atOffset: UInt64(8 + header.count + offset))
        try handle.close()
        let text =
            "{\"model_type\": \"gpt2\", \"vocab_size\": \(config.vocabularySize), \"n_positions\": \(config.contextLength), "
            + "\"n_embd\": \(config.modelWidth), \"n_layer\": \(config.blockCount), \"n_head\": \(config.headCount), "
            + "\"n_inner\": \(config.feedForwardWidth ?? 4 * config.modelWidth)}"
        try Data(text.utf8).write(to: URL(fileURLWithPath: folder + "/config.json"))
        return 8 + header.count + offset
    }
}

// A model and its tokenizer as llama.cpp runs them, in a GGUF file.

import Kernels
import Model
import Tokenizer

/// What llama.cpp needs to know of a family. Names and keys are those of its own converter (ggml-org/llama.cpp,
/// convert_hf_to_gguf.py).
public struct GGUFFamily: Sendable {
    /// `general.architecture`.
    let architecture: String
    /// Names of tensors, without `blk.N.` and `.weight`.
    let names: [ParameterRole: String]
    /// The keys that describe an architecture.
    let metadata: @Sendable (Architecture) -> [(key: String, value: GGUFOutput)]
    /// Why llama.cpp would compute something else for an architecture of the family, or nil.
    let objection: @Sendable (Architecture) -> String?

    /// The name of a parameter's tensor.
    func name(of parameter: Parameter) -> String {
        let block = parameter.key.block.map { "blk.\($0)." } ?? ""
        let name = names[parameter.key.role] ?? parameter.key.role.name
        return "\(block)\(name).\(parameter.key.kind == .bias ? "bias" : "weight")"
    }
}

/// GPT-2 in a GGUF file: linear layers are stored (outputs, inputs).
public enum GGUFModel {
    /// Writes `model` with its linear layers and token table as `type`; the position table and all vectors are F32. A
    /// matrix whose rows Q8_0's blocks of 32 do not divide is F16. Missing biases are written as zeros.
    ///
    /// Throws where llama.cpp computes something else, or splits texts otherwise.
    public static func write(
        _ model: Transformer, _ tokenizer: Tokenizer, type: GGUFType, name: String, to path: String
    ) throws(InterchangeError) {
        let (family, format) = try family(of: model.architecture, tokenizer)
        let complete = family.completed(model.architecture)
        let parameters = ParameterLayout(complete).parameters
        let zeros = FloatArena(count: parameters.lazy.filter { !$0.decays }.map(\.count).max() ?? 0)
        defer { withExtendedLifetime(zeros) {} }
        let tensors = parameters.map { parameter in
            let source = model.layout[parameter.key].map { model.weights.base + $0.offset } ?? zeros.base
            return tensor(parameter, named: format.name(of: parameter), source, type)
        }
        let metadata: [(key: String, value: GGUFOutput)] =
            [
                ("general.architecture", .text(format.architecture)), ("general.type", .text("model")),
                ("general.name", .text(name)),
            ] + format.metadata(model.architecture) + [
                ("general.file_type", .uint32(type.fileType)), ("general.quantization_version", .uint32(2)),
            ]
        try GGUFFile.write(metadata + vocabulary(tokenizer, complete.vocabularySize), tensors, to: path)
    }

    /// Reads the weights of a file that `write` has written for a model of this architecture: for proof that it is
    /// right.
    public static func model(_ file: GGUFFile, _ architecture: Architecture) throws(InterchangeError) -> Transformer {
        let (family, format) = try family(of: architecture, nil)
        let model = Transformer(family.completed(architecture))
        for parameter in model.layout.parameters {
            let name = format.name(of: parameter)
            let shape = isTransposed(parameter) ? parameter.shape.reversed() : parameter.shape
            guard let entry = file.entries.first(where: { $0.name == name }) else {
                throw .gguf(file: file.path, .missing(tensor: name))
            }
            guard entry.shape == shape else {
                throw .gguf(file: file.path, .wrongShape(tensor: name, found: entry.shape, expected: shape))
            }
            let values = try file.floats(entry)
            let destination = model.weights.base + parameter.offset
            if isTransposed(parameter) {
                let (rows, columns) = (parameter.shape[0], parameter.shape[1])
                for row in 0..<rows {
                    for column in 0..<columns { destination[row * columns + column] = values[column * rows + row] }
                }
            } else {
                destination.update(from: values, count: values.count)
            }
        }
        return model
    }

    /// The family that llama.cpp runs the model as. Throws what it could not compute.
    private static func family(
        of architecture: Architecture, _ tokenizer: Tokenizer?
    ) throws(InterchangeError) -> (any ModelFamily.Type, GGUFFamily) {
        var reason = "llama.cpp runs no family that computes what this model does"
        for family in ModelFamilies.all {
            guard let format = family.gguf else { continue }
            if let objection = format.objection(architecture) {
                reason = objection
            } else if let tokenizer, tokenizer.split == .none && tokenizer.mergeCount > 0 {
                reason = "its tokenizer merges across words, and llama.cpp splits texts into words first"
            } else {
                return (family, format)
            }
        }
        throw .notExpressible(format: "a GGUF file", reason: reason)
    }

    /// Tokens as tokenizer.json writes them, their kinds (1 ordinary, 3 special, 5 padding), and the merges.
    private static func vocabulary(
        _ tokenizer: Tokenizer, _ vocabularySize: Int
    ) -> [(key: String, value: GGUFOutput)] {
        var tokens = tokenizer.writtenTokens
        var kinds = [Int32](repeating: 1, count: tokens.count)
        for id in tokenizer.specialIDs { kinds[id] = 3 }
        for id in tokens.count..<vocabularySize {
            tokens.append("[PAD\(id)]")
            kinds.append(5)
        }
        var result: [(key: String, value: GGUFOutput)] = [
            ("tokenizer.ggml.model", .text("gpt2")), ("tokenizer.ggml.pre", .text("gpt-2")),
            ("tokenizer.ggml.tokens", .texts(tokens)), ("tokenizer.ggml.token_type", .int32s(kinds)),
            ("tokenizer.ggml.merges", .texts(tokenizer.writtenMerges)),
        ]
        if let id = tokenizer.endOfTextID.map({ UInt32($0) }) {
            result += [("tokenizer.ggml.bos_token_id", .uint32(id)), ("tokenizer.ggml.eos_token_id", .uint32(id))]
        }
        return result
    }

    private static func isTransposed(_ parameter: Parameter) -> Bool {
        parameter.key.block != nil && parameter.shape.count == 2
    }

    private static func tensor(
        _ parameter: Parameter, named name: String, _ source: UnsafeMutablePointer<Float>, _ type: GGUFType
    ) -> GGUFTensor {
        let shape = isTransposed(parameter) ? parameter.shape.reversed() : parameter.shape
        let isPlain = shape.count == 1 || parameter.key.role == .positionEmbedding
        let fits = (shape.last ?? 1) % type.blockCount == 0
        return GGUFTensor(
            name: name, shape: shape, type: isPlain ? .f32 : fits ? type : .f16
        ) { body throws(InterchangeError) in
            guard isTransposed(parameter) else {
                let step = max(1, (1 << 18) / (shape.last ?? 1)) * (shape.last ?? 1)
                for start in stride(from: 0, to: parameter.count, by: step) {
                    try body(UnsafeBufferPointer(start: source + start, count: min(step, parameter.count - start)))
                }
                return
            }
            let (rows, columns) = (parameter.shape[0], parameter.shape[1])
            let line = FloatArena(count: rows)
            defer { withExtendedLifetime(line) {} }
            for column in 0..<columns {
                for row in 0..<rows { line.base[row] = source[row * columns + column] }
                try body(UnsafeBufferPointer(start: line.base, count: rows))
            }
        }
    }
}

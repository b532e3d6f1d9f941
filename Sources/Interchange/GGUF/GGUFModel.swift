// A model and its tokenizer as llama.cpp runs them, in a GGUF file.

import Kernels
import Model
import Tokenizer

/// Models in GGUF files: linear layers are stored (outputs, inputs).
public enum GGUFModel {
    /// Writes `model` with its linear layers and token table as `type`; the position table and all vectors are F32. A
    /// matrix whose rows the blocks of 32 of Q8_0 and Q4_0 do not divide is F16. Missing biases are written as zeros.
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
        let tensors = parameters.flatMap { parameter in
            let source = model.layout[parameter.key].map { model.weights.base + $0.offset } ?? zeros.base
            return format.pieces(parameter, complete).map { tensor($0, of: parameter, source, type) }
        }
        let metadata: [(key: String, value: GGUFOutput)] =
            [
                ("general.architecture", .text(format.architecture)), ("general.type", .text("model")),
                ("general.name", .text(name)),
            ] + format.metadata(model.architecture) + [
                ("general.file_type", .uint32(type.fileType ?? 0)), ("general.quantization_version", .uint32(2)),
            ]
        try GGUFFile.write(metadata + vocabulary(tokenizer, complete.vocabularySize), tensors, to: path)
    }

    /// Reads a file that `write` has written: for proof that it is right.
    public static func model(_ file: GGUFFile) throws(InterchangeError) -> Transformer {
        let opened = try GGUFModelFile(file)
        let model = Transformer(opened.architecture, layout: opened.layout)
        try opened.loadWeights(layout: opened.layout, into: model.weights)
        return model
    }

    /// The family that llama.cpp runs the model as. Throws what it could not compute.
    private static func family(
        of architecture: Architecture, _ tokenizer: Tokenizer?
    ) throws(InterchangeError) -> (any ModelFamily.Type, GGUFFamily) {
        var reason = "llama.cpp runs no family that computes what this model does"
        for family in ModelFamilies.all {
            guard let format = family.gguf else { continue }
            switch format.objection(architecture) {
            case .otherFamily: continue
            case .reason(let text): reason = text
            case nil:
                guard let tokenizer, tokenizer.split == .none && tokenizer.mergeCount > 0 else {
                    return (family, format)
                }
                reason = "its tokenizer merges across words, and llama.cpp splits texts into words first"
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

    private static func tensor(
        _ piece: GGUFPiece, of parameter: Parameter, _ source: UnsafeMutablePointer<Float>, _ type: GGUFType
    ) -> GGUFTensor {
        let shape = piece.shape(of: parameter)
        let isPlain = shape.count == 1 || parameter.key.role == .positionEmbedding
        let fits = (shape.last ?? 1) % type.blockCount == 0
        return GGUFTensor(name: piece.name, shape: shape, type: isPlain ? .f32 : fits ? type : .f16) {
            body throws(InterchangeError) in
            guard let columns = piece.columns else {
                let step = max(1, (1 << 18) / (shape.last ?? 1)) * (shape.last ?? 1)
                for start in stride(from: 0, to: parameter.count, by: step) {
                    try body(UnsafeBufferPointer(start: source + start, count: min(step, parameter.count - start)))
                }
                return
            }
            // A line of the file is a column here; a vector has lines of one element, of one row.
            let (rows, width) = (parameter.shape.count > 1 ? parameter.shape[0] : 1, parameter.shape.last ?? 1)
            let line = FloatArena(count: parameter.shape.count > 1 ? rows : columns.count)
            defer { withExtendedLifetime(line) {} }
            for place in 0..<columns.count {
                let column = columns.lowerBound + piece.order.modelRow(ofFileRow: place, rowCount: columns.count)
                guard parameter.shape.count > 1 else {
                    line.base[place] = source[column]
                    continue
                }
                for row in 0..<rows { line.base[row] = source[row * width + column] }
                try body(UnsafeBufferPointer(start: line.base, count: rows))
            }
            if parameter.shape.count == 1 { try body(UnsafeBufferPointer(start: line.base, count: columns.count)) }
        }
    }
}

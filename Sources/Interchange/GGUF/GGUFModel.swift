// A model and its tokenizer as llama.cpp runs them, in a GGUF file.

import Kernels
import Model
import Tokenizer

/// What a GGUF file says of conversations.
package struct GGUFConversation: Sendable {
    /// The chat template in Jinja.
    package var template: String?
    /// Ids that end an answer, in addition to the tokenizer's `endIDs`.
    package var endIDs: [Int]

    package init(template: String? = nil, endIDs: [Int] = []) {
        self.template = template
        self.endIDs = endIDs
    }
}

/// Models in GGUF files: linear layers are stored (outputs, inputs).
package enum GGUFModel {
    /// Writes `model` with its linear layers and token table as `type`; the position table and all vectors are F32. A
    /// matrix whose rows the blocks of 32 of Q8_0 and Q4_0 do not divide is F16. Missing biases are written as zeros.
    ///
    /// Throws where llama.cpp computes something else, or splits texts otherwise.
    package static func write(
        _ model: Transformer, _ tokenizer: Tokenizer, _ conversation: GGUFConversation = .init(), type: GGUFType,
        name: String, to path: String
    ) throws(InterchangeError) {
        let (family, format) = try family(of: model.architecture)
        guard let vocabulary = GGUFVocabulary(tokenizer) else {
            let reason =
                tokenizer.split == .none && !tokenizer.marksSpaces
                ? "its tokenizer merges across words, and llama.cpp splits texts into words first"
                : "llama.cpp has no tokenizer that cuts and merges texts as this one does"
            throw .notExpressible(format: "a GGUF file", reason: reason)
        }
        let complete = family.completed(model.architecture)
        let parameters = ParameterLayout(complete).parameters
        let zeros = FloatArena(count: parameters.lazy.filter { !$0.decays }.map(\.count).max() ?? 0)
        defer { withExtendedLifetime(zeros) {} }
        let constants = format.constants(model.architecture).map { name, values in
            GGUFTensor(name: name, shape: [values.count], type: .f32) { body throws(InterchangeError) in
                try values.withUnsafeBufferPointer { (buffer) throws(InterchangeError) in try body(buffer) }
            }
        }
        let tensors =
            constants
            + parameters.flatMap { parameter in
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
        try GGUFFile.write(
            metadata + self.vocabulary(vocabulary, rows: complete.vocabularySize, conversation), tensors, to: path)
    }

    /// What to know of llama.cpp's computation of a model that `write` writes; nil where it is the same.
    package static func note(for model: Transformer) -> String? {
        (try? family(of: model.architecture)).flatMap { $0.1.note(model.architecture) }
    }

    /// Reads a file that `write` has written: for proof that it is right.
    package static func model(_ file: GGUFFile) throws(InterchangeError) -> Transformer {
        let opened = try GGUFModelFile(file)
        let model = Transformer(opened.architecture, layout: opened.layout)
        try opened.loadWeights(layout: opened.layout, into: model.weights)
        return model
    }

    /// The family that llama.cpp runs the model as. Throws what it could not compute.
    private static func family(
        of architecture: Architecture
    ) throws(InterchangeError) -> (any ModelFamily.Type, GGUFFamily) {
        var reason = "llama.cpp runs no family that computes what this model does"
        for family in ModelFamilies.all {
            guard let format = family.gguf else { continue }
            switch format.objection(architecture) {
            case .otherFamily: continue
            case .reason(let text): reason = text
            case nil: return (family, format)
            }
        }
        throw .notExpressible(format: "a GGUF file", reason: reason)
    }

    /// The tokenizer, padding for the rows that no token has, and what a conversation needs.
    private static func vocabulary(
        _ vocabulary: GGUFVocabulary, rows: Int, _ conversation: GGUFConversation
    ) -> [(key: String, value: GGUFOutput)] {
        func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
        let padding = vocabulary.tokens.count..<max(rows, vocabulary.tokens.count)
        var result: [(key: String, value: GGUFOutput)] = [("model", .text(vocabulary.model))]
        if let name = vocabulary.pre { result.append(("pre", .text(name))) }
        result.append(("tokens", .texts(vocabulary.tokens.map(text) + padding.map { "[PAD\($0)]" })))
        if let scores = vocabulary.scores {
            result.append(("scores", .float32s(scores + padding.map { _ in -1000 })))
        }
        result.append(("token_type", .int32s((vocabulary.types ?? []) + padding.map { _ in 5 })))
        if let merges = vocabulary.merges { result.append(("merges", .texts(merges.map(text)))) }
        func add(_ name: String, _ id: Int?) {
            if let id { result.append((name + "_token_id", .uint32(UInt32(id)))) }
        }
        let ends = vocabulary.endIDs + conversation.endIDs.filter { !vocabulary.endIDs.contains($0) }
        add("bos", vocabulary.beginID)
        add("eos", ends.first)
        // The format has two more places for ids that end something; others llama.cpp knows by their texts.
        add("eot", ends.dropFirst().first)
        add("eom", ends.dropFirst(2).first)
        add("unknown", vocabulary.unknownID)
        if let addsBegin = vocabulary.addsBegin { result.append(("add_bos_token", .flag(addsBegin))) }
        if let addsPrefix = vocabulary.addsSpacePrefix { result.append(("add_space_prefix", .flag(addsPrefix))) }
        result = result.map { ("tokenizer.ggml." + $0.key, $0.value) }
        if let template = conversation.template { result.append(("tokenizer.chat_template", .text(template))) }
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
                if piece.added != 0 {
                    let values = (0..<parameter.count).map { source[$0] + piece.added }
                    return try values.withUnsafeBufferPointer { (buffer) throws(InterchangeError) in try body(buffer) }
                }
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

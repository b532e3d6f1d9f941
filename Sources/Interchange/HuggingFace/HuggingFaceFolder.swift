// A folder with a model as Hugging Face Transformers saves it.

import Foundation
import Kernels
import Model

/// `config.json` and the weights of one folder, checked against each other.
package struct HuggingFaceFolder: Sendable {
    /// The folder.
    package let path: String
    package let family: any ModelFamily.Type
    package let architecture: Architecture
    /// The ids of the tokens that end a text, as the config lists them.
    package let endIDs: [Int]
    /// The layout of `architecture`.
    package let layout: ParameterLayout
    /// What a person should know of the files: tensors that are not used.
    package let notes: [String]
    private let weights: StoredWeights
    private let matched: Match

    /// The paths of the files with its weights.
    package var weightFiles: [String] { Set(weights.tensors.map(\.file.path)).sorted() }

    /// Opens the folder: reads the config, maps the weights, and checks that every parameter of the model is there
    /// in its shape and nothing else is, except the heads of other tasks. No weight is read yet.
    package init(path: String) throws(InterchangeError) {
        self.path = path
        let configPath = path + "/config.json"
        let described = try HuggingFaceConfig(try MappedFile.contents(of: configPath), file: configPath)
        (family, architecture, endIDs) = (described.family, described.architecture, described.endIDs)
        weights = try StoredWeights(folder: path)
        (layout, matched) = try HuggingFaceFolder.match(weights, to: architecture, family)
        notes = HuggingFaceFolder.notes(matched.otherHeads)
    }

    /// Copies all weights to `arena`, which has `layout`. That is the layout of `architecture`, or of the same with a
    /// shorter context, for which the last rows of a position table are dropped. Throws where an element is not finite, or
    /// where a tied head in the file differs from the embedding.
    package func loadWeights(layout: ParameterLayout, into arena: FloatArena) throws(InterchangeError) {
        precondition(arena.count >= layout.arenaCount, "an arena of \(arena.count) for \(layout.arenaCount) floats")
        try loadWeights(layout: layout) { UnsafeMutableBufferPointer(rebasing: arena.buffer[$0.range]) }
    }

    /// The same, one parameter after the other in the layout's order.
    ///
    /// - Parameters:
    ///   - memory: where a parameter's values go; asked once for each.
    ///   - finished: called when all of a parameter's values are there, which are not read again afterwards.
    package func loadWeights(
        layout: ParameterLayout, into memory: (Parameter) -> UnsafeMutableBufferPointer<Float>,
        finished: (Parameter) -> Void = { _ in }
    ) throws(InterchangeError) {
        precondition(
            layout.parameters.map(\.name) == matched.parameters.map(\.parameter.name),
            "the layout is not that of the folder's config")
        for (target, source) in zip(layout.parameters, matched.parameters) {
            let destination = memory(target)
            for (piece, tensor) in source.pieces {
                var first = 0
                for columns in piece.columns ?? [0..<destination.count] {
                    let isTransposed = piece.columns != nil && piece.shape.count > 1
                    if isTransposed {
                        try read(
                            tensor, rows: first, of: piece.shape[1], as: columns, of: target.shape[1], into: destination
                        )
                    } else {
                        try read(
                            tensor, elements: first,
                            into: UnsafeMutableBufferPointer(rebasing: destination[columns]))
                    }
                    first += columns.count
                }
            }
            if let head = matched.redundantHead, target.key.role == .tokenEmbedding {
                try checkTied(head, source.pieces[0].tensor, destination)
            }
            finished(target)
        }
    }

    /// What of the files belongs to what of the model.
    private struct Match: Sendable {
        typealias Piece = (piece: StoredPiece, tensor: StoredWeights.Tensor)
        /// In the layout's order.
        var parameters: [(parameter: Parameter, pieces: [Piece])] = []
        /// A stored head that repeats the embedding.
        var redundantHead: StoredWeights.Tensor?
        /// The names of tensors that are heads for something other than the next token.
        var otherHeads: [String] = []
    }

    /// Finds each parameter's tensors. Names may carry the family's prefix; the causal masks that old versions stored
    /// are not parameters.
    private static func match(
        _ weights: StoredWeights, to architecture: Architecture, _ family: any ModelFamily.Type
    ) throws(InterchangeError) -> (ParameterLayout, Match) {
        do throws(WeightsDefect) {
            var found = try tensorsByPublishedName(weights, family)
            // Every block has its own tensors, so this many blocks cannot be there; a layout of them is not built.
            guard architecture.blockCount <= found.count else {
                throw .fewerTensorsThanBlocks(tensors: found.count, blocks: architecture.blockCount)
            }
            let layout = ParameterLayout(architecture)
            var result = Match()
            let otherHeads = found.filter { isOtherHead($0.key) }
            for name in otherHeads.keys { found[name] = nil }
            result.otherHeads = otherHeads.values.map(\.name).sorted()
            var missing: [String] = []
            for parameter in layout.parameters {
                var pieces: [Match.Piece] = []
                for piece in family.pieces(of: parameter, in: architecture) {
                    guard let tensor = found.removeValue(forKey: piece.name) else {
                        if piece.isHead, !result.otherHeads.isEmpty {
                            throw .otherHeadOnly(head: piece.name, found: result.otherHeads)
                        }
                        missing.append(piece.name)
                        continue
                    }
                    try check(tensor, hasShape: piece.shape)
                    pieces.append((piece, tensor))
                }
                result.parameters.append((parameter, pieces))
            }
            guard missing.isEmpty else {
                throw .missing(tensors: Array(missing.prefix(WeightsDefect.listed)), count: missing.count)
            }
            if architecture.head.isTied, let head = found.removeValue(forKey: family.headNames[0]) {
                try check(head, hasShape: [architecture.vocabularySize, architecture.modelWidth])
                result.redundantHead = head
            }
            for name in architecture.blocks.indices.flatMap(family.ignoredTensors) { found[name] = nil }
            guard found.isEmpty else {
                let names = found.values.map(\.name).sorted()
                throw .extra(tensors: Array(names.prefix(WeightsDefect.listed)), count: names.count)
            }
            return (layout, result)
        } catch {
            throw .weights(file: weights.path, error)
        }
    }

    /// What Transformers calls the heads of its classes for classification, multiple choice and questions, and TRL the
    /// head that estimates a value.
    private static func isOtherHead(_ name: String) -> Bool {
        ["score.", "classifier.", "multiple_choice_head.", "qa_outputs.", "v_head."].contains { name.hasPrefix($0) }
    }

    private static func notes(_ otherHeads: [String]) -> [String] {
        guard !otherHeads.isEmpty else { return [] }
        return [
            "the language model is read; \(otherHeads.joined(separator: ", ")) "
                + "\(otherHeads.count == 1 ? "is" : "are") of a head for another task and not used"
        ]
    }

    private static func tensorsByPublishedName(
        _ weights: StoredWeights, _ family: any ModelFamily.Type
    ) throws(WeightsDefect) -> [String: StoredWeights.Tensor] {
        let prefix = family.prefix
        var result: [String: StoredWeights.Tensor] = [:]
        for tensor in weights.tensors {
            var name = tensor.name.hasPrefix(prefix) ? String(tensor.name.dropFirst(prefix.count)) : tensor.name
            if family.headNames.contains(name) { name = family.headNames[0] }
            if let other = result[name] { throw .twice(other.name, tensor.name) }
            result[name] = tensor
        }
        return result
    }

    private static func check(_ tensor: StoredWeights.Tensor, hasShape shape: [Int]) throws(WeightsDefect) {
        guard tensor.entry.shape == shape else {
            throw .shape(tensor: tensor.name, found: tensor.entry.shape, expected: shape)
        }
    }

    /// Elements that are read at a time: few enough to stay in the cache while they are transposed, and to be given back.
    private static let chunk = 1 << 18

    /// Reads as many elements of a tensor as `destination` has, from `first` on.
    private func read(
        _ tensor: StoredWeights.Tensor, elements first: Int, into destination: UnsafeMutableBufferPointer<Float>
    ) throws(InterchangeError) {
        for start in stride(from: 0, to: destination.count, by: HuggingFaceFolder.chunk) {
            let elements = start..<min(start + HuggingFaceFolder.chunk, destination.count)
            try tensor.file.readFinite(
                tensor.entry, elements: (first + elements.lowerBound)..<(first + elements.upperBound),
                into: UnsafeMutableBufferPointer(rebasing: destination[elements]))
        }
    }

    /// Reads rows of a tensor, from `first` on, into columns of a matrix.
    ///
    /// - Parameters:
    ///   - length: of a row of the tensor.
    ///   - transposed: the columns.
    ///   - columns: how many the matrix has.
    private func read(
        _ tensor: StoredWeights.Tensor, rows first: Int, of length: Int, as transposed: Range<Int>,
        of columns: Int, into destination: UnsafeMutableBufferPointer<Float>
    ) throws(InterchangeError) {
        // Some of the file's rows at a time, each of which is a column here.
        let rows = max(1, HuggingFaceFolder.chunk / length)
        let scratch = FloatArena(count: rows * length)
        defer { withExtendedLifetime(scratch) {} }
        for start in stride(from: 0, to: transposed.count, by: rows) {
            let count = min(rows, transposed.count - start)
            let values = UnsafeMutableBufferPointer(start: scratch.base, count: count * length)
            let elements = ((first + start) * length)..<((first + start + count) * length)
            try tensor.file.readFinite(tensor.entry, elements: elements, into: values)
            for row in 0..<length {
                let line = row * columns + transposed.lowerBound + start
                for column in 0..<count { destination[line + column] = values[column * length + row] }
            }
        }
    }

    /// A head that is stored although it is tied must hold the same numbers as the embedding.
    private func checkTied(
        _ head: StoredWeights.Tensor, _ embedding: StoredWeights.Tensor, _ tied: UnsafeMutableBufferPointer<Float>
    ) throws(InterchangeError) {
        let scratch = FloatArena(count: min(HuggingFaceFolder.chunk, tied.count))
        defer { withExtendedLifetime(scratch) {} }
        for start in stride(from: 0, to: tied.count, by: scratch.count) {
            let elements = start..<min(start + scratch.count, tied.count)
            let stored = UnsafeMutableBufferPointer(start: scratch.base, count: elements.count)
            try head.file.read(head.entry, elements: elements, into: stored)
            guard let index = stored.indices.first(where: { stored[$0] != tied[start + $0] }) else {
                continue
            }
            throw .weights(
                file: head.file.path,
                .headNotTied(head: head.name, embedding: embedding.name, index: start + index))
        }
    }
}

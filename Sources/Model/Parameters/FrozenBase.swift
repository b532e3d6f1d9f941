// A base that LoRA trains on, held in few bytes: its matrices rounded, its vectors in float.

import Kernels

/// The weights of a model whose matrices exist only in a compact format. They are stored one by one, so that no more than
/// one matrix is ever there in float.
package final class FrozenBase {
    package let architecture: Architecture
    package let layout: ParameterLayout
    package let format: WeightFormat
    private var matrices: [ParameterKey: CompactWeight] = [:]
    private var vectors: [ParameterKey: FloatArena] = [:]

    /// A base without any parameter yet.
    ///
    /// - Parameters:
    ///   - layout: that of the architecture.
    ///   - format: of the matrices; int8 and q4 have a scale for each 32 inputs of an output.
    package init(_ architecture: Architecture, _ layout: ParameterLayout, format: WeightFormat) {
        (self.architecture, self.layout, self.format) = (architecture, layout, format)
    }

    /// Rounds a matrix, or copies a vector. `values` are not needed any more afterwards.
    package func store(_ parameter: Parameter, _ values: UnsafeMutableBufferPointer<Float>) {
        precondition(values.count == parameter.count, "\(values.count) values of \(parameter.name)")
        guard let start = values.baseAddress, FrozenBase.isRounded(parameter) else {
            let arena = FloatArena(count: values.count)
            if let start = values.baseAddress { arena.base.update(from: start, count: values.count) }
            vectors[parameter.key] = arena
            return
        }
        matrices[parameter.key] = CompactWeight(
            Matrix(start, rows: parameter.shape[0], columns: parameter.shape[1]),
            transposed: FrozenBase.isTable(parameter), format: format, isGrouped: true)
    }

    /// The bytes of a base of this layout.
    package static func byteCount(_ layout: ParameterLayout, format: WeightFormat) -> Int {
        layout.parameters.reduce(0) { sum, parameter in
            guard isRounded(parameter) else { return sum + 4 * parameter.count }
            let (rows, columns) = (parameter.shape[0], parameter.shape[1])
            let words =
                isTable(parameter)
                ? CompactWeight.wordCount(inner: columns, columns: rows, format: format, isGrouped: true)
                : CompactWeight.wordCount(inner: rows, columns: columns, format: format, isGrouped: true)
            return sum + 4 * words
        }
    }

    /// Matrices are rounded, except for a table of positions, which is added to the stream as it is.
    private static func isRounded(_ parameter: Parameter) -> Bool {
        parameter.shape.count == 2 && parameter.key.role != .positionEmbedding
    }

    /// Whether a row (V, C) is what a product reads as a column: scales belong to the numbers of one token.
    private static func isTable(_ parameter: Parameter) -> Bool {
        parameter.key.role == .tokenEmbedding || parameter.key.role == .head
    }

    /// The values that the base stands for, in an arena of the layout: what products compute with.
    package func decoded() -> FloatArena {
        let arena = FloatArena(count: layout.arenaCount)
        for parameter in layout.parameters {
            if let vector = vectors[parameter.key] {
                (arena.base + parameter.offset).update(from: vector.base, count: parameter.count)
            } else {
                let matrix = Matrix(
                    arena, offset: parameter.offset, rows: parameter.shape[0], columns: parameter.shape[1])
                self.matrix(parameter.key).decode(into: matrix, transposed: FrozenBase.isTable(parameter))
            }
        }
        return arena
    }

    func matrix(_ role: ParameterRole, _ block: Int? = nil) -> CompactWeight {
        matrix(ParameterKey(role, block: block))
    }

    private func matrix(_ key: ParameterKey) -> CompactWeight {
        guard let matrix = matrices[key] else { preconditionFailure("the base has no matrix for \(key)") }
        return matrix
    }

    /// The (context, C) table of positions.
    var positionTable: Matrix {
        guard let table = vectors[ParameterKey(.positionEmbedding)] else { return .none }
        return Matrix(table, rows: architecture.contextLength, columns: architecture.modelWidth)
    }

    private func vector(_ role: ParameterRole, _ block: Int?, _ kind: ParameterKind) -> Vector? {
        vectors[ParameterKey(role, block: block, kind)].map { Vector($0, count: $0.count) }
    }

    func linear(_ role: ParameterRole, _ block: Int) -> LinearParameters {
        LinearParameters(frozen: matrix(role, block), bias: vector(role, block, .bias))
    }

    func norm(_ role: ParameterRole, _ block: Int? = nil) -> NormParameters {
        guard let weight = vector(role, block, .weight) else { preconditionFailure("the base has no \(role)") }
        return NormParameters(weight: weight, bias: vector(role, block, .bias))
    }

    /// `none` where the architecture has no such norm.
    func normIfPresent(_ role: ParameterRole, _ block: Int) -> NormParameters {
        vectors[ParameterKey(role, block: block)] == nil ? .none : norm(role, block)
    }
}

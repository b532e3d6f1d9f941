// A model in a GGUF file, opened: what its metadata describes, checked against its tensors.

import Kernels
import Model

/// All is known of the model, and no weight is in memory.
package struct GGUFModelFile: Sendable {
    package let file: GGUFFile
    package let architecture: Architecture
    /// The layout of `architecture`.
    package let layout: ParameterLayout
    private let parts: [Part]

    /// A tensor and the columns of a parameter that it holds.
    private struct Part: Sendable {
        let parameter: Parameter
        let piece: GGUFPiece
        let entry: GGUFEntry
    }

    /// Opens the file at `path`. Throws where it describes a model that this program cannot run, or does not hold the
    /// tensors of the model that it describes.
    package init(path: String) throws(InterchangeError) {
        try self.init(GGUFFile(path: path))
    }

    init(_ file: GGUFFile) throws(InterchangeError) {
        self.file = file
        let name = try file.describe { (metadata) throws(GGUFDefect) in try metadata.text("general.architecture") }
        let known = ModelFamilies.all.compactMap { family in family.gguf.map { (family, $0) } }
        guard let (family, format) = known.first(where: { $0.1.architecture == name }) else {
            throw .gguf(
                file: file.path,
                .unsupportedArchitecture(name, supported: known.map { $0.1.architecture }.sorted()))
        }
        do throws(GGUFDefect) {
            let architecture = try format.describe(file)
            do throws(ArchitectureError) { try architecture.validate() } catch {
                throw .badArchitecture("\(HuggingFaceConfigDefect(error, family.sizeKeys))")
            }
            (self.architecture, layout) = (architecture, ParameterLayout(architecture))
            parts = try GGUFModelFile.match(layout, architecture, format, file)
        } catch {
            throw .gguf(file: file.path, error)
        }
    }

    private static func match(
        _ layout: ParameterLayout, _ architecture: Architecture, _ format: GGUFFamily, _ file: GGUFFile
    ) throws(GGUFDefect) -> [Part] {
        var parts: [Part] = []
        for parameter in layout.parameters {
            for piece in format.pieces(parameter, architecture) {
                guard let entry = file.tensor(piece.name) else { throw .missing(tensor: piece.name) }
                guard entry.type?.isRead == true else {
                    throw .unreadableType(tensor: piece.name, type: entry.typeNumber)
                }
                let shape = piece.shape(of: parameter)
                guard entry.shape == shape else {
                    throw .wrongShape(tensor: piece.name, found: entry.shape, expected: shape)
                }
                parts.append(Part(parameter: parameter, piece: piece, entry: entry))
            }
        }
        return parts
    }

    /// Elements that are decoded at a time: few enough to stay in the cache while they are transposed.
    private static let chunk = 1 << 18

    /// Copies all weights to `arena`, which has `layout`: that of `architecture`, or of the same with a shorter context,
    /// for which the last rows of a position table are dropped. Throws where an element is not finite.
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
        var pieces = parts[...]
        for target in layout.parameters {
            let destination = memory(target)
            precondition(pieces.first?.parameter.key == target.key, "the layout is not that of the file")
            while let part = pieces.first, part.parameter.key == target.key {
                try read(part, into: destination, target)
                pieces.removeFirst()
            }
            finished(target)
        }
    }

    private func read(
        _ part: Part, into destination: UnsafeMutableBufferPointer<Float>, _ target: Parameter
    ) throws(InterchangeError) {
        let (entry, width) = (part.entry, part.entry.rowWidth)
        let step = max(1, GGUFModelFile.chunk / width)
        guard let columns = part.piece.columns, target.shape.count > 1 else {
            let first = part.piece.columns?.lowerBound ?? 0
            let rows = part.piece.columns == nil ? destination.count / width : entry.rowCount
            defer {
                if part.piece.added != 0 { for index in destination.indices { destination[index] -= part.piece.added } }
            }
            for start in stride(from: 0, to: rows, by: step) {
                let range = start..<min(start + step, rows)
                let elements = (first + range.lowerBound * width)..<(first + range.upperBound * width)
                try file.readFinite(
                    entry, rows: range, order: part.piece.order,
                    into: UnsafeMutableBufferPointer(rebasing: destination[elements]))
            }
            return
        }
        let scratch = FloatArena(count: min(step, entry.rowCount) * width)
        defer { withExtendedLifetime(scratch) {} }
        let lineWidth = target.shape[1]
        for start in stride(from: 0, to: entry.rowCount, by: step) {
            let range = start..<min(start + step, entry.rowCount)
            let values = UnsafeMutableBufferPointer(start: scratch.base, count: range.count * width)
            try file.readFinite(entry, rows: range, order: part.piece.order, into: values)
            for row in 0..<width {
                let line = row * lineWidth + columns.lowerBound + start
                for column in 0..<range.count { destination[line + column] = values[column * width + row] }
            }
        }
    }
}

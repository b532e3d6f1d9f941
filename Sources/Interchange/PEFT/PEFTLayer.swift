// One layer's part of an adapter, and how it changes the layer.

import Kernels
import Model

/// The tensors that adapt one linear layer, checked.
struct PEFTLayer {
    let module: StoredModule
    /// R.
    let rank: Int
    let scale: Float
    /// (R, in).
    let a: SafetensorsEntry
    /// (out, R).
    let b: SafetensorsEntry
    /// (out), DoRA's.
    let magnitudes: SafetensorsEntry?
    /// The layer's bias, and what is added to its columns of the layer: (out).
    let bias: (parameter: Parameter, entry: SafetensorsEntry)?

    /// Adds to the layer's weight and bias. Throws where an element is not finite.
    func add(to model: Transformer, from file: SafetensorsFile) throws(InterchangeError) {
        let (arenaA, arenaB) = (FloatArena(count: a.count), FloatArena(count: b.count))
        defer { withExtendedLifetime((arenaA, arenaB)) {} }
        try file.readFinite(a, elements: 0..<a.count, into: arenaA.buffer)
        try file.readFinite(b, elements: 0..<b.count, into: arenaB.buffer)
        let weight = module.weight(in: model.weights)
        let matrixB = Matrix(arenaB, rows: module.outputs, columns: rank)
        let norms = try magnitudes.map { (entry) throws(InterchangeError) in try finite(entry, file) }
        var first = 0
        for columns in module.columns {
            let (part, outputs) = (weight.columns(columns), first..<(first + columns.count))
            MatrixMultiply.run(
                into: part, Matrix(arenaA, rows: rank, columns: weight.rows), matrixB.rows(outputs),
                transposingA: true, transposingB: true, scale: scale, adding: true)
            if let norms, let magnitudes, let zero = PEFTLayer.scaleColumns(of: part, to: norms[outputs]) {
                throw .weights(
                    file: file.path,
                    .notFinite(tensor: magnitudes.name, index: first + zero, value: "a scale by a norm of 0"))
            }
            first += columns.count
        }
        try addBias(model, file)
    }

    private func addBias(_ model: Transformer, _ file: SafetensorsFile) throws(InterchangeError) {
        guard let bias else { return }
        let values = try finite(bias.entry, file)
        let target = model.weights.base + bias.parameter.offset
        for (column, value) in zip(module.columns.joined(), values) { target[column] += scale * value }
    }

    private func finite(_ entry: SafetensorsEntry, _ file: SafetensorsFile) throws(InterchangeError) -> [Float] {
        var values = [Float](repeating: 0, count: entry.count)
        try values.withUnsafeMutableBufferPointer { (buffer) throws(InterchangeError) in
            try file.readFinite(entry, elements: 0..<entry.count, into: buffer)
        }
        return values
    }

    /// Scales each column to the norm that is given for it. Returns a column whose norm is 0, which cannot be scaled.
    private static func scaleColumns(of weight: Matrix, to norms: ArraySlice<Float>) -> Int? {
        var squares = [Double](repeating: 0, count: weight.columns)
        for row in 0..<weight.rows {
            let line = weight.row(row)
            for column in 0..<weight.columns { squares[column] += Double(line[column]) * Double(line[column]) }
        }
        if let zero = squares.firstIndex(of: 0) { return zero }
        let factors = zip(norms, squares).map { Float(Double($0) / $1.squareRoot()) }
        for row in 0..<weight.rows {
            let line = weight.row(row)
            for column in 0..<weight.columns { line[column] *= factors[column] }
        }
        return nil
    }
}

/// The tensors of an adapter's file while they are found their places.
struct PEFTTensors {
    private var found: [String: SafetensorsEntry]
    private var missing: [String] = []
    private let published: (String) -> String

    /// - Parameter published: a tensor's name in the file, of its name in the base.
    init(found: [String: SafetensorsEntry], published: @escaping (String) -> String) {
        self.found = found
        self.published = published
    }

    /// Takes the tensor of this name; notes `name`, its name in the base, where it is missing.
    mutating func take(_ key: String, of name: String) -> SafetensorsEntry? {
        guard let entry = found.removeValue(forKey: key) else {
            missing.append(published(name))
            return nil
        }
        return entry
    }

    /// Takes the head of a model that has it tied, where the file repeats it.
    mutating func takeHead(_ family: any ModelFamily.Type, _ architecture: Architecture) -> SafetensorsEntry? {
        guard architecture.head.isTied else { return nil }
        var untied = architecture
        untied.head.isTied = false
        guard let head = ParameterLayout(untied)[ParameterKey(.head)] else { return nil }
        return family.pieces(of: head, in: untied).first.flatMap { found.removeValue(forKey: $0.name) }
    }

    /// Throws where a tensor was missing, or one was not taken.
    func finish() throws(WeightsDefect) {
        guard missing.isEmpty else {
            throw .missing(tensors: Array(missing.prefix(WeightsDefect.listed)), count: missing.count)
        }
        guard found.isEmpty else {
            let names = found.values.map(\.name).sorted()
            throw .extra(tensors: Array(names.prefix(WeightsDefect.listed)), count: names.count)
        }
    }
}

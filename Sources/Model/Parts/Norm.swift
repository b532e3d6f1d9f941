// A normalization, forward and backward, of the kind that its description names.

import Kernels

/// What a norm's forward writes and its backward reads.
package struct NormActivations {
    /// (N, C).
    package let output: Matrix
    let saved: Saved

    /// What each kind keeps of the rows.
    enum Saved {
        case layer(LayerNorm.Saved)
        /// The scale of each row.
        case rms(Vector)
    }

    init(_ norm: NormDescription, rowCount N: Int, width C: Int, _ allocator: inout ArenaAllocator) {
        output = allocator.matrix(N, C)
        switch norm.kind {
        case .layer:
            saved = .layer(LayerNorm.Saved(mean: allocator.vector(N), reciprocalDeviation: allocator.vector(N)))
        case .rms, .rmsPlusOne: saved = .rms(allocator.vector(N))
        }
    }

    fileprivate init(output: Matrix, saved: Saved) { (self.output, self.saved) = (output, saved) }

    /// The first N of the rows.
    func first(_ N: Int) -> NormActivations {
        let own: Saved =
            switch saved {
            case .layer: saved
            case .rms(let scales): .rms(Vector(scales.base, count: N))
            }
        return NormActivations(output: output.rows(0..<N), saved: own)
    }
}

extension NormDescription {
    /// Overwrites `a` with the normalized rows of input (N, C).
    func forward(_ a: NormActivations, of input: Matrix, _ p: NormParameters) {
        switch a.saved {
        case .layer(let saved):
            LayerNorm.forward(
                into: a.output, saving: saved, of: input, weight: p.weight, bias: p.bias, epsilon: epsilon)
        case .rms(let scales):
            RMSNorm.forward(
                into: a.output, saving: scales, of: input, weight: p.weight, addsOne: addsOne, epsilon: epsilon)
        }
    }

    /// input += residual, then as `forward`; **modifies `input`** (N, C).
    func forwardAddingResidual(
        _ a: NormActivations, inPlace input: Matrix, adding residual: Matrix, _ p: NormParameters
    ) {
        switch a.saved {
        case .layer(let saved):
            LayerNorm.forwardAddingResidual(
                into: a.output, saving: saved, inPlace: input, adding: residual, weight: p.weight, bias: p.bias,
                epsilon: epsilon)
        case .rms(let scales):
            RMSNorm.forwardAddingResidual(
                into: a.output, saving: scales, inPlace: input, adding: residual, weight: p.weight, addsOne: addsOne,
                epsilon: epsilon)
        }
    }

    /// Adds to dInput (N, C) and to the gradients of the parameters.
    ///
    /// - Parameters:
    ///   - dOutput, input: (N, C).
    ///   - a, p: as in forward.
    func backward(
        dInput: Matrix, _ gradient: NormParameters, dOutput: Matrix, input: Matrix, _ a: NormActivations,
        _ p: NormParameters
    ) {
        switch a.saved {
        case .layer(let saved):
            LayerNorm.backward(
                dInput: dInput, dWeight: gradient.weight.ifAny, dBias: gradient.bias, dOutput: dOutput, input: input,
                weight: p.weight, saved: saved)
        case .rms(let scales):
            RMSNorm.backward(
                dInput: dInput, dWeight: gradient.weight.ifAny, dOutput: dOutput, input: input, weight: p.weight,
                addsOne: addsOne, saved: scales)
        }
    }
}

/// An RMSNorm of what a layer gives to the residual stream.
package struct ResultNorm {
    /// (N, C) the layer's result, which backward reads again; its normalization goes to the stream.
    let input: Matrix
    private let description: NormDescription
    private let scales: Vector

    /// nil where the block has no such norm.
    init?(_ norm: NormDescription?, rowCount N: Int, width C: Int, _ allocator: inout ArenaAllocator) {
        guard let norm else { return nil }
        (description, input, scales) = (norm, allocator.matrix(N, C), allocator.vector(N))
    }

    private init(_ other: ResultNorm, first N: Int) {
        (description, input, scales) = (
            other.description, other.input.rows(0..<N), Vector(other.scales.base, count: N)
        )
    }

    /// The first N of the rows.
    func first(_ N: Int) -> ResultNorm { ResultNorm(self, first: N) }

    /// output (N, C) = norm(input), overwritten.
    func forward(into output: Matrix, _ p: NormParameters) {
        description.forward(NormActivations(output: output, saved: .rms(scales)), of: input, p)
    }

    /// Replaces the gradient of the output (N, C) by that of the input, and adds to the weight's.
    func backward(inPlace dOutput: Matrix, _ gradient: NormParameters, _ p: NormParameters) {
        RMSNorm.backward(
            inPlace: dOutput, dWeight: gradient.weight.ifAny, input: input, weight: p.weight,
            addsOne: description.addsOne, saved: scales)
    }
}

// A linear layer of the model: its parameters, and which products compute with them.

import Kernels

/// A weight matrix (in, out) and its bias (out).
public struct LinearParameters: Sendable {
    public let weight: Matrix
    public let bias: Vector?
    /// The weight for training's products in bfloat16; nil for products in float.
    private(set) var rounded: RoundedWeight?
    /// The weight for generation's products with a few rows; nil for products in float.
    private(set) var compact: CompactWeight?

    init(weight: Matrix, bias: Vector?) {
        self.weight = weight
        self.bias = bias
    }

    mutating func round(_ workspace: BFloat16Workspace) {
        rounded = RoundedWeight(weight, transposed: false, workspace: workspace)
    }

    mutating func compact(_ format: WeightFormat) {
        compact = CompactWeight(weight, transposed: false, format: format)
    }

    /// output (N, out) = input (N, in) · weight + bias, overwritten.
    func forward(into output: Matrix, of input: Matrix) {
        PartClock.measure(.products) {
            if let compact, input.rows <= VectorMatrix.mostRows {
                compact.multiply(into: output, input, bias: bias)
            } else if let rounded {
                rounded.forward(into: output, of: input, bias: bias)
            } else {
                Linear.forward(into: output, of: input, weight: weight, bias: bias)
            }
        }
    }

    /// Overwrites dInput (N, in), adds to the gradients of weight and bias.
    func backward(_ dInput: Matrix, _ gradient: LinearParameters, _ dOutput: Matrix, input: Matrix) {
        PartClock.measure(.products) {
            if let rounded {
                rounded.backward(
                    dInput: dInput, dWeight: gradient.weight, dBias: gradient.bias, dOutput: dOutput, input: input)
            } else {
                Linear.backward(
                    dInput: dInput, dWeight: gradient.weight, dBias: gradient.bias, dOutput: dOutput, input: input,
                    weight: weight)
            }
        }
    }
}

/// The head's matrix, stored (V, C) like the token embedding that it often is.
public struct HeadParameters: Sendable {
    public let weight: Matrix
    /// As a linear layer's.
    private(set) var rounded: RoundedWeight?
    private(set) var compact: CompactWeight?

    init(weight: Matrix) { self.weight = weight }

    mutating func round(_ workspace: BFloat16Workspace) {
        rounded = RoundedWeight(weight, transposed: true, workspace: workspace)
    }

    mutating func compact(_ format: WeightFormat) {
        compact = CompactWeight(weight, transposed: true, format: format)
    }

    /// logits (N, V) = states (N, C) · weightᵀ, overwritten.
    func forward(into logits: Matrix, of states: Matrix) {
        if let compact, states.rows <= VectorMatrix.mostRows {
            compact.multiply(into: logits, states, bias: nil)
        } else if let rounded {
            rounded.forward(into: logits, of: states, bias: nil)
        } else if states.rows <= VectorMatrix.mostRows {
            VectorMatrix.multiplyTransposed(into: logits, states, weight)
        } else {
            MatrixMultiply.run(into: logits, states, weight, transposingB: true)
        }
    }

    /// Overwrites dStates (N, C), adds to dWeight (V, C).
    func backward(_ dStates: Matrix, _ dWeight: Matrix, _ dLogits: Matrix, states: Matrix) {
        if let rounded {
            rounded.backward(dInput: dStates, dWeight: dWeight, dBias: nil, dOutput: dLogits, input: states)
        } else {
            MatrixMultiply.run(into: dStates, dLogits, weight)
            MatrixMultiply.run(into: dWeight, dLogits, states, transposingA: true, adding: true)
        }
    }
}

// A linear layer of the model: its parameters, and which products compute with them.

import Kernels

/// A weight matrix (in, out) and its bias (out).
package struct LinearParameters: Sendable {
    /// `none` where the weight is frozen and only `compact` holds it.
    package let weight: Matrix
    package let bias: Vector?
    /// The weight for training's products in bfloat16; nil for products in float.
    private(set) var rounded: RoundedWeight?
    /// The weight for generation's products, or a frozen one for all products; nil for products in float.
    private(set) var compact: CompactWeight?
    /// What LoRA adds to the product; as a gradient, that of its matrices.
    var adapters: [LinearAdapter] = []

    init(weight: Matrix, bias: Vector?) {
        self.weight = weight
        self.bias = bias
    }

    /// A frozen layer whose weight exists in a compact format only.
    init(frozen: CompactWeight, bias: Vector?) {
        self.init(weight: .none, bias: bias)
        compact = frozen
    }

    /// The gradient of a frozen layer.
    static let none = LinearParameters(weight: .none, bias: nil)

    mutating func round(_ workspace: BFloat16Workspace) {
        rounded = RoundedWeight(weight, transposed: false, workspace: workspace)
    }

    /// The words that `compact` takes of its storage.
    func compactWordCount(_ format: WeightFormat) -> Int {
        CompactWeight.wordCount(inner: weight.rows, columns: weight.columns, format: format)
    }

    mutating func compact(_ format: WeightFormat, in storage: CompactStorage) {
        compact = CompactWeight(weight, transposed: false, format: format, in: storage)
    }

    /// output (N, out) = input (N, in) · weight + bias [+ the adapters' parts], overwritten.
    ///
    /// - Parameter addsBias: false where the next kernel adds the bias.
    func forward(into output: Matrix, of input: Matrix, addsBias: Bool = true, _ dropout: PassDropout?) {
        let bias = addsBias ? bias : nil
        PartClock.measure(.products) {
            defer { for adapter in adapters { adapter.add(to: output, of: input, dropout?.adapterMask(adapter.site)) } }
            if let compact, input.rows <= compact.mostRows(isFrozen: weight.ifAny == nil) {
                compact.multiply(into: output, input, bias: bias)
            } else if let compact, weight.ifAny == nil {
                compact.forward(into: output, of: input, bias: bias)
            } else if let rounded {
                rounded.forward(into: output, of: input, bias: bias)
            } else {
                Linear.forward(into: output, of: input, weight: weight, bias: bias)
            }
        }
    }

    /// Overwrites dInput (N, in), adds to the gradients of weight, bias and adapters, as far as there are any.
    func backward(
        _ dInput: Matrix, _ gradient: LinearParameters, _ dOutput: Matrix, input: Matrix, _ dropout: PassDropout?
    ) {
        PartClock.measure(.products) {
            defer {
                for (adapter, adapterGradient) in zip(adapters, gradient.adapters) {
                    adapter.backward(
                        dInput: dInput, adapterGradient, dOutput: dOutput, input: input,
                        dropout?.adapterMask(adapter.site))
                }
            }
            if let compact, weight.ifAny == nil {
                compact.backward(dInput: dInput, dOutput: dOutput)
            } else if let rounded {
                rounded.backward(
                    dInput: dInput, dWeight: gradient.weight.ifAny, dBias: gradient.bias, dOutput: dOutput, input: input
                )
            } else {
                Linear.backward(
                    dInput: dInput, dWeight: gradient.weight.ifAny, dBias: gradient.bias, dOutput: dOutput,
                    input: input, weight: weight)
            }
        }
    }
}

/// The head's matrix, stored (V, C) like the token embedding that it often is.
package struct HeadParameters: Sendable {
    /// As a linear layer's.
    package let weight: Matrix
    /// As a linear layer's.
    private(set) var rounded: RoundedWeight?
    private(set) var compact: CompactWeight?

    init(weight: Matrix) { self.weight = weight }

    /// A frozen head whose weight exists in a compact format only.
    init(frozen: CompactWeight) {
        self.init(weight: .none)
        compact = frozen
    }

    mutating func round(_ workspace: BFloat16Workspace) {
        rounded = RoundedWeight(weight, transposed: true, workspace: workspace)
    }

    func compactWordCount(_ format: WeightFormat) -> Int {
        CompactWeight.wordCount(inner: weight.columns, columns: weight.rows, format: format)
    }

    mutating func compact(_ format: WeightFormat, in storage: CompactStorage) {
        compact = CompactWeight(weight, transposed: true, format: format, in: storage)
    }

    /// Rows of a product that the copy for generation computes; 0 without one.
    var mostCompactRows: Int { compact?.mostRows(isFrozen: weight.ifAny == nil) ?? 0 }

    /// logits (N, V) = states (N, C) · weightᵀ, overwritten.
    func forward(into logits: Matrix, of states: Matrix) {
        if let compact, states.rows <= mostCompactRows {
            compact.multiply(into: logits, states, bias: nil)
        } else if let compact, weight.ifAny == nil {
            compact.forward(into: logits, of: states, bias: nil)
        } else if let rounded {
            rounded.forward(into: logits, of: states, bias: nil)
        } else if states.rows <= VectorMatrix.mostRows {
            VectorMatrix.multiplyTransposed(into: logits, states, weight)
        } else {
            MatrixMultiply.run(into: logits, states, weight, transposingB: true)
        }
    }

    /// Overwrites dStates (N, C), adds to dWeight (V, C) unless that is nil.
    func backward(_ dStates: Matrix, _ dWeight: Matrix?, _ dLogits: Matrix, states: Matrix) {
        if let compact, weight.ifAny == nil {
            compact.backward(dInput: dStates, dOutput: dLogits)
        } else if let rounded {
            rounded.backward(dInput: dStates, dWeight: dWeight, dBias: nil, dOutput: dLogits, input: states)
        } else {
            MatrixMultiply.run(into: dStates, dLogits, weight)
            if let dWeight { MatrixMultiply.run(into: dWeight, dLogits, states, transposingA: true, adding: true) }
        }
    }
}

extension CompactWeight {
    /// Rows of a product that a copy for generation computes. The only copy of a frozen weight leaves products of many rows
    /// to those of training, which have the same bits in generation.
    fileprivate func mostRows(isFrozen: Bool) -> Int { isFrozen ? VectorMatrix.mostRows : CompactWeight.mostInputs }
}

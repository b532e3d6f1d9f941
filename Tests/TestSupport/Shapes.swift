// GPT-2's shapes where tests want a model or a layout of one.

import Kernels
import Model

extension Transformer {
    /// A model of GPT-2's architecture.
    package convenience init(_ shape: ModelShape) { self.init(Architecture(gpt2: shape)) }
}

extension ParameterLayout {
    /// The layout of GPT-2's architecture.
    package init(_ shape: ModelShape) { self.init(Architecture(gpt2: shape)) }
}

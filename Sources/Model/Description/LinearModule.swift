// The linear layers of a block, and the names under which families know them or parts of them.

/// The four linear layers of a block, in the order of forward.
package enum LinearLayer: Int, Sendable, CaseIterable, Codable {
    /// C → (H + 2K)·D: queries, keys, values.
    case attentionInput
    /// H·D → C.
    case attentionOutput
    /// C → F, or whatever the feed-forward layer's kind asks for.
    case feedForwardInput
    /// F → C.
    case feedForwardOutput

    /// The role of its parameters.
    package var role: ParameterRole {
        switch self {
        case .attentionInput: .attentionInput
        case .attentionOutput: .attentionOutput
        case .feedForwardInput: .feedForwardInput
        case .feedForwardOutput: .feedForwardOutput
        }
    }

    /// Rows and columns of its weight (in, out).
    package func size(in block: BlockDescription, modelWidth C: Int) -> (rows: Int, columns: Int) {
        switch self {
        case .attentionInput: (C, block.attention.inputWidth)
        case .attentionOutput: (block.attention.queryWidth, C)
        case .feedForwardInput: (C, block.feedForward.inputWidth)
        case .feedForwardOutput: (block.feedForward.width, C)
        }
    }
}

/// Some of a linear layer's outputs.
package enum LinearPart: Int, Sendable, CaseIterable, Codable {
    case all, query, key, value, gate, up

    /// Whether a layer of a block has this part.
    func isPart(of layer: LinearLayer, in block: BlockDescription) -> Bool {
        switch self {
        case .all: true
        case .query, .key, .value: layer == .attentionInput
        case .gate, .up: layer == .feedForwardInput && block.feedForward.isGated
        }
    }

    /// The columns of the layer's weight.
    package func columns(of layer: LinearLayer, in block: BlockDescription, modelWidth: Int) -> Range<Int> {
        switch self {
        case .all: 0..<layer.size(in: block, modelWidth: modelWidth).columns
        case .query: block.attention.inputColumns[0]
        case .key: block.attention.inputColumns[1]
        case .value: block.attention.inputColumns[2]
        case .gate: 0..<block.feedForward.width
        case .up: block.feedForward.width..<(2 * block.feedForward.width)
        }
    }
}

/// A linear layer, or a part of one, by a family's name for it: what LoRA adapts, and what other programs store.
package struct LinearModule: Sendable, Equatable, Codable {
    /// The name within a block, `attn.c_attn`.
    package let name: String
    package let layer: LinearLayer
    package let part: LinearPart

    package init(_ name: String, _ layer: LinearLayer, _ part: LinearPart = .all) {
        (self.name, self.layer, self.part) = (name, layer, part)
    }

    /// The four layers by the names of GPT-2's published checkpoint.
    package static let completeLayers = LinearLayer.allCases.map { LinearModule($0.role.name, $0) }

    /// Whether a target of LoRA means this module: `all`, `attention` for both of attention's layers, the name, or the
    /// end of it after a dot.
    package func isMeant(by target: String) -> Bool {
        switch target {
        case "all": true
        case "attention": layer == .attentionInput || layer == .attentionOutput
        default: target == name || name.hasSuffix("." + target)
        }
    }
}

// An architecture in one line for people.

extension Architecture {
    /// `12 blocks, 12 heads, width 768, context 1024, vocabulary 50257, gelu-tanh, tied head`.
    package var summary: String {
        guard let block = blocks.first else { return "no blocks" }
        let attention = block.attention
        var heads = "\(attention.headCount) heads"
        if attention.keyValueHeadCount != attention.headCount { heads += " on \(attention.keyValueHeadCount)" }
        return "\(blockCount) blocks, \(heads), width \(modelWidth), context \(contextLength), vocabulary "
            + "\(vocabularySize), \(block.feedForward.kind.name), \(head.isTied ? "tied head" : "separate head")"
    }
}

extension FeedForwardDescription.Kind {
    /// For people.
    var name: String {
        switch self {
        case .plain(let activation): activation.rawValue
        case .gated(let activation): "gated \(activation.rawValue)"
        }
    }
}

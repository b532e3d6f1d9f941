// What a description must satisfy before memory is reserved for it.

extension Architecture {
    /// The largest value that any single size may have.
    package static let largestSize = 1 << 20

    /// The most blocks: each costs memory before a weight is read.
    package static let mostBlocks = 1 << 14

    /// The most parameters that a model may have: no offset or number of bytes of theirs exceeds `Int`.
    package static let mostParameters = 1 << 40

    /// Throws the first defect of the description: a size below one or above `largestSize`, query heads that the
    /// key/value heads do not divide, more than `mostParameters`, an epsilon that is not a positive number.
    package func validate() throws(ArchitectureError) {
        try Architecture.check([
            ("vocabularySize", vocabularySize), ("contextLength", contextLength), ("modelWidth", modelWidth),
        ])
        try Architecture.check([("blockCount", blockCount)], limit: Architecture.mostBlocks)
        for block in blocks {
            let attention = block.attention
            try Architecture.check([
                ("headCount", attention.headCount), ("keyValueHeadCount", attention.keyValueHeadCount),
                ("headWidth", attention.headWidth), ("feedForwardWidth", block.feedForward.width),
                ("attentionWindow", attention.window ?? 1),
            ])
            guard attention.headCount % attention.keyValueHeadCount == 0 else {
                throw .headsNotShared(heads: attention.headCount, keyValueHeads: attention.keyValueHeadCount)
            }
            for norm in [block.attentionNorm, block.feedForwardNorm] { try norm.validate() }
            for case let norm? in [block.attentionOutputNorm, block.feedForwardOutputNorm, attention.headNorm] {
                try norm.validate()
                guard norm.kind != .layer else { throw .unsupportedNorm("a LayerNorm of heads or of a layer's result") }
            }
            try block.feedForward.validate()
            if let rotary = attention.rotary, rotary.width > attention.headWidth {
                throw .rotaryTooWide(width: rotary.width, headWidth: attention.headWidth)
            }
            for module in linearModules where !module.part.isPart(of: module.layer, in: block) {
                throw .badModule(module.name)
            }
        }
        try finalNorm.validate()
        for case let factor? in [embedding.scale, head.softCap] {
            guard factor > 0, factor.isFinite else { throw .badFactor(factor) }
        }
        guard approximateParameterCount <= Double(Architecture.mostParameters) else {
            throw .tooManyParameters(about: approximateParameterCount, limit: Architecture.mostParameters)
        }
    }

    /// In floating point, so that no size overflows.
    private var approximateParameterCount: Double {
        let C = Double(modelWidth)
        return blocks.reduce(2 * Double(vocabularySize + contextLength) * C) { sum, block in
            let attention = block.attention
            let heads = Double(attention.headWidth) * Double(2 * attention.headCount + 2 * attention.keyValueHeadCount)
            return sum + (heads + Double(block.feedForward.inputWidth) + Double(block.feedForward.width)) * C
        }
    }

    static func check(
        _ sizes: [(key: String, value: Int)], limit: Int = largestSize
    ) throws(ArchitectureError) {
        for (key, value) in sizes where value < 1 || value > limit {
            throw .sizeOutOfRange(key: key, value: value, limit: limit)
        }
    }
}

extension NormDescription {
    fileprivate func validate() throws(ArchitectureError) {
        guard epsilon > 0, epsilon.isFinite else { throw .badEpsilon(epsilon) }
        guard kind == .layer || !hasBias else { throw .unsupportedNorm("an RMSNorm with a bias") }
    }
}

extension FeedForwardDescription {
    /// The functions that have a kernel.
    fileprivate func validate() throws(ArchitectureError) {
        switch kind {
        case .plain(.silu): throw .unsupportedActivation("silu without a gate")
        case .gated(.geluExact): throw .unsupportedActivation("a gate of gelu-exact")
        case .plain, .gated: break
        }
    }
}

/// What can be wrong with a model's shape or description. Keys are those of a run's config, without `model.`.
package enum ArchitectureError: Error, Equatable, CustomStringConvertible {
    case sizeOutOfRange(key: String, value: Int, limit: Int)
    case headsDoNotDivideWidth(modelWidth: Int, headCount: Int)
    case headsNotShared(heads: Int, keyValueHeads: Int)
    case tooManyParameters(about: Double, limit: Int)
    case badEpsilon(Float)
    case windowsDoNotFitBlocks(windows: Int, blockCount: Int)
    case badWindow(Int, limit: Int)
    case unsupportedActivation(String)
    case unsupportedNorm(String)
    /// The embedding's scale or the logits' soft cap.
    case badFactor(Float)
    case rotaryTooWide(width: Int, headWidth: Int)
    /// A linear module names a part that its layer does not have.
    case badModule(String)

    package var description: String {
        switch self {
        case .sizeOutOfRange(let key, let value, let limit):
            "model.\(key) is \(value); it must be between 1 and \(limit)"
        case .headsDoNotDivideWidth(let modelWidth, let headCount):
            "model.modelWidth \(modelWidth) is not divisible by model.headCount \(headCount)"
        case .headsNotShared(let heads, let keyValueHeads):
            "model.headCount \(heads) is not divisible by model.keyValueHeadCount \(keyValueHeads)"
        case .tooManyParameters(let count, let limit):
            "the model would have about \(count) parameters; \(limit) are the most"
        case .badEpsilon(let value):
            "model.layerNormEpsilon is \(value); it must be a positive number"
        case .windowsDoNotFitBlocks(let windows, let blockCount):
            "model.attentionWindows has \(windows) numbers for \(blockCount) blocks; it takes one a block, or none"
        case .badWindow(let window, let limit):
            "model.attentionWindows holds \(window); a window is between 1 and \(limit), and 0 stands for none"
        case .unsupportedActivation(let name), .unsupportedNorm(let name): "\(name) has no kernel here"
        case .badFactor(let value):
            "the embedding's scale or the logits' soft cap is \(value); both must be positive numbers"
        case .rotaryTooWide(let width, let headWidth):
            "rotary positions of width \(width) do not fit heads of width \(headWidth)"
        case .badModule(let name): "the linear module \(name) is a part that its layer does not have"
        }
    }
}

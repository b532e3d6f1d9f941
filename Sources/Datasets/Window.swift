// Windows: the sequences that documents are cut into, for training and evaluation.

/// One sequence: T inputs from `start`; targets are shifted by one token.
package struct Window: Sendable, Equatable {
    /// Index of the first input in `TokenizedText.tokens`.
    package let start: Int
    /// T.
    package let count: Int
    /// Number of predictions at the start that do not count, because an earlier window made them.
    package let skipped: Int
    /// Index of its source.
    package let source: Int

    package init(start: Int, count: Int, skipped: Int = 0, source: Int) {
        self.start = start
        self.count = count
        self.skipped = skipped
        self.source = source
    }

    /// Positions of the inputs.
    package var inputs: Range<Int> { start..<(start + count) }
    /// Positions of the targets.
    package var targets: Range<Int> { (start + 1)..<(start + count + 1) }
}

extension TokenizedText {
    /// Windows for training: each document in windows of at most `length` predictions, every token predicted once.
    /// Windows without loss tokens are dropped.
    ///
    /// - Parameter phase: in 0 ..< length; the length of the first window of a stream longer than one window, or 0 for a
    ///   full window. A new phase in each epoch cuts the stream at other places.
    package func windows(length: Int, phase: Int = 0) -> [Window] {
        var result: [Window] = []
        for (index, source) in sources.enumerated() {
            var start = source.tokens.lowerBound
            let last = source.tokens.upperBound - 1
            if phase > 0, source.isStream, last - start > length {
                result.append(Window(start: start, count: phase, source: index))
                start += phase
            }
            while start < last {
                let window = Window(start: start, count: min(length, last - start), source: index)
                if carriesLoss(window) { result.append(window) }
                start += window.count
            }
        }
        return result
    }

    /// Windows for evaluation: one if the document fits, otherwise windows of `length` inputs moved by `stride`, in which
    /// only predictions that no earlier window made count. Answers that people do not want are not measured.
    package func evaluationWindows(length: Int, stride: Int) -> [Window] {
        precondition(stride > 0 && stride <= length, "windows of \(length) moved by \(stride)")
        var result: [Window] = []
        for (index, source) in sources.enumerated() where source.judgement?.isWanted ?? true {
            let (first, last) = (source.tokens.lowerBound, source.tokens.upperBound - 1)
            var start = first
            var predicted = first
            while predicted < last {
                let count = min(length, last - start)
                let window = Window(start: start, count: count, skipped: predicted - start, source: index)
                if carriesLoss(window) { result.append(window) }
                predicted = start + count
                start += stride
            }
        }
        return result
    }

    /// The loss weights of a window's predictions, 0 for those that an earlier window made.
    package func weights(_ window: Window) -> [Float] {
        window.targets.enumerated().map { $0.offset < window.skipped ? 0 : weight($0.element) }
    }

    /// Σ loss weights of a window.
    package func weightSum(_ window: Window) -> Double {
        guard !weights.isEmpty else { return Double(window.count - window.skipped) }
        return weights(window).reduce(0) { $0 + Double($1) }
    }

    private func carriesLoss(_ window: Window) -> Bool {
        weights.isEmpty || window.targets.dropFirst(window.skipped).contains { weights[$0] != 0 }
    }
}

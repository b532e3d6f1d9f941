// The training split in the order in which a run sees it: a function of seed and epoch, so that nothing is stored.

import Datasets
import Kernels
import Model
import Tokenizer

/// Windows of the training text, shuffled again for each epoch.
package struct TrainingSet: Sendable {
    package let text: TokenizedText
    /// T, predictions in a window.
    package let contextLength: Int
    package let shuffles: Bool
    package let seed: UInt64
    /// 2 where each example is a pair of answers, next to one another; otherwise 1.
    package let windowsPerExample: Int

    package init(_ text: TokenizedText, contextLength: Int, shuffles: Bool, seed: UInt64) {
        self.text = text
        self.contextLength = contextLength
        self.shuffles = shuffles
        self.seed = seed
        windowsPerExample = text.sources.contains { $0.judgement == .chosen } ? 2 : 1
    }

    /// The windows of one epoch in their order. Streams are cut at other places each time.
    package func windows(epoch: Int) -> [Window] {
        let windows = text.windows(length: contextLength, phase: phase(epoch: epoch))
        guard shuffles else { return windows }
        var generator = SplitMix64(seed: seed, stream: mix(UInt64(epoch)) ^ 0x0EDE)
        let each = windowsPerExample
        return generator.permutation(windows.count / each).flatMap { example in
            windows[(Int(example) * each)..<((Int(example) + 1) * each)]
        }
    }

    /// How many windows an epoch has.
    package func windowCount(epoch: Int) -> Int {
        text.windows(length: contextLength, phase: phase(epoch: epoch)).count
    }

    /// Predictions in a window, on average over the first epoch.
    package var meanWindowLength: Int {
        let windows = text.windows(length: contextLength, phase: phase(epoch: 0))
        return windows.reduce(0) { $0 + $1.count } / max(1, windows.count)
    }

    /// The most tokens that `count` windows can have together.
    package func mostTokens(inWindows count: Int) -> Int {
        let bound = min(count * contextLength, text.tokens.count)
        // Streams are cut at other places each time.
        guard !text.sources.contains(where: \.isStream) else { return bound }
        let lengths = text.windows(length: contextLength, phase: 0).map(\.count).sorted(by: >)
        return min(bound, lengths.prefix(count).reduce(0, +))
    }

    /// The most tokens of a micro-batch of a run, which its order settles; of a very long run the first part is looked at.
    package func mostTokens(batchSize: Int, accumulation: Int, steps: Int, ranks: Int = 1) -> Int {
        var (most, left, looked, epoch) = (0, steps, 0, 0)
        while left > 0, looked < TrainingSet.mostLooked {
            let windows = windows(epoch: epoch)
            guard !windows.isEmpty else { break }
            let size = batchSize * accumulation * windowsPerExample
            for start in stride(from: 0, to: windows.count, by: size) where left > 0 {
                let end = min(start + size, windows.count)
                for part in Self.microBatches(
                    windows[start..<end], accumulation: accumulation, ranks: ranks, windowsPerExample: windowsPerExample
                ) {
                    most = max(most, part.reduce(0) { $0 + $1.count })
                }
                left -= 1
            }
            (looked, epoch) = (looked + windows.count, epoch + 1)
        }
        return most
    }

    /// Windows that are looked at, so that a very long run begins soon.
    private static let mostLooked = 2_000_000

    /// Steps of `examples` windows each that `epochs` epochs take; each epoch's last step takes what is left.
    package func stepCount(epochs: Int, examplesPerStep examples: Int) -> Int {
        // Only a stream longer than a window has epochs of different lengths.
        guard shuffles, text.sources.contains(where: { $0.isStream && $0.tokens.count > contextLength + 1 }) else {
            return epochs * ((windowCount(epoch: 0) / windowsPerExample + examples - 1) / examples)
        }
        return (0..<epochs).reduce(0) { $0 + (windowCount(epoch: $1) + examples - 1) / examples }
    }

    private func phase(epoch: Int) -> Int {
        guard shuffles, contextLength > 1 else { return 0 }
        var generator = SplitMix64(seed: seed, stream: mix(UInt64(epoch)) ^ 0x9A5E)
        return generator.below(contextLength)
    }

    /// One batch of windows.
    ///
    /// - Parameter first: the first window's number in the global batch, which keys dropout.
    package func batch(_ windows: ArraySlice<Window>, first: Int) -> SequenceBatch {
        var batch = SequenceBatch()
        for (offset, window) in windows.enumerated() {
            batch.append(
                tokens: text.tokens[window.inputs], targets: text.tokens[window.targets],
                weights: text.weights(window), example: first + offset)
        }
        return batch
    }

    /// `file:line` of each window's first token.
    package func origins(_ windows: ArraySlice<Window>, tokenizer: Tokenizer) -> [String] {
        windows.map { window in
            let line = text.line(of: window.start, source: window.source, tokenizer: tokenizer)
            return "\(text.sources[window.source].path):\(line)"
        }
    }
}

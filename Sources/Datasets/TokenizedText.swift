// Documents as token ids, and the windows of them that become training examples.

import Kernels
import Tokenizer

/// A split as the model sees it: the tokens of all documents one behind the other.
public struct TokenizedText: Sendable {
    /// Everything about one document but its tokens.
    public struct Source: Sendable {
        public let path: String
        public let line: Int
        /// Its tokens in `tokens`, a start or end token included.
        public let tokens: Range<Int>
    }

    public let tokens: [Int32]
    public let sources: [Source]
    /// Documents that hold fewer than two tokens, which leave nothing to predict.
    public let tooShort: [Document]

    /// Encodes `documents`.
    ///
    /// - Parameters:
    ///   - startToken: put in front of every document, or nil.
    ///   - endToken: put behind every document, or nil; so a model learns to stop.
    public init(
        _ documents: [Document], tokenizer: Tokenizer, startToken: Int32? = nil, endToken: Int32? = nil
    ) throws(DatasetError) {
        var tokens: [Int32] = []
        var sources: [Source] = []
        var tooShort: [Document] = []
        for document in documents {
            let first = tokens.count
            if let startToken { tokens.append(startToken) }
            do {
                tokens += try tokenizer.encode(document.bytes)
            } catch {
                throw .encoding(path: document.path, line: document.line, reason: "\(error)")
            }
            if let endToken { tokens.append(endToken) }
            if tokens.count - first < 2 {
                tooShort.append(document)
                tokens.removeSubrange(first...)
            } else {
                sources.append(Source(path: document.path, line: document.line, tokens: first..<tokens.count))
            }
        }
        (self.tokens, self.sources, self.tooShort) = (tokens, sources, tooShort)
    }

    /// One document whose tokens are known already.
    public init(tokens: [Int32], path: String) {
        self.tokens = tokens
        sources = tokens.count < 2 ? [] : [Source(path: path, line: 1, tokens: 0..<tokens.count)]
        tooShort = []
    }

    /// Predictions that the split holds: all tokens but each document's first.
    public var predictionCount: Int { tokens.count - sources.count }
}

/// One training or evaluation sequence: T inputs from `start` on, whose targets stand one token further.
public struct Window: Sendable, Equatable {
    /// Where the first input stands in `TokenizedText.tokens`.
    public let start: Int
    /// T.
    public let count: Int
    /// How many of the first predictions do not count, because an earlier window made them.
    public let skipped: Int
    /// Which source it belongs to.
    public let source: Int

    public init(start: Int, count: Int, skipped: Int = 0, source: Int) {
        self.start = start
        self.count = count
        self.skipped = skipped
        self.source = source
    }
}

extension TokenizedText {
    /// Windows for training: each document in pieces of at most `length` predictions, every token predicted once.
    ///
    /// - Parameter phase: in 0 ..< length; how many predictions the first window of a document that is longer than
    ///   one window has, or 0 for a full one. A new phase for each epoch cuts the text elsewhere each time.
    public func windows(length: Int, phase: Int = 0) -> [Window] {
        var result: [Window] = []
        for (index, source) in sources.enumerated() {
            var start = source.tokens.lowerBound
            let last = source.tokens.upperBound - 1
            if phase > 0, last - start > length {
                result.append(Window(start: start, count: phase, source: index))
                start += phase
            }
            while start < last {
                let count = min(length, last - start)
                result.append(Window(start: start, count: count, source: index))
                start += count
            }
        }
        return result
    }

    /// Windows for evaluation: one where the document fits, else windows of `length` inputs moved by `stride`, in which
    /// only predictions that no earlier window made count.
    public func evaluationWindows(length: Int, stride: Int) -> [Window] {
        precondition(stride > 0 && stride <= length, "windows of \(length) moved by \(stride)")
        var result: [Window] = []
        for (index, source) in sources.enumerated() {
            let (first, last) = (source.tokens.lowerBound, source.tokens.upperBound - 1)
            var start = first
            var predicted = first
            while predicted < last {
                let count = min(length, last - start)
                result.append(Window(start: start, count: count, skipped: predicted - start, source: index))
                predicted = start + count
                start += stride
            }
        }
        return result
    }

    /// The line of the file on which the token at `position` begins: newlines are counted in the tokens before it.
    public func line(of position: Int, source index: Int, tokenizer: Tokenizer) -> Int {
        let source = sources[index]
        return tokens[source.tokens.lowerBound..<position].reduce(source.line) { line, token in
            line + tokenizer.bytes(of: Int(token)).count { $0 == 0x0A }
        }
    }
}

// Text as it grows token by token: complete characters only, and delayed where a stop text may be beginning.

import Tokenizer

/// Collects tokens into text that ends in front of the first stop text. Compares bytes: as Characters, the stop "\n"
/// would not be found in "\r\n".
package struct StoppingText {
    /// What is certain so far.
    package private(set) var text = ""
    /// Whether a stop text was found.
    package private(set) var isStopped = false

    /// Bytes of complete characters so far, those that are not certain included.
    package var decodedCount: Int { text.utf8.count + held.count }

    private let stops: [[UInt8]]
    private var decoder: Tokenizer.StreamingDecoder
    private var held: [UInt8] = []

    package init(stops: [String], decoder: Tokenizer.StreamingDecoder) {
        self.stops = stops.filter { !$0.isEmpty }.map { Array($0.utf8) }
        self.decoder = decoder
    }

    /// Adds a token; returns the text that became certain.
    package mutating func append(_ token: Int) -> String { take(decoder.append(token)) }

    /// Ends the text; returns what was delayed.
    package mutating func finish() -> String {
        let last = take(decoder.finish())
        let rest = String(decoding: held, as: UTF8.self)
        held = []
        text += rest
        return last + rest
    }

    private mutating func take(_ piece: String) -> String {
        guard !isStopped else { return "" }
        held += piece.utf8
        let certainCount: Int
        if let found = stops.compactMap({ held.firstRange(of: $0)?.lowerBound }).min() {
            isStopped = true
            certainCount = found
        } else {
            certainCount = held.count - longestBeginning()
        }
        let certain = String(decoding: held[..<certainCount], as: UTF8.self)
        held = isStopped ? [] : Array(held[certainCount...])
        text += certain
        return certain
    }

    /// How many bytes at the end of `held` could be the beginning of a stop text.
    private func longestBeginning() -> Int {
        stops.lazy.flatMap { stop in
            (1..<max(stop.count, 1)).filter { $0 <= held.count && held.suffix($0).elementsEqual(stop.prefix($0)) }
        }.max() ?? 0
    }
}

// Text as it grows token by token: whole characters only, and held back where a stop text may be beginning.

import Tokenizer

/// Collects tokens into text that ends in front of the first stop text.
struct StoppingText {
    /// What is certain so far.
    private(set) var text = ""
    /// Whether a stop text was found.
    private(set) var isStopped = false

    private let stops: [String]
    private var decoder: Tokenizer.StreamingDecoder
    private var held = ""

    init(stops: [String], decoder: Tokenizer.StreamingDecoder) {
        self.stops = stops.filter { !$0.isEmpty }
        self.decoder = decoder
    }

    /// Adds a token; returns the text that became certain.
    mutating func append(_ token: Int) -> String { take(decoder.append(token)) }

    /// Ends the text; returns what was held back.
    mutating func finish() -> String {
        let last = take(decoder.finish())
        guard !isStopped else { return last }
        text += held
        defer { held = "" }
        return last + held
    }

    private mutating func take(_ piece: String) -> String {
        guard !isStopped else { return "" }
        held += piece
        let found = stops.compactMap { held.firstRange(of: $0)?.lowerBound }.min()
        var certain: String
        if let found {
            isStopped = true
            certain = String(held[..<found])
            held = ""
        } else {
            let keep = longestBeginning()
            certain = String(held.dropLast(keep))
            held = String(held.suffix(keep))
        }
        text += certain
        return certain
    }

    /// How many characters at the end of `held` could be the beginning of a stop text.
    private func longestBeginning() -> Int {
        var longest = 0
        for stop in stops {
            for count in 1..<max(stop.count, 1) where count > longest && held.hasSuffix(stop.prefix(count)) {
                longest = count
            }
        }
        return longest
    }
}

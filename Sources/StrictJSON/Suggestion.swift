// "Did you mean …?": the known word closest to an unknown one.

/// Finds the word that the user probably meant.
package enum Suggestion {
    /// The word of `candidates` closest to `word`, or nil if none is close.
    ///
    /// Case, dashes and underscores are ignored (`learning_rate` finds `learningRate`). `word` is close to a candidate if
    /// at most a third of its letters (one letter in a short word) must change, if it is a prefix (`--learn`), if it is
    /// the initials (`lr` finds `learning-rate`), or if it is the last part of a dotted key (`seed` finds
    /// `training.seed`). Among equally close candidates, the first wins.
    package static func nearest(to word: String, among candidates: [String]) -> String? {
        let wanted = plain(word)
        guard !wanted.isEmpty else { return nil }
        let tolerance = wanted.count < 2 ? 0 : max(1, wanted.count / 3)
        var best: (candidate: String, distance: Int)?
        for candidate in candidates {
            let distance = distance(from: wanted, to: candidate, tolerance: tolerance)
            if let distance, distance < best?.distance ?? .max { best = (candidate, distance) }
        }
        return best?.candidate
    }

    /// The distance of `candidate` from `wanted`, or nil if it is too large.
    private static func distance(from wanted: [Unicode.Scalar], to candidate: String, tolerance: Int) -> Int? {
        let name = plain(candidate)
        var names = [name]
        if let lastPart = candidate.split(separator: ".").last, !wanted.contains(".") {
            names.append(plain(String(lastPart)))
        }
        // As many letters must change as the lengths differ. Without this, a key of a million letters takes minutes.
        let distances = names.filter { abs($0.count - wanted.count) <= tolerance }.map { editDistance(wanted, $0) }
        if let distance = distances.min(), distance <= tolerance { return distance }
        let isPrefix = wanted.count >= 3 && name.starts(with: wanted)
        let mayBeInitials = wanted.count >= 2 && (names.last ?? name).first == wanted.first
        let isInitials = mayBeInitials && wanted == initials(candidate)
        return isPrefix || isInitials ? tolerance : nil
    }

    /// The letters that count.
    private static func plain(_ word: String) -> [Unicode.Scalar] {
        word.lowercased().unicodeScalars.filter { $0 != "-" && $0 != "_" }
    }

    /// The first letters of the words in the last part of a key: `learning-rate` and `learningRate` give `lr`.
    private static func initials(_ candidate: String) -> [Unicode.Scalar] {
        let lastPart = candidate.split(separator: ".").last.map(String.init) ?? candidate
        return kebabCase(lastPart).unicodeScalars.split { $0 == "-" || $0 == "_" }.compactMap(\.first)
    }

    /// The fewest insertions, deletions, substitutions and swaps of neighbours that turn `first` into `second`, without
    /// editing a letter twice (the optimal string alignment variant of the Damerau–Levenshtein distance).
    static func editDistance(_ first: [Unicode.Scalar], _ second: [Unicode.Scalar]) -> Int {
        var beforePrevious = [Int](repeating: 0, count: second.count + 1)
        var previous = Array(0...second.count)
        for row in 1..<(first.count + 1) {
            var current = [row] + [Int](repeating: 0, count: second.count)
            for column in 1..<(second.count + 1) {
                let change = first[row - 1] == second[column - 1] ? 0 : 1
                var cost = min(previous[column] + 1, current[column - 1] + 1, previous[column - 1] + change)
                if row > 1, column > 1, first[row - 1] == second[column - 2], first[row - 2] == second[column - 1] {
                    cost = min(cost, beforePrevious[column - 2] + 1)
                }
                current[column] = cost
            }
            (beforePrevious, previous) = (previous, current)
        }
        return previous[second.count]
    }
}

/// `batchSize` as `batch-size`: a dash goes before every uppercase letter that follows a lowercase letter or a digit, and
/// before the last of several uppercase letters if a lowercase letter follows (`baseURLPath` is `base-url-path`).
package func kebabCase(_ name: String) -> String {
    let characters = Array(name)
    var result = ""
    for (index, character) in characters.enumerated() {
        if character.isUppercase, index > 0 {
            let endsRun = index + 1 < characters.count && characters[index + 1].isLowercase
            if !characters[index - 1].isUppercase || endsRun { result += "-" }
        }
        result += character.lowercased()
    }
    return result
}

// "Did you mean …?": the known word that an unknown one is most like.

/// Finds what somebody probably meant.
public enum Suggestion {
    /// The word of `candidates` most like `word`, or nil where none is like it.
    ///
    /// Capitals, dashes and underscores do not count (`learning_rate` finds `learningRate`). A word counts as like
    /// another if a third of its letters (at least one of two) or fewer must change, if it begins it (`--learn`), if it is its initials
    /// (`lr` finds `learning-rate`), or if it is the last part of a dotted key (`seed` finds `training.seed`). Of
    /// words equally near, the first wins.
    public static func nearest(to word: String, among candidates: [String]) -> String? {
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

    /// How far `candidate` is from `wanted`, or nil if too far.
    private static func distance(from wanted: [Character], to candidate: String, tolerance: Int) -> Int? {
        let whole = plain(candidate)
        var distance = editDistance(wanted, whole)
        if let lastPart = candidate.split(separator: ".").last, !wanted.contains(".") {
            distance = min(distance, editDistance(wanted, plain(String(lastPart))))
        }
        if distance <= tolerance { return distance }
        let isPrefix = wanted.count >= 3 && whole.starts(with: wanted)
        let isInitials = wanted.count >= 2 && wanted == initials(candidate)
        return isPrefix || isInitials ? tolerance : nil
    }

    /// The letters that count.
    private static func plain(_ word: String) -> [Character] {
        word.lowercased().filter { $0 != "-" && $0 != "_" }.map { $0 }
    }

    /// The first letters of the words in the last part of a key: `learning-rate` and `learningRate` give `lr`.
    private static func initials(_ candidate: String) -> [Character] {
        let lastPart = candidate.split(separator: ".").last.map(String.init) ?? candidate
        return kebabCase(lastPart).split { $0 == "-" || $0 == "_" }.compactMap(\.first)
    }

    /// The fewest letters to add, drop, change or swap with their neighbour that turn `first` into `second`, no letter
    /// touched twice (the optimal string alignment form of the Damerau–Levenshtein distance).
    static func editDistance(_ first: [Character], _ second: [Character]) -> Int {
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

/// `batchSize` as `batch-size`: a dash goes in front of every capital that follows a small letter or a digit, and of
/// the last of a run of capitals when a small letter follows (`baseURLPath` is `base-url-path`).
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

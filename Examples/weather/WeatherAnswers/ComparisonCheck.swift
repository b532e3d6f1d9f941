// Which of two places an answer calls the warmer one, and which temperature it gives to which.

/// The check of an answer that compares two places.
struct ComparisonCheck {
    let comparison: WeatherExpectation.Comparison
    let answer: AnswerText
    let mentions: [PlaceMentions.Mention]

    private static let warmerWords: Set<String> = ["warmer", "hotter", "milder", "warmest", "hottest"]
    private static let colderWords: Set<String> = ["colder", "cooler", "chillier", "coldest", "coolest"]

    /// Every statement that a place is warmer or colder must be true, and there must be one.
    func warmer() -> WeatherFinding {
        var isStated = false
        for index in answer.tokens.indices {
            let word = answer.tokens[index].lowercased
            let saysWarmer = Self.warmerWords.contains(word)
            guard saysWarmer || Self.colderWords.contains(word), let place = subject(at: index) else { continue }
            isStated = true
            let truth = saysWarmer != answer.isNegated(at: index) ? comparison.warmer : comparison.colder
            if truth.place != place { return WeatherFinding(.warmer, .wrong, found: place) }
        }
        return WeatherFinding(.warmer, isStated ? .right : .missing)
    }

    /// The place that the comparative at `index` speaks of: the one after "warmer in" or "the warmer one is", else the
    /// last before it in its sentence, else the first after it.
    private func subject(at index: Int) -> String? {
        let tokens = answer.tokens
        var next = index + 1
        while next < tokens.count, ["one", "place", "city", "of", "the", "two"].contains(tokens[next].lowercased) {
            next += 1
        }
        if next < tokens.count, ["in", "is"].contains(tokens[next].lowercased) {
            if let mention = mentions.first(where: { $0.index == next + 1 }) { return mention.place }
        }
        let start = tokens[..<index].lastIndex { $0.endsStatement } ?? 0
        if let mention = mentions.last(where: { $0.index >= start && $0.index < index }) { return mention.place }
        return mentions.first { $0.index > index }?.place
    }

    /// Both temperatures in the order in which the places are first named; a place that is not named is the other one.
    func temperatures(_ claims: [NumberClaim]) -> WeatherFinding {
        let sides = [comparison.warmer, comparison.colder]
        var ordered: [WeatherExpectation.PlaceTemperature] = []
        for mention in mentions {
            guard let side = sides.first(where: { $0.place == mention.place }), !ordered.contains(side) else {
                continue
            }
            ordered.append(side)
        }
        if ordered.count == 1 { ordered += sides.filter { $0 != ordered[0] } }
        if let claim = claims.first(where: { claim in !sides.contains { Self.states(claim, $0) } }) {
            return WeatherFinding(.temperatures, .wrong, found: claim.text)
        }
        guard ordered.count == 2 else { return WeatherFinding(.temperatures, .missing) }
        guard let first = claims.first, claims.contains(where: { $0.value != first.value }) else {
            return WeatherFinding(.temperatures, .missing)
        }
        guard Self.states(first, ordered[0]) else {
            return WeatherFinding(.temperatures, .wrong, found: "\(first.text) for \(ordered[0].place)")
        }
        return WeatherFinding(.temperatures, .right)
    }

    private static func states(_ claim: NumberClaim, _ side: WeatherExpectation.PlaceTemperature) -> Bool {
        claim.states(side.temperature.value, .temperature(side.temperature.unit))
    }
}

// Reads an answer about the weather and says which of the things asked for are right.

/// Checks answers against what they must contain.
///
/// The answer is cut into words, numbers with their units, conditions and names; each must be one that was asked
/// for. One degree off, the other unit, the opposite condition, another place (also one whose name holds the right one's)
/// and a decline where there was an answer are wrong; so is any number, condition or place that nothing calls for.
package struct WeatherChecker {
    /// The verdict on one answer.
    package static func check(_ answer: String, against expectation: WeatherExpectation) -> WeatherVerdict {
        var checker = WeatherChecker(answer, expectation)
        let declined = Declining.isDecline(checker.answer)
        if expectation.declines {
            checker.checkDecline(declined: declined)
        } else {
            if declined && expectation.asks != .smalltalk { checker.findings.append(.init(.declines, .wrong)) }
            checker.checkValues()
            checker.checkPlace()
        }
        checker.noteInventions()
        return WeatherVerdict(findings: checker.findings, declined: declined)
    }

    private let expectation: WeatherExpectation
    private let answer: AnswerText
    private let mentions: PlaceMentions
    private var numbers: [NumberClaim]
    private var conditions: [Conditions.Claim]
    /// Names that nothing has taken for its own yet.
    private var strangers: [String]
    private var findings: [WeatherFinding] = []

    private init(_ text: String, _ expectation: WeatherExpectation) {
        self.expectation = expectation
        answer = AnswerText(text)
        // What a decline names is a place where it has a capital, else a thing like "the wind".
        let missingPlace = expectation.missing.flatMap { ($0.first?.isUppercase ?? false) ? $0 : nil }
        mentions = PlaceMentions(in: answer, allowed: expectation.observed + [missingPlace].compactMap { $0 })
        numbers = NumberClaim.claims(in: answer)
        conditions = Conditions.claims(in: answer).filter { !$0.isNegated || $0.condition == expectation.condition }
        strangers = mentions.others
    }

    private mutating func checkValues() {
        if let agrees = expectation.agrees { checkAgreement(agrees) }
        if let condition = expectation.condition { check(condition, as: .condition) }
        if let temperature = expectation.temperature { check(temperature, as: .temperature) }
        if let tomorrow = expectation.tomorrow {
            check(tomorrow.condition, as: .tomorrowCondition)
            check(tomorrow.temperature, as: .tomorrowTemperature)
        }
        if let wind = expectation.wind { check(wind) }
        if let humidity = expectation.humidity { check(humidity, .percent, .share, as: .humidity) }
        if let rain = expectation.rain { check(rain, .percent, .share, as: .rain) }
        if let comparison = expectation.comparison { check(comparison) }
        if expectation.asks == .clothing, let condition = expectation.condition,
            let temperature = expectation.temperature
        {
            findings.append(ClothingRule.check(answer, condition: condition, temperature: temperature))
        }
        if let smallTalk = expectation.smallTalk {
            findings.append(.init(.smalltalk, answer.containsAny(smallTalk.phrases) ? .right : .missing))
        }
    }

    /// A right decline names what it does not have and states nothing about the weather.
    private mutating func checkDecline(declined: Bool) {
        let invention = numbers.first?.text ?? conditions.first?.condition
        let outcome: WeatherFinding.Outcome = invention != nil ? .wrong : declined ? .right : .missing
        findings.append(.init(.declines, outcome, found: invention))
        let isNamed = declined && expectation.missing.map { answer.contains($0) } ?? false
        findings.append(.init(.missing, isNamed ? .right : .missing))
        numbers = []
        conditions = []
    }

    private mutating func checkAgreement(_ agrees: Bool) {
        // The verdict may come after its reasons; "right" and "correct" are one at the beginning alone.
        let opening = answer.tokens.first.map { ["indeed", "right", "correct"].contains($0.lowercased) } ?? false
        let word = opening ? "yes" : answer.tokens.lazy.map(\.lowercased).first { Self.verdicts[$0] != nil }
        guard let word, let isYes = Self.verdicts[word] else { return findings.append(.init(.agreement, .missing)) }
        findings.append(isYes == agrees ? .init(.agreement, .right) : .init(.agreement, .wrong, found: word))
    }

    private static let verdicts = ["yes": true, "yeah": true, "yep": true, "no": false, "nope": false]

    private mutating func check(_ condition: String, as slot: WeatherSlot) {
        defer { conditions = [] }
        guard !conditions.isEmpty else { return findings.append(.init(slot, .missing)) }
        if let other = conditions.first(where: { $0.condition != condition || $0.isNegated }) {
            return findings.append(.init(slot, .wrong, found: (other.isNegated ? "not " : "") + other.condition))
        }
        findings.append(.init(slot, .right))
    }

    private mutating func check(_ temperature: WeatherExpectation.Temperature, as slot: WeatherSlot) {
        check(temperature.value, .temperature(temperature.unit), .temperature, as: slot)
    }

    /// All numbers that measure the same thing must be the expected one; a number without a unit is a wrong one where
    /// there is none with the unit.
    private mutating func check(
        _ expected: Int, _ unit: NumberClaim.Unit, _ quantity: NumberClaim.Quantity, as slot: WeatherSlot
    ) {
        let claims = take(quantity)
        guard !claims.isEmpty else { return findings.append(.init(slot, .missing)) }
        if let other = claims.first(where: { !$0.states(expected, unit) }) {
            return findings.append(.init(slot, .wrong, found: (other.isNegated ? "not " : "") + other.text))
        }
        findings.append(.init(slot, .right))
    }

    private mutating func take(_ quantity: NumberClaim.Quantity) -> [NumberClaim] {
        let wanted = numbers.contains { $0.quantity == quantity } ? quantity : .unknown
        defer { numbers.removeAll { $0.quantity == wanted } }
        return numbers.filter { $0.quantity == wanted }
    }

    private mutating func check(_ wind: WeatherExpectation.Wind) {
        check(wind.value, .speed(wind.unit), .speed, as: .wind)
        let directions = WindDirections.found(in: answer)
        let other = directions.first { $0 != wind.direction }
        guard findings.last?.outcome == .right, directions.isEmpty || other != nil else { return }
        findings[findings.count - 1] = .init(.wind, other == nil ? .missing : .wrong, found: other)
    }

    private mutating func check(_ comparison: WeatherExpectation.Comparison) {
        let check = ComparisonCheck(comparison: comparison, answer: answer, mentions: mentions.known)
        findings.append(check.warmer())
        findings.append(check.temperatures(take(.temperature)))
    }

    /// The place must be named, and no other.
    private mutating func checkPlace() {
        guard let place = expectation.place else { return }
        let named = mentions.known.filter { !$0.isNegated }
        let other =
            strangers.first ?? named.first { $0.place != place }?.place
            ?? mentions.known.first { $0.place == place && $0.isNegated }.map { "not " + $0.place }
        strangers = []
        if let other { return findings.append(.init(.place, .wrong, found: other)) }
        findings.append(.init(.place, named.isEmpty ? .missing : .right))
    }

    private mutating func noteInventions() {
        let inventions = numbers.map(\.text) + conditions.map(\.condition) + strangers
        findings += inventions.map { .init(.invented, .wrong, found: $0) }
    }
}

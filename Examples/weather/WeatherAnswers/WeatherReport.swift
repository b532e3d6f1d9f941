// Totals over many verdicts: which slots are right, on places and wordings that training had and had not.

/// The totals of a set of answers.
package struct WeatherReport: Sendable {
    /// A part of the answers.
    package enum Group: String, Sendable, CaseIterable {
        case all, seenPlaces, unseenPlaces, seenWordings, unseenWordings
        /// Unseen places asked about in unseen wordings.
        case unseenBoth
    }

    /// The counts of one group.
    package struct Totals: Sendable, Equatable {
        /// By kind of slot; a kind that was never asked for is absent.
        package internal(set) var slots: [WeatherSlot: WeatherTally] = [:]
        /// Answers in which everything asked for is right and nothing is invented.
        package internal(set) var answers = WeatherTally()
        /// Of the questions that have no answer: how many were declined without inventing anything.
        package internal(set) var rightlyDeclined = WeatherTally()
        /// Of the questions that have an answer, how many were not declined.
        package internal(set) var answered = WeatherTally()
        /// Answers that hold at least one number, condition or place that nothing calls for.
        package internal(set) var inventing = 0

        /// All slots together.
        package var allSlots: WeatherTally {
            slots.values.reduce(into: WeatherTally()) { $0.add($1) }
        }
    }

    private var totals: [Group: Totals] = [:]

    package init() {}

    /// The counts of a group; all zero where nothing was added.
    package subscript(group: Group) -> Totals { totals[group] ?? Totals() }

    /// Counts one answer in every group that it belongs to.
    package mutating func add(_ verdict: WeatherVerdict, for expectation: WeatherExpectation) {
        var groups: [Group] = [
            .all, expectation.placeSeenInTraining ? .seenPlaces : .unseenPlaces,
            expectation.wordingSeenInTraining ? .seenWordings : .unseenWordings,
        ]
        if !expectation.placeSeenInTraining, !expectation.wordingSeenInTraining { groups.append(.unseenBoth) }
        for group in groups { totals[group, default: Totals()].add(verdict, for: expectation) }
    }
}

extension WeatherReport.Totals {
    mutating func add(_ verdict: WeatherVerdict, for expectation: WeatherExpectation) {
        for finding in verdict.findings where finding.slot != .invented {
            // A decline that nothing called for is not a slot that was asked; it counts in `answered`.
            if finding.slot == .declines && !expectation.declines { continue }
            slots[finding.slot, default: WeatherTally()].add(finding.outcome == .right)
        }
        answers.add(verdict.isWhollyRight)
        if expectation.declines {
            rightlyDeclined.add(verdict.outcome(of: .declines) == .right)
        } else {
            answered.add(verdict.outcome(of: .declines) == nil)
        }
        if verdict.findings.contains(where: { $0.slot == .invented }) { inventing += 1 }
    }
}

/// How often something was right, of how often it was asked, and the quotient.
package struct WeatherTally: Sendable, Equatable {
    package private(set) var right = 0
    package private(set) var asked = 0

    package init() {}

    package mutating func add(_ isRight: Bool) {
        asked += 1
        if isRight { right += 1 }
    }

    package mutating func add(_ other: WeatherTally) {
        right += other.right
        asked += other.asked
    }

    /// From 0 to 1, or nil where nothing was asked.
    package var share: Double? { asked == 0 ? nil : Double(right) / Double(asked) }
}

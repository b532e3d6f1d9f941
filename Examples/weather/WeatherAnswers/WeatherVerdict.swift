// What the checker found in one answer.

/// The result for one slot of an answer.
package struct WeatherFinding: Sendable, Equatable {
    package enum Outcome: String, Sendable {
        case right
        /// The answer says something else.
        case wrong
        /// The answer says nothing of it.
        case missing
    }

    package let slot: WeatherSlot
    package let outcome: Outcome
    /// The words that are wrong, where there are any.
    package let found: String?

    package init(_ slot: WeatherSlot, _ outcome: Outcome, found: String? = nil) {
        self.slot = slot
        self.outcome = outcome
        self.found = found
    }
}

/// The findings of one answer: one for each slot that was asked, one for a decline that nothing called for, and one for
/// each thing that was invented.
package struct WeatherVerdict: Sendable, Equatable {
    package let findings: [WeatherFinding]
    /// Whether the answer says that it does not have something.
    package let declined: Bool

    package init(findings: [WeatherFinding], declined: Bool) {
        self.findings = findings
        self.declined = declined
    }

    /// Everything that was asked is there, and nothing else.
    package var isWhollyRight: Bool { findings.allSatisfy { $0.outcome == .right } }

    /// The outcome of a slot, or nil where the question did not ask for it and the answer left it alone.
    package func outcome(of slot: WeatherSlot) -> WeatherFinding.Outcome? {
        findings.first { $0.slot == slot }?.outcome
    }
}

// Findings with their place and severity.

import StrictJSON

/// The severity of a finding.
package enum Severity: String, Sendable, Comparable, CaseIterable {
    /// The row cannot be used, or the run's metrics will be wrong.
    case error
    /// The model learns something that was probably not intended.
    case warning
    /// For information.
    case note

    package static func < (left: Severity, right: Severity) -> Bool {
        (allCases.firstIndex(of: left) ?? 0) < (allCases.firstIndex(of: right) ?? 0)
    }
}

/// One finding at one place. Lines and columns count from one, columns in Unicode scalars.
package struct Finding: Sendable, Equatable {
    /// The file's index in the list of inputs, which is sorted by path.
    package var file: Int
    package var line: Int
    package var column: Int
    package var message: String

    package init(file: Int, line: Int, column: Int, message: String) {
        self.file = file
        self.line = line
        self.column = column
        self.message = message
    }
}

/// All findings of one rule: their number, and the first ones.
package struct RuleFindings: Sendable {
    /// How many findings of a rule are kept with their places; the others are only counted.
    package static let kept = 1000

    package let rule: String
    package internal(set) var count = 0
    package internal(set) var places: [Finding] = []

    init(rule: String) { self.rule = rule }

    mutating func add(_ finding: @autoclosure () -> Finding) {
        count += 1
        if places.count < RuleFindings.kept { places.append(finding()) }
    }

    mutating func add(_ other: RuleFindings) {
        count += other.count
        places += other.places.prefix(max(0, RuleFindings.kept - places.count))
    }
}

/// The findings of all rules.
package struct FindingLedger: Sendable {
    package private(set) var byRule: [String: RuleFindings] = [:]

    package init() {}

    mutating func add(_ rule: String, _ finding: @autoclosure () -> Finding) {
        byRule[rule, default: RuleFindings(rule: rule)].add(finding())
    }

    mutating func add(_ other: FindingLedger) {
        for (rule, findings) in other.byRule { byRule[rule, default: RuleFindings(rule: rule)].add(findings) }
    }
}

// The severity of a finding.

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

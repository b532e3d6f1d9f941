// Findings of the reader with their place: what a row says that is not understood, or that is read in another way.

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
    package private(set) var count = 0
    package private(set) var places: [Finding] = []

    package init(rule: String) { self.rule = rule }

    package mutating func add(_ finding: @autoclosure () -> Finding) {
        count += 1
        if places.count < RuleFindings.kept { places.append(finding()) }
    }

    package mutating func add(_ other: RuleFindings) {
        count += other.count
        places += other.places.prefix(max(0, RuleFindings.kept - places.count))
    }
}

/// The findings of all rules.
package struct FindingLedger: Sendable {
    /// The rules whose findings change and lose nothing: training reads such rows too. It rejects all others.
    package static let lossless: Set<String> = ["key-spelling", "role-name", "harmless-keys", "template-only"]

    package private(set) var byRule: [String: RuleFindings] = [:]
    /// The first finding that training rejects.
    package private(set) var firstRejected: (rule: String, finding: Finding)?
    /// How often each key was ignored because it is harmless or because the user named it.
    package private(set) var ignoredKeys: [String: Int] = [:]

    package init() {}

    package var isEmpty: Bool { byRule.isEmpty && ignoredKeys.isEmpty }

    package mutating func add(_ rule: String, _ finding: @autoclosure () -> Finding) {
        if firstRejected == nil, !FindingLedger.lossless.contains(rule) { firstRejected = (rule, finding()) }
        byRule[rule, default: RuleFindings(rule: rule)].add(finding())
    }

    /// Forgets the findings of one rule.
    package mutating func remove(_ rule: String) { byRule[rule] = nil }

    package mutating func ignore(_ key: String) { ignoredKeys[key, default: 0] += 1 }

    package mutating func add(_ other: FindingLedger) {
        guard !other.isEmpty else { return }
        for (rule, findings) in other.byRule { byRule[rule, default: RuleFindings(rule: rule)].add(findings) }
        for (key, count) in other.ignoredKeys { ignoredKeys[key, default: 0] += count }
        if firstRejected == nil { firstRejected = other.firstRejected }
    }
}

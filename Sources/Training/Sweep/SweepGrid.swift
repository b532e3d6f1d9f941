// The trials of a sweep: every combination of the values that were given for config keys.

import StrictJSON

/// Read from `--set key=value,value`. Keys with one value belong to every trial.
package struct SweepGrid: Sendable, Equatable {
    /// One key with its value, as it was given.
    package struct Setting: Sendable, Equatable {
        package var key: String
        package var value: String

        package init(key: String, value: String) { (self.key, self.value) = (key, value) }

        /// `training.learningRate=3e-5`.
        package var assignment: String { "\(key)=\(value)" }
    }

    /// The same for every trial.
    package let fixed: [Setting]
    /// In the order in which the keys were given, the last key changing fastest.
    package let trials: [[Setting]]

    /// Keys that would give trials other rows, another order of them, or another length: nothing would be paired.
    private static let unpaired: Set<String> = [
        "training.steps", "training.epochs", "training.seed", "training.saveEvery", "evaluation.every", "data.train",
        "data.validation", "data.test", "data.validationFraction", "data.testFraction", "data.splitSeed", "data.format",
        "data.ignoreKeys", "data.shuffle", "training.earlierPlans", "tokenizer.path", "tokenizer.vocabularySize",
        "tokenizer.split",
    ]

    /// More trials than this are a mistake in a list of values.
    private static let most = 256

    /// Checks every value as the config does.
    package init(_ assignments: [String]) throws {
        var (fixed, axes, keys) = ([Setting](), [[Setting]](), Set<String>())
        for text in assignments {
            guard let equals = text.firstIndex(of: "="), equals != text.startIndex else {
                throw ConfigError.malformedAssignment(text: text)
            }
            let key = String(text[..<equals])
            let values = SweepGrid.values(text[text.index(after: equals)...])
            guard keys.insert(key).inserted else { throw SweepError.keyTwice(key: key) }
            for value in values {
                guard !value.isEmpty || values.count == 1 else { throw SweepError.emptyValue(text: text) }
                var reader = ConfigReader()
                try reader.set(key, toText: value, source: "--set \(text)", origin: "--set")
            }
            if let value = values.first(where: { value in values.count { $0 == value } > 1 }) {
                throw SweepError.valueTwice(key: key, value: value)
            }
            let settings = values.map { Setting(key: key, value: $0) }
            if settings.count == 1 {
                fixed += settings
            } else {
                guard !SweepGrid.unpaired.contains(key) else { throw SweepError.unpaired(key: key) }
                axes.append(settings)
            }
        }
        guard !axes.isEmpty else { throw SweepError.oneTrial }
        let count = axes.reduce(1) { min($0 * $1.count, 1 << 30) }
        guard count <= SweepGrid.most else { throw SweepError.tooManyTrials(count: count, most: SweepGrid.most) }
        self.fixed = fixed
        trials = axes.reduce([[]]) { trials, axis in trials.flatMap { trial in axis.map { trial + [$0] } } }
    }

    /// The parts between commas that are outside of brackets and quotation marks.
    static func values(_ text: Substring) -> [String] {
        var (parts, depth, isQuoted, isEscaped) = ([""], 0, false, false)
        for character in text {
            if character == ",", depth == 0, !isQuoted {
                parts.append("")
                continue
            }
            parts[parts.count - 1].append(character)
            if isEscaped {
                isEscaped = false
            } else if isQuoted, character == "\\" {
                isEscaped = true
            } else if character == "\"" {
                isQuoted.toggle()
            } else if !isQuoted {
                if character == "[" { depth += 1 }
                if character == "]" { depth -= 1 }
            }
        }
        return parts
    }
}

/// Why a sweep cannot be made, or not continued.
package enum SweepError: Error, Equatable, CustomStringConvertible {
    case oneTrial
    case keyTwice(key: String)
    case valueTwice(key: String, value: String)
    case emptyValue(text: String)
    case unpaired(key: String)
    case tooManyTrials(count: Int, most: Int)
    case noHeldOutRows
    case exists(path: String)
    case badRecord(path: String, reason: String)
    /// A sweep is resumed with other keys, values, steps or rows.
    case changed(path: String, what: String, recorded: String, now: String)
    case everyTrialFailed(reason: String)

    package var description: String {
        switch self {
        case .oneTrial: "no key has several values: there is nothing to compare"
        case .keyTwice(let key): "--set names \(key) twice"
        case .valueTwice(let key, let value): "--set gives \(key) the value \(value) twice"
        case .emptyValue(let text): "--set \(text): a value between commas is empty"
        case .unpaired(let key):
            "\(key) cannot be swept: trials would have other rows, another order or another length, and could not be compared"
        case .tooManyTrials(let count, let most): "\(count) trials are too many; at most \(most) are possible"
        case .noHeldOutRows: "the config holds out no rows, by which trials could be compared"
        case .exists(let path): "the sweep \(path) exists already"
        case .badRecord(let path, let reason): "\(path) is not the record of a sweep: \(reason)"
        case .changed(let path, let what, let recorded, let now):
            "\(path) was started with \(what) \(recorded) and cannot continue with \(now)"
        case .everyTrialFailed(let reason): "every trial failed; the first one: \(reason)"
        }
    }

    package var hint: String? {
        switch self {
        case .oneTrial: "for example --set training.learningRate=1e-5,3e-5,1e-4"
        case .keyTwice, .valueTwice, .emptyValue: "list values once, with commas between them"
        case .noHeldOutRows: "set data.validation or data.validationFraction"
        case .exists: "--resume continues it, --run NAME starts another"
        case .changed: "give the same options, or start another sweep with --run NAME"
        default: nil
        }
    }
}

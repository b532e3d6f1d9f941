// Defects of a command line, as data; `UsageError` renders them.

/// One defect of a command line.
package enum ArgumentError: Error, Equatable {
    /// An unknown option name.
    case unknownOption(name: String, nearest: String?)
    /// A word that is not a subcommand.
    case unknownSubcommand(name: String, nearest: String?, known: [String])
    /// A missing subcommand.
    case missingSubcommand(known: [String])
    /// An option without its value, at the end or before another option (`next`).
    case missingValue(option: String, next: String?)
    /// A flag written `--flag=value`.
    case unexpectedValue(flag: String, value: String)
    /// A word that is not a valid value of the option or argument.
    case invalidValue(label: String, value: String, expected: String, nearest: String?)
    /// An option with one value that was given twice.
    case repeatedOption(option: String, first: String, second: String)
    /// A flag set both on and off.
    case contradictoryFlags(on: String, off: String)
    /// A missing option or argument that is required.
    case missingArgument(label: String, isOption: Bool, help: String)
    /// One word too many.
    case unexpectedArgument(String)
    /// An error of the command's own validation.
    case invalid(ValidationError)

    /// The message, without a full stop.
    package var message: String {
        switch self {
        case .unknownOption(let name, _): "unknown option '\(name)'"
        case .unknownSubcommand(let name, _, _): "unknown subcommand '\(name)'"
        case .missingSubcommand: "missing subcommand"
        case .missingValue(let option, nil): "\(option) needs a value"
        case .missingValue(let option, let next?): "\(option) needs a value, but '\(next)' follows it"
        case .unexpectedValue(let flag, let value): "\(flag) takes no value, but '\(value)' was given"
        case .invalidValue(let label, let value, let expected, _): "\(label) expects \(expected), not '\(value)'"
        case .repeatedOption(let option, let first, let second):
            "\(option) was given twice: '\(first)' and '\(second)'"
        case .contradictoryFlags(let on, let off): "\(on) and \(off) were both given"
        case .missingArgument(let label, let isOption, let help):
            (isOption ? "option \(label) is required" : "\(label) is missing") + (help.isEmpty ? "" : ": \(help)")
        case .unexpectedArgument(let word): "unexpected argument '\(word)'"
        case .invalid(let error): error.message
        }
    }

    /// Advice that is better than the pointer to the command's help; nil if there is none.
    package var hint: String? {
        switch self {
        case .unknownOption(_, let nearest?): "did you mean \(nearest)?"
        case .unknownSubcommand(_, let nearest?, _): "did you mean \(nearest)?"
        case .unknownSubcommand(_, nil, let known), .missingSubcommand(let known):
            "the subcommands are \(known.joined(separator: ", "))"
        case .missingValue(let option, let next?) where option.hasPrefix("--"):
            "write \(option)=\(next) if the value starts with a dash"
        case .unexpectedValue(let flag, _): "use \(flag) without a value"
        case .invalidValue(_, _, _, let nearest?): "did you mean \(nearest)?"
        case .repeatedOption(let option, _, _): "give \(option) once"
        case .contradictoryFlags: "keep one of the two"
        case .unexpectedArgument(let word) where word.contains(" ") == false:
            "quote text that contains spaces"
        case .invalid(let error): error.hint
        default: nil
        }
    }
}

/// A defect and the command it belongs to.
package struct UsageError: Error, Equatable, CustomStringConvertible {
    package let reason: ArgumentError
    /// The command's path: `["luthier", "train"]`.
    package let path: [String]
    /// The command's usage, `luthier train --config <config> [options]`.
    package let usage: String

    /// The full report in three lines: error, usage, hint.
    package var description: String {
        let hint = reason.hint ?? "'\(path.joined(separator: " ")) --help' explains every option"
        return "error: \(reason.message)\nusage: \(usage)\nhint: \(hint)"
    }
}

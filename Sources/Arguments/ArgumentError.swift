// What can be wrong with a command line, as data; `UsageError` renders it.

/// One defect of a command line.
public enum ArgumentError: Error, Equatable {
    /// A name that the command does not have.
    case unknownOption(name: String, nearest: String?)
    /// A word where a subcommand belongs.
    case unknownSubcommand(name: String, nearest: String?, known: [String])
    /// No subcommand where one belongs.
    case missingSubcommand(known: [String])
    /// An option at the end, or in front of another (`next`), that needs a value.
    case missingValue(option: String, next: String?)
    /// A flag written `--flag=value`.
    case unexpectedValue(flag: String, value: String)
    /// A word that does not stand for a value of the option or argument.
    case invalidValue(label: String, value: String, expected: String, nearest: String?)
    /// An option given twice that takes one value.
    case repeatedOption(option: String, first: String, second: String)
    /// A flag turned both on and off.
    case contradictoryFlags(on: String, off: String)
    /// A required option or argument left out.
    case missingArgument(label: String, isOption: Bool, help: String)
    /// One word more than the command takes.
    case unexpectedArgument(String)
    /// The command's own complaint.
    case invalid(ValidationError)

    /// What is wrong, without a full stop.
    public var message: String {
        switch self {
        case .unknownOption(let name, _): "unknown option '\(name)'"
        case .unknownSubcommand(let name, _, _): "unknown subcommand '\(name)'"
        case .missingSubcommand: "a subcommand is missing"
        case .missingValue(let option, nil): "\(option) needs a value"
        case .missingValue(let option, let next?): "\(option) needs a value, but '\(next)' follows it"
        case .unexpectedValue(let flag, let value): "\(flag) takes no value, but '\(value)' was given"
        case .invalidValue(let label, let value, let expected, _): "\(label) wants \(expected), not '\(value)'"
        case .repeatedOption(let option, let first, let second):
            "\(option) was given twice: '\(first)' and '\(second)'"
        case .contradictoryFlags(let on, let off): "\(on) and \(off) were both given"
        case .missingArgument(let label, let isOption, let help):
            (isOption ? "option \(label) is required" : "\(label) is missing") + (help.isEmpty ? "" : ": \(help)")
        case .unexpectedArgument(let word): "unexpected argument '\(word)'"
        case .invalid(let error): error.message
        }
    }

    /// What the reader can do, where more helps than reading the command's help.
    public var hint: String? {
        switch self {
        case .unknownOption(_, let nearest?): "did you mean \(nearest)?"
        case .unknownSubcommand(_, let nearest?, _): "did you mean \(nearest)?"
        case .unknownSubcommand(_, nil, let known), .missingSubcommand(let known):
            "the subcommands are \(known.joined(separator: ", "))"
        case .missingValue(let option, let next?) where option.hasPrefix("--"):
            "a value that begins with a dash is written \(option)=\(next)"
        case .unexpectedValue(let flag, _): "write \(flag) alone"
        case .invalidValue(_, _, _, let nearest?): "did you mean \(nearest)?"
        case .repeatedOption(let option, _, _): "give \(option) once"
        case .contradictoryFlags: "keep one of the two"
        case .unexpectedArgument(let word) where word.contains(" ") == false:
            "text of several words needs quotes around it"
        case .invalid(let error): error.hint
        default: nil
        }
    }
}

/// A defect and the command that was called.
public struct UsageError: Error, Equatable, CustomStringConvertible {
    public let reason: ArgumentError
    /// The words that lead to the command: `["luthier", "train"]`.
    public let path: [String]
    /// The command's usage, `luthier train --config <config> [options]`.
    public let usage: String

    /// The whole report, of three lines: error, usage, hint.
    public var description: String {
        let hint = reason.hint ?? "'\(path.joined(separator: " ")) --help' explains every option"
        return "error: \(reason.message)\nusage: \(usage)\nhint: \(hint)"
    }
}

// From the words of the command line to a command ready to run.

import StrictJSON

/// What a command line asks for.
public enum ParsedCommand {
    /// Run this; `path` is the words that lead to it, the program's name first.
    case run(any ParsableCommand, path: [String])
    /// Print this help and stop.
    case help(String)
    /// Print this version and stop.
    case version(String)
}

/// The parser.
public enum CommandLineParser {
    /// Reads `arguments` (without the program's name) as a call of `root` or one of its subcommands. `columns` is the
    /// width of the help, should help be asked for.
    public static func parse(
        _ root: any ParsableCommand.Type, _ arguments: [String], columns: Int = 80
    ) throws(UsageError) -> ParsedCommand {
        var command = root
        var path = [root.name]
        var words = arguments[...]
        // `luthier help train` is `luthier train --help`.
        let asksForHelp = words.first == "help" && !root.configuration.subcommands.isEmpty
        if asksForHelp { words = words.dropFirst() }

        while !command.configuration.subcommands.isEmpty {
            guard let word = words.first, word != "--help", word != "-h" else { break }
            if word == "--version", path.count == 1, !root.configuration.version.isEmpty {
                return .version(root.configuration.version)
            }
            command = try subcommand(word, of: command, path: path)
            path.append(word)
            words = words.dropFirst()
        }
        let options = words.prefix { $0 != "--" }
        if asksForHelp || options.contains("--help") || options.contains("-h") {
            return .help(HelpText.render(command, path: path, columns: columns))
        }
        return try fill(command, words, path: path)
    }

    private static func subcommand(
        _ word: String, of command: any ParsableCommand.Type, path: [String]
    ) throws(UsageError) -> any ParsableCommand.Type {
        let known = command.configuration.subcommands
        if let found = known.first(where: { $0.name == word }) { return found }
        let names = known.map { $0.name }
        let usage = HelpText.usage(command, path: path)
        if word.hasPrefix("-") && word != "-" {
            let nearest = Suggestion.nearest(to: word, among: path.count == 1 ? ["--help", "--version"] : ["--help"])
            throw UsageError(reason: .unknownOption(name: word, nearest: nearest), path: path, usage: usage)
        }
        let nearest = Suggestion.nearest(to: word, among: names)
        throw UsageError(
            reason: .unknownSubcommand(name: word, nearest: nearest, known: names), path: path, usage: usage)
    }

    /// Makes an instance of `type` and gives it `words`.
    private static func fill<Command: ParsableCommand>(
        _ type: Command.Type, _ words: ArraySlice<String>, path: [String]
    ) throws(UsageError) -> ParsedCommand {
        var command = type.init()
        do throws(ArgumentError) {
            let known = type.configuration.subcommands.map { $0.name }
            guard known.isEmpty else { throw .missingSubcommand(known: known) }
            var assignment = Assignment(definitions(of: command))
            try assignment.take(words)
            do throws(ValidationError) { try validateAll(&command) } catch { throw .invalid(error) }
        } catch {
            throw UsageError(reason: error, path: path, usage: HelpText.usage(type, path: path))
        }
        return .run(command, path: path)
    }
}

extension ParsableCommand {
    /// Reads the command line, runs what it asks for, and returns the exit code: 0 done, 2 a usage error, or what
    /// `report` gives for an error thrown by the command (whose words it also gets). Help goes to stdout, usage
    /// errors to stderr; an `ExitCode` thrown by the command is returned as it is.
    public static func execute(
        _ arguments: [String], report: (any Error, _ path: [String]) -> Int32
    ) -> Int32 {
        do {
            switch try CommandLineParser.parse(self, arguments, columns: Terminal.helpColumns) {
            case .help(let text), .version(let text):
                Terminal.write(text + "\n", to: .standardOutput)
                return ExitCode.success.rawValue
            case .run(var command, let path):
                do {
                    try command.run()
                    return ExitCode.success.rawValue
                } catch let code as ExitCode {
                    return code.rawValue
                } catch let error as ValidationError {
                    throw UsageError(
                        reason: .invalid(error), path: path, usage: HelpText.usage(type(of: command), path: path))
                } catch {
                    return report(error, path)
                }
            }
        } catch {
            Terminal.write("\(error)\n", to: .standardError)
            return ExitCode.usage.rawValue
        }
    }
}

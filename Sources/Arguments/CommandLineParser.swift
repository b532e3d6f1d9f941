// Parses the words of a command line into a command that can run.

import StrictJSON

/// What a command line requests.
package enum ParsedCommand {
    /// Run this command; `path` is its path, starting with the program's name.
    case run(any ParsableCommand, path: [String])
    /// Print this help and stop.
    case help(String)
    /// Print this version and stop.
    case version(String)
}

/// The parser.
package enum CommandLineParser {
    /// Parses `arguments` (without the program's name) as a call of `root` or one of its subcommands. `columns` is the
    /// width of help text.
    package static func parse(
        _ root: any ParsableCommand.Type, _ arguments: [String], columns: Int = 80
    ) throws(UsageError) -> ParsedCommand {
        var command = root
        var path = [root.name]
        var words = arguments[...]
        // `luthier help train` means `luthier train --help`.
        let wantsHelp = words.first == "help" && !root.configuration.subcommands.isEmpty
        if wantsHelp { words = words.dropFirst() }

        while !command.configuration.subcommands.isEmpty {
            let wanted = words.first
            if let usual = command.configuration.defaultSubcommand, wanted?.hasPrefix("-") ?? true, wanted != "--help",
                wanted != "-h", !wantsHelp
            {
                command = usual
                path.append(usual.name)
                break
            }
            guard let word = wanted, word != "--help", word != "-h" else { break }
            if word == "--version", path.count == 1, !root.configuration.version.isEmpty {
                return .version(root.configuration.version)
            }
            command = try subcommand(word, of: command, path: path)
            path.append(word)
            words = words.dropFirst()
        }
        let options = words.prefix { $0 != "--" }
        if wantsHelp || options.contains("--help") || options.contains("-h") {
            return .help(HelpText.render(command, path: path, columns: columns))
        }
        return try fill(command, words, path: path)
    }

    private static func subcommand(
        _ word: String, of command: any ParsableCommand.Type, path: [String]
    ) throws(UsageError) -> any ParsableCommand.Type {
        let known = command.configuration.subcommands
        if let found = known.first(where: { $0.name == word }) { return found }
        let names = known.filter { !$0.configuration.isHidden }.map { $0.name }
        let usage = HelpText.usage(command, path: path)
        if word.hasPrefix("-") && word != "-" {
            let nearest = Suggestion.nearest(to: word, among: path.count == 1 ? ["--help", "--version"] : ["--help"])
            throw UsageError(reason: .unknownOption(name: word, nearest: nearest), path: path, usage: usage)
        }
        let nearest = Suggestion.nearest(to: word, among: names)
        throw UsageError(
            reason: .unknownSubcommand(name: word, nearest: nearest, known: names), path: path, usage: usage)
    }

    /// Creates an instance of `type` and assigns `words` to it.
    private static func fill<Command: ParsableCommand>(
        _ type: Command.Type, _ words: ArraySlice<String>, path: [String]
    ) throws(UsageError) -> ParsedCommand {
        var command = type.init()
        do throws(ArgumentError) {
            let known = type.configuration.subcommands.filter { !$0.configuration.isHidden }.map { $0.name }
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
    /// Parses the command line, runs the command, and returns the exit code: 0 on success, 2 on a usage error, or the
    /// result of `report` for an error thrown by the command (`report` also gets the command's path). Help goes to
    /// stdout, usage errors go to stderr. An `ExitCode` thrown by the command is returned unchanged.
    package static func execute(
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

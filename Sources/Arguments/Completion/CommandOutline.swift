// A command and its subcommands as plain data: what completion scripts and the manual page are written from.

/// One command: what it takes, and the commands below it. Hidden commands are not in it.
struct CommandOutline {
    /// From the program's name on.
    let path: [String]
    let configuration: CommandConfiguration
    /// In the order of declaration; with those of the default subcommand.
    let definitions: [ArgumentDefinition]
    let subcommands: [CommandOutline]
    let usage: String

    init(_ command: any ParsableCommand.Type, path: [String]) {
        self.path = path
        configuration = command.configuration
        let usual = configuration.defaultSubcommand.map { Arguments.definitions(of: $0.init()) } ?? []
        definitions = Arguments.definitions(of: command.init()) + usual
        subcommands = HelpText.shown(configuration.subcommands).map { CommandOutline($0, path: path + [$0.name]) }
        usage = HelpText.usage(command, path: path)
    }

    init(_ root: any ParsableCommand.Type) { self.init(root, path: [root.name]) }

    var name: String { path[path.count - 1] }
    var isRoot: Bool { path.count == 1 }
    /// The path as one text, by which the scripts know the command.
    var key: String { path.joined(separator: " ") }
    /// This command and all below it.
    var all: [CommandOutline] { [self] + subcommands.flatMap(\.all) }

    /// A word that completes, and what it means.
    typealias Candidate = (word: String, meaning: String)

    /// Names of options and flags.
    var optionCandidates: [Candidate] {
        var all: [Candidate] = []
        for definition in definitions where definition.kind != .positional {
            let meaning = CommandOutline.firstSentence(definition.help)
            all += (definition.names + definition.negativeNames).map { ($0, meaning) }
        }
        all.append(("--help", "Show this help."))
        if isRoot && !configuration.version.isEmpty { all.append(("--version", "Show the version.")) }
        return all
    }

    var subcommandCandidates: [Candidate] {
        let names = subcommands.map { Candidate($0.name, CommandOutline.firstSentence($0.configuration.abstract)) }
        return isRoot && !names.isEmpty ? names + [("help", "Show the help of a command.")] : names
    }

    /// What follows an option, by its name, and what each positional argument is, by `#1`, `#2`, and `#*` for all
    /// that follow.
    var valueKinds: [(key: String, kind: String)] {
        var kinds: [(key: String, kind: String)] = []
        var number = 0
        for definition in definitions {
            switch definition.kind {
            case .flag: break
            case .option: kinds += definition.names.map { ($0, definition.completion.scriptText) }
            case .positional:
                number += 1
                kinds.append((definition.isRepeating ? "#*" : "#\(number)", definition.completion.scriptText))
            }
        }
        return kinds
    }

    /// A menu has no room for more.
    private static func firstSentence(_ text: String) -> String {
        let sentence = text.split(separator: "\n").first.map(String.init) ?? ""
        guard let end = sentence.firstRange(of: ". ") else { return sentence }
        return String(sentence[..<end.lowerBound]) + "."
    }
}

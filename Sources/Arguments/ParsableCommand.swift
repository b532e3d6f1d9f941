// The protocols of commands and option groups, and a command's configuration.

import StrictJSON

/// A value whose `@Option`, `@Flag`, `@Argument` and `@OptionGroup` properties are filled from the command line. The
/// wrappers store values by reference, so copies of one instance share what was parsed.
package protocol ParsableArguments: SendableMetatype {
    init()

    /// Checks what involves several properties, such as options that exclude each other. A `ValidationError` is shown
    /// as a usage error.
    mutating func validate() throws(ValidationError)
}

extension ParsableArguments {
    package mutating func validate() throws(ValidationError) {}
}

/// A command, or an inner node of the command tree: a command with subcommands does nothing itself.
package protocol ParsableCommand: ParsableArguments {
    static var configuration: CommandConfiguration { get }

    /// Does the work. Errors go to the closure passed to `execute`.
    mutating func run() throws
}

extension ParsableCommand {
    package static var configuration: CommandConfiguration { CommandConfiguration() }

    /// A command with subcommands never runs: the parser requires one of them.
    package mutating func run() throws {}

    /// The command's name: as configured, or the type's name in kebab-case.
    static var name: String { configuration.commandName ?? kebabCase("\(self)") }
}

/// Subcommands that belong together.
package struct CommandGroup: Sendable {
    /// What they are for, in a word or two.
    package var title: String
    package var subcommands: [any ParsableCommand.Type]

    package init(_ title: String, _ subcommands: [any ParsableCommand.Type]) {
        self.title = title
        self.subcommands = subcommands
    }
}

/// Name, description and subcommands of a command.
package struct CommandConfiguration: Sendable {
    /// The command's name; nil means the type's name in kebab-case.
    package var commandName: String?
    /// One sentence, shown in the list of subcommands and at the top of the command's help.
    package var abstract: String
    /// Shown below the options. Lines that start with a space are kept unchanged, all others are wrapped.
    package var discussion: String
    /// The output of `--version`. Only the root's is used; if it is empty, there is no `--version`.
    package var version: String
    package var subcommands: [any ParsableCommand.Type]
    /// The subcommands as the help lists them, by what they are for; empty for one list of all.
    package var groups: [CommandGroup]
    /// Command lines that work, each with the program's name; the help shows them.
    package var examples: [String]
    /// The subcommand that is meant where none is named; nil where one must be.
    package var defaultSubcommand: (any ParsableCommand.Type)?
    /// Whether no list of commands shows it: a command that the program itself starts.
    package var isHidden: Bool

    package init(
        commandName: String? = nil, abstract: String = "", discussion: String = "", version: String = "",
        subcommands: [any ParsableCommand.Type] = [], defaultSubcommand: (any ParsableCommand.Type)? = nil,
        groups: [CommandGroup] = [], examples: [String] = [], isHidden: Bool = false
    ) {
        self.commandName = commandName
        self.abstract = abstract
        self.discussion = discussion
        self.version = version
        self.subcommands = groups.flatMap(\.subcommands) + subcommands
        self.groups = groups
        self.examples = examples
        self.defaultSubcommand = defaultSubcommand
        self.isHidden = isHidden
    }
}

/// An error of a command's own validation.
package struct ValidationError: Error, Equatable {
    package let message: String
    /// What the user can do about it.
    package let hint: String?

    package init(_ message: String, hint: String? = nil) {
        self.message = message
        self.hint = hint
    }
}

/// Thrown by `run()` to exit with this code and without a message.
package struct ExitCode: Error, Equatable {
    package let rawValue: Int32

    package init(_ rawValue: Int32) { self.rawValue = rawValue }

    package static let success = ExitCode(0)
    package static let failure = ExitCode(1)
    package static let usage = ExitCode(2)
}

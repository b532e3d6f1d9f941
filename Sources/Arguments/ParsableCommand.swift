// The protocols that a command and a group of its options conform to, and how a command describes itself.

import StrictJSON

/// A value whose properties marked `@Option`, `@Flag`, `@Argument` and `@OptionGroup` are filled from the command
/// line. The marks keep their values behind a reference, so copies of one instance share what was parsed.
public protocol ParsableArguments: SendableMetatype {
    init()

    /// Checks what one property alone cannot say, such as two options that exclude each other. A `ValidationError` is
    /// shown as a usage error.
    mutating func validate() throws(ValidationError)
}

extension ParsableArguments {
    public mutating func validate() throws(ValidationError) {}
}

/// A command, or a node of the tree of commands: one that has subcommands does nothing itself.
public protocol ParsableCommand: ParsableArguments {
    static var configuration: CommandConfiguration { get }

    /// Does the work. What it throws goes to the closure given to `execute`.
    mutating func run() throws
}

extension ParsableCommand {
    public static var configuration: CommandConfiguration { CommandConfiguration() }

    /// A command with subcommands is never run: the parser asks for one of them first.
    public mutating func run() throws {}

    /// The word that calls this command: as configured, or the type's name in kebab-case.
    static var name: String { configuration.commandName ?? kebabCase("\(self)") }
}

/// How a command is called and described.
public struct CommandConfiguration: Sendable {
    /// The word that calls it; nil means the type's name in kebab-case.
    public var commandName: String?
    /// One sentence, shown in the list of subcommands and on top of the command's own help.
    public var abstract: String
    /// Shown below the options. Lines that begin with a space are kept as they are, all others are wrapped.
    public var discussion: String
    /// What `--version` prints; only the root's is used, and without one there is no `--version`.
    public var version: String
    public var subcommands: [any ParsableCommand.Type]

    public init(
        commandName: String? = nil, abstract: String = "", discussion: String = "", version: String = "",
        subcommands: [any ParsableCommand.Type] = []
    ) {
        self.commandName = commandName
        self.abstract = abstract
        self.discussion = discussion
        self.version = version
        self.subcommands = subcommands
    }
}

/// A command's own complaint about what it was given.
public struct ValidationError: Error, Equatable {
    public let message: String
    /// What the reader can do about it.
    public let hint: String?

    public init(_ message: String, hint: String? = nil) {
        self.message = message
        self.hint = hint
    }
}

/// Thrown by `run()` to end with this exit code and without a message.
public struct ExitCode: Error, Equatable {
    public let rawValue: Int32

    public init(_ rawValue: Int32) { self.rawValue = rawValue }

    public static let success = ExitCode(0)
    public static let failure = ExitCode(1)
    public static let usage = ExitCode(2)
}

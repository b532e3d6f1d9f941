// The manual page, written from the definitions that the parser uses, in the macros of man(7).

/// A page of section 1 about a program and all its commands.
package struct ManualPage {
    private let outline: CommandOutline
    private let date: String
    private let sections: [(title: String, items: [(label: String, text: String)])]

    /// - Parameters:
    ///   - date: of the version, as `2026-11-26`.
    ///   - sections: what the definitions do not say, such as files and environment variables.
    package init(
        _ root: any ParsableCommand.Type, date: String,
        sections: [(title: String, items: [(label: String, text: String)])]
    ) {
        outline = CommandOutline(root)
        (self.date, self.sections) = (date, sections)
    }

    package var text: String {
        let configuration = outline.configuration
        let name = outline.name
        var lines = [
            ".TH \(name.uppercased()) 1 \(date) \(ManualPage.argument(configuration.version))", ".SH NAME",
            "\(ManualPage.escaped(name)) \\- \(ManualPage.escaped(ManualPage.phrase(configuration.abstract)))",
            ".SH SYNOPSIS", ".B \(ManualPage.escaped(name))", ".I command", "[options]",
        ]
        if !configuration.discussion.isEmpty {
            lines += [".SH DESCRIPTION"] + ManualPage.paragraphs(configuration.discussion)
        }
        if !configuration.examples.isEmpty { lines += [".SH EXAMPLES"] + ManualPage.examples(configuration.examples) }
        let groups = configuration.groups.map { group in
            let names = HelpText.shown(group.subcommands).map { $0.name }
            return (group.title, outline.subcommands.filter { names.contains($0.name) })
        }
        for (title, commands) in groups.isEmpty ? [("commands", outline.subcommands)] : groups where !commands.isEmpty {
            lines.append(".SH \(ManualPage.argument(title.uppercased()))")
            for command in commands.flatMap(\.all) { lines += self.command(command) }
        }
        for (title, items) in sections {
            lines.append(".SH \(ManualPage.argument(title.uppercased()))")
            for (label, text) in items {
                lines += [".TP", ".B \(ManualPage.escaped(label))", ManualPage.escaped(text)]
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private func command(_ command: CommandOutline) -> [String] {
        var lines = [".SS \(ManualPage.argument(command.key))"]
        lines.append(ManualPage.escaped(command.configuration.abstract))
        lines += [".PP", "Usage:", "." + "B \(ManualPage.argument(command.usage))"]
        // What a default subcommand takes is described where it is.
        let own = command.subcommands.isEmpty ? command.definitions : []
        for definition in own { lines += [".TP", ManualPage.label(definition)] + ManualPage.text(definition) }
        if !command.configuration.discussion.isEmpty {
            lines += [".PP"] + ManualPage.paragraphs(command.configuration.discussion)
        }
        if !command.configuration.examples.isEmpty {
            let title = command.configuration.examples.count == 1 ? "Example:" : "Examples:"
            lines += [".PP", title] + ManualPage.examples(command.configuration.examples)
        }
        return lines
    }

    private static func label(_ definition: ArgumentDefinition) -> String {
        if definition.kind == .positional { return "." + "I \(argument(definition.valueName))" }
        let names = (definition.names + definition.negativeNames).map { "\\fB\(escaped($0))\\fR" }
        let value = definition.kind == .option ? " \\fI\(escaped(definition.valueName))\\fR" : ""
        return names.joined(separator: ", ") + value
    }

    private static func text(_ definition: ArgumentDefinition) -> [String] {
        let text = HelpText.text(definition)
        return text.isEmpty ? ["\\&"] : [escaped(text)]
    }

    private static func examples(_ examples: [String]) -> [String] {
        [".nf", ".RS 4"] + examples.map(escaped) + [".RE", ".fi"]
    }

    /// Paragraphs of text; lines that start with a space stay as they are.
    private static func paragraphs(_ text: String) -> [String] {
        var (lines, isKept): ([String], Bool) = ([], false)
        for line in text.split(separator: "\n", omittingEmptySubsequences: true) {
            if line.hasPrefix(" ") != isKept {
                lines.append(isKept ? ".fi" : ".nf")
                isKept.toggle()
            }
            lines.append(escaped(String(line)))
        }
        return isKept ? lines + [".fi"] : lines
    }

    /// The abstract without its full stop, as the name's line wants it.
    private static func phrase(_ sentence: String) -> String {
        sentence.hasSuffix(".") ? String(sentence.dropLast()) : sentence
    }

    private static func argument(_ text: String) -> String {
        "\"" + escaped(text).replacing("\"", with: "\\(dq") + "\""
    }

    /// A backslash and a dash have a meaning of roff, as have a dot and an apostrophe that begin a line.
    private static func escaped(_ text: String) -> String {
        let plain = text.replacing("\\", with: "\\e").replacing("-", with: "\\-")
        return plain.hasPrefix(".") || plain.hasPrefix("'") ? "\\&" + plain : plain
    }
}

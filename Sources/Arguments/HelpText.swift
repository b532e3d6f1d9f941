// The help of a command: usage, arguments, options and subcommands, aligned and wrapped.

/// Renders help.
enum HelpText {
    /// One row of a list: name on the left, description on the right.
    private typealias Row = (label: String, text: String)

    /// Labels up to this width share a line with their description; longer labels get their own line.
    private static func widestLabel(_ columns: Int) -> Int { min(32, columns * 2 / 5) }

    /// The full help of the command at `path`.
    static func render(_ command: any ParsableCommand.Type, path: [String], columns: Int) -> String {
        let configuration = command.configuration
        let all = definitions(of: command.init())
        let options = all.filter { $0.kind != .positional }
        let isRoot = path.count == 1

        var sections: [(title: String, rows: [Row])] = []
        sections.append(("ARGUMENTS", all.filter { $0.kind == .positional }.map(row)))
        var own = options.filter { $0.section == nil }.map(row)
        if isRoot && !configuration.version.isEmpty { own.append(("    --version", "Show the version.")) }
        own.append(("-h, --help", "Show this help."))
        sections.append(("OPTIONS", own))
        for title in uniqueSections(options) {
            sections.append((title.uppercased(), options.filter { $0.section == title }.map(row)))
        }
        let groups = configuration.groups
        for group in groups.isEmpty ? [CommandGroup("subcommands", configuration.subcommands)] : groups {
            let rows = shown(group.subcommands).map { ($0.name, $0.configuration.abstract) }
            sections.append((group.title.uppercased(), rows))
        }
        sections.removeAll { $0.rows.isEmpty }

        let labelColumns = sections.flatMap(\.rows).map(\.label.count).filter { $0 <= widestLabel(columns) }.max() ?? 0
        var parts: [String] = []
        if !configuration.abstract.isEmpty { parts.append(wrap(configuration.abstract, columns)) }
        parts.append("USAGE\n" + wrap(usage(command, path: path), columns, indent: 2, hanging: 6))
        for section in sections {
            let lines = section.rows.map { line($0, labelColumns, columns) }
            parts.append(([section.title] + lines).joined(separator: "\n"))
        }
        if !configuration.examples.isEmpty {
            let title = configuration.examples.count == 1 ? "EXAMPLE" : "EXAMPLES"
            parts.append(([title] + configuration.examples.map { "  " + $0 }).joined(separator: "\n"))
        }
        if !configuration.discussion.isEmpty { parts.append(wrap(configuration.discussion, columns)) }
        if !configuration.subcommands.isEmpty {
            parts.append("'\(path.joined(separator: " ")) <subcommand> --help' describes one subcommand.")
        }
        return parts.joined(separator: "\n\n")
    }

    /// The usage in one line: required arguments by name, everything else as `[options]`.
    static func usage(_ command: any ParsableCommand.Type, path: [String]) -> String {
        guard command.configuration.subcommands.isEmpty else {
            return (path + ["<subcommand>"]).joined(separator: " ")
        }
        let all = definitions(of: command.init())
        var words = path
        for definition in all where definition.kind == .option && definition.isRequired {
            words.append("\(definition.label) <\(definition.valueName)>" + (definition.isRepeating ? "…" : ""))
        }
        if all.contains(where: { $0.kind == .flag || $0.kind == .option && !$0.isRequired }) {
            words.append("[options]")
        }
        for definition in all where definition.kind == .positional {
            let word = "<\(definition.valueName)>" + (definition.isRepeating ? "…" : "")
            words.append(definition.isRequired ? word : "[\(word)]")
        }
        return words.joined(separator: " ")
    }

    static func shown(_ commands: [any ParsableCommand.Type]) -> [any ParsableCommand.Type] {
        commands.filter { !$0.configuration.isHidden }
    }

    private static func uniqueSections(_ options: [ArgumentDefinition]) -> [String] {
        var titles: [String] = []
        for title in options.compactMap(\.section) where !titles.contains(title) { titles.append(title) }
        return titles
    }

    /// What a row says of an argument: its sentence, then what it may be and its default.
    static func text(_ definition: ArgumentDefinition) -> String {
        var notes: [String] = []
        if definition.kind == .option && definition.isRequired { notes.append("required") }
        if definition.kind == .option && definition.isRepeating { notes.append("repeatable") }
        if !definition.allowedValues.isEmpty {
            notes.append("one of: " + definition.allowedValues.joined(separator: ", "))
        }
        if let defaultText = definition.defaultText { notes.append("default: " + defaultText) }
        let note = notes.isEmpty ? "" : "(\(notes.joined(separator: "; ")))"
        return [definition.help, note].filter { !$0.isEmpty }.joined(separator: " ")
    }

    private static func row(_ definition: ArgumentDefinition) -> Row { (label(definition), text(definition)) }

    /// `-c, --config <file>`; a name without a short form is indented so that long names align.
    private static func label(_ definition: ArgumentDefinition) -> String {
        if definition.kind == .positional { return "<\(definition.valueName)>" }
        let short = definition.names.filter { !$0.hasPrefix("--") }
        var long = definition.names.filter { $0.hasPrefix("--") }
        if !definition.negativeNames.isEmpty { long = long.map { "--[no-]" + $0.dropFirst(2) } }
        let names = (short + long).joined(separator: ", ")
        let value = definition.kind == .option ? " <\(definition.valueName)>" : ""
        return (short.isEmpty ? "    " : "") + names + value
    }

    /// One row; a label too long for its column gets its own line.
    private static func line(_ row: Row, _ labelColumns: Int, _ columns: Int) -> String {
        let indent = labelColumns + 4
        let text = wrap(row.text, columns, indent: indent, hanging: indent)
        if row.text.isEmpty { return "  " + row.label }
        if row.label.count > labelColumns { return "  " + row.label + "\n" + text }
        let padding = String(repeating: " ", count: indent - 2 - row.label.count)
        return "  " + row.label + padding + text.dropFirst(indent)
    }

    /// Wraps `text` at `columns`. The first line of a paragraph is indented by `indent`, the others by `hanging`.
    /// A line of `text` that starts with a space is kept unchanged; a word longer than a line is not broken.
    static func wrap(_ text: String, _ columns: Int, indent: Int = 0, hanging: Int = 0) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { paragraph in
            if paragraph.hasPrefix(" ") { return String(paragraph) }
            var lines: [String] = []
            var line = String(repeating: " ", count: indent)
            var isEmpty = true
            for word in paragraph.split(separator: " ") {
                if !isEmpty, line.count + 1 + word.count > columns {
                    lines.append(line)
                    line = String(repeating: " ", count: hanging)
                    isEmpty = true
                }
                line += (isEmpty ? "" : " ") + word
                isEmpty = false
            }
            if !isEmpty || lines.isEmpty { lines.append(isEmpty ? "" : line) }
            return lines.joined(separator: "\n")
        }.joined(separator: "\n")
    }
}

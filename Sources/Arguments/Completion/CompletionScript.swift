// The completion scripts for bash, zsh and fish, written from the definitions that the parser uses.

/// A shell with a completion script.
package enum Shell: String, CaseIterable, Sendable, ExpressibleByArgument {
    case bash, zsh, fish
}

/// The script that completes a program's command lines. It walks over the words before the cursor, as the parser does:
/// subcommands first, then options with their values, then positional arguments. Tables say what fits at the cursor. Names
/// of runs and models come from the program itself, which the script calls as `PROGRAM names run|model`.
package struct CompletionScript {
    private let outline: CommandOutline

    package init(_ root: any ParsableCommand.Type) { outline = CommandOutline(root) }

    package func text(for shell: Shell) -> String {
        let text =
            switch shell {
            case .bash: header + posixTables(describes: false) + BashScript.driver
            case .zsh: "#compdef PROGRAM\n" + header + posixTables(describes: true) + ZshScript.driver
            case .fish: header + fishTables + FishScript.driver
            }
        return text.replacing("PROGRAM", with: outline.name)
    }

    private var header: String { "# Completion of PROGRAM, written by PROGRAM itself from what it parses.\n\n" }

    // MARK: bash and zsh

    /// Three functions: subcommands and options of a command, and the kind of a value.
    private func posixTables(describes: Bool) -> String {
        func words(_ candidates: [CommandOutline.Candidate]) -> String {
            let words = candidates.map { candidate in
                // zsh separates a word from its meaning at the first colon.
                CompletionScript.quoted(describes ? candidate.word + ":" + candidate.meaning : candidate.word)
            }
            return words.joined(separator: describes ? "\n            " : " ")
        }
        func table(_ name: String, _ rows: [(CommandOutline, [CommandOutline.Candidate])]) -> String {
            let cases = rows.filter { !$0.1.isEmpty }.map { row in
                "    \(CompletionScript.quoted(row.0.key)))\n        reply=(\(words(row.1))) ;;\n"
            }
            return "\(name)() {\n    reply=()\n    case $1 in\n\(cases.joined())    esac\n}\n\n"
        }
        let all = outline.all
        var kinds = "# $1: the command, $2: an option, or # and the number of an argument\n_PROGRAM_kind() {\n"
        kinds += "    kind=\n    case \"$1|$2\" in\n"
        for command in all {
            for (key, kind) in command.valueKinds {
                let pattern =
                    key == "#*"
                    ? CompletionScript.quoted(command.key + "|#") + "*"
                    : CompletionScript.quoted("\(command.key)|\(key)")
                kinds += "    \(pattern)) kind=\(CompletionScript.quoted(kind)) ;;\n"
            }
        }
        return table("_PROGRAM_subcommands", all.map { ($0, $0.subcommandCandidates) })
            + table("_PROGRAM_options", all.map { ($0, $0.optionCandidates) })
            + kinds + "    esac\n}\n\n"
    }

    /// In single quotes.
    private static func quoted(_ text: String) -> String { "'" + text.replacing("'", with: "'\\''") + "'" }

    // MARK: fish

    private var fishTables: String {
        func quoted(_ text: String) -> String {
            "'" + text.replacing("\\", with: "\\\\").replacing("'", with: "\\'") + "'"
        }
        func table(_ name: String, _ rows: [(CommandOutline, [CommandOutline.Candidate])]) -> String {
            let cases = rows.filter { !$0.1.isEmpty }.map { row in
                let words = row.1.map { "            " + quoted($0.word + "\t" + $0.meaning) }
                return "        case \(quoted(row.0.key))\n            printf '%s\\n' \\\n"
                    + words.joined(separator: " \\\n") + "\n"
            }
            return "function \(name)\n    switch $argv[1]\n\(cases.joined())    end\nend\n\n"
        }
        let all = outline.all
        var kinds =
            "# First the command, then an option, or # and the number of an argument.\nfunction __PROGRAM_kind\n"
        kinds += "    switch \"$argv[1]|$argv[2]\"\n"
        for command in all {
            for (key, kind) in command.valueKinds {
                let words = kind.split(separator: " ").joined(separator: " ")
                kinds += "        case \(quoted("\(command.key)|\(key)"))\n            printf '%s\\n' \(words)\n"
            }
        }
        return table("__PROGRAM_subcommands", all.map { ($0, $0.subcommandCandidates) })
            + table("__PROGRAM_options", all.map { ($0, $0.optionCandidates) })
            + kinds + "    end\nend\n\n"
    }
}

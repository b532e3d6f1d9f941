// The help as people see it.

import Arguments
import Testing

@Suite struct HelpTests {
    private func help(_ words: [String], columns: Int = 80) throws -> String {
        guard case .help(let text) = try CommandLineParser.parse(Forge.self, words, columns: columns) else { return "" }
        return text
    }

    @Test(arguments: [["--help"], ["-h"], ["help"]])
    func ofTheRoot(_ words: [String]) throws {
        #expect(
            try help(words) == """
                A tool to test the parser with.

                USAGE
                  forge <subcommand>

                OPTIONS
                      --version  Show the version.
                  -h, --help     Show this help.

                SUBCOMMANDS
                  train          Fine-tunes a model.
                  inspect        Shows what is in a file.
                  tokenizer      Bytes to ids and back.

                'forge <subcommand> --help' describes one subcommand.
                """)
    }

    @Test(arguments: [["train", "--help"], ["train", "--unknown", "-h"], ["help", "train"]])
    func ofACommandWithGroups(_ words: [String]) throws {
        #expect(
            try help(words) == """
                Fine-tunes a model.

                USAGE
                  forge train --config <file> [options]

                OPTIONS
                  -c, --config <file>            The run's settings. (required)
                      --set <key=value>          Changes one key. (repeatable)
                      --learning-rate <learning-rate>
                      --batch-size <batch-size>  (default: 8)
                      --seed <seed>
                      --split <split>            The split to use. (one of: train, validation,
                                                 test; default: train)
                      --peak <rate>              Peak rate. (default: depends on --split)
                      --[no-]shuffle             Mixes the rows. (default: on)
                  -n, --dry-run
                  -h, --help                     Show this help.

                OUTPUT
                      --json                     Prints one JSON object as the last line.
                      --threads <threads>        Threads to use, 0 for all. (default: 0)
                """)
    }

    @Test func ofPositionalArgumentsAndADiscussion() throws {
        #expect(
            try help(["inspect", "a", "-h"]) == """
                Shows what is in a file.

                USAGE
                  forge inspect [options] <path> [<row>]

                ARGUMENTS
                  <path>                           The file to look at.
                  <row>

                OPTIONS
                      --temperature <temperature>  (default: 1.0)
                  -h, --help                       Show this help.

                A checkpoint shows its tensors, a dataset its rows, and whatever is neither
                shows why it is not.
                  kept   as   it is
                """)
    }

    @Test(arguments: [80, 90, 100])
    func staysInsideItsWidth(_ columns: Int) throws {
        for words in [["train", "-h"], ["inspect", "-h"], ["tokenizer", "train", "-h"]] {
            let widest = try help(words, columns: columns).split(separator: "\n").map(\.count).max()
            #expect(try #require(widest) <= columns)
        }
    }
}

/// A command whose subcommands are grouped, and which has an example.
private struct Grouped: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "shop", abstract: "Groups.", groups: [CommandGroup("Look at it", [Inspect.self])],
        examples: ["shop inspect  file"])
}

@Suite struct GroupedHelpTests {
    @Test func groupsAndExamples() throws {
        guard case .help(let text) = try CommandLineParser.parse(Grouped.self, ["--help"]) else { return }
        #expect(
            text == """
                Groups.

                USAGE
                  shop <subcommand>

                OPTIONS
                  -h, --help  Show this help.

                LOOK AT IT
                  inspect     Shows what is in a file.

                EXAMPLE
                  shop inspect  file

                'shop <subcommand> --help' describes one subcommand.
                """)
    }

    @Test func narrowTerminals() throws {
        guard case .help(let text) = try CommandLineParser.parse(Forge.self, ["train", "-h"], columns: 40) else {
            return
        }
        // Only a line that cannot be broken, a label, may be wider.
        for line in text.split(separator: "\n") where !line.contains("--") { #expect(line.count <= 40, "\(line)") }
    }
}

// `luthier runs`: lists, compares and deletes runs.

import Arguments
import Foundation
import Models
import Reports
import StrictJSON

struct RunsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "runs", abstract: "List, compare and delete the runs in checkpoints/.",
        subcommands: [List.self, Diff.self, Delete.self], defaultSubcommand: List.self,
        examples: ["luthier runs --sort loss", "luthier runs diff weather-1 weather-2"])

    /// Where runs are.
    private static let parent = "checkpoints"

    /// The run of a name, or the folder of one.
    static func folder(_ name: String) throws -> RunFolder {
        let folder = name.contains("/") ? RunFolder(path: name) : try RunFolder(named: name, in: parent)
        guard RunFolder.isRun(folder.path) else {
            let names = RunFolder.all(in: parent).map(\.name)
            let nearest = Suggestion.nearest(to: name, among: names)
            throw ValidationError(
                "\(folder.path) is not a run",
                hint: nearest.map { "did you mean \($0)?" } ?? "`luthier runs` lists what is here")
        }
        return folder
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List runs with their metrics: loss, perplexity, speed, size.",
            examples: ["luthier runs list --sort loss"])
        @Option(help: "Order of the list.") var sort: RunOrder = .date
        @Flag(help: "Print one JSON object as the last line of stdout.") var json = false

        mutating func run() throws {
            let runs = RunTable.sorted(RunRecord.all(in: RunsCommand.parent), by: sort)
            if json {
                Console.json([("runs", RunTable.json(runs))])
            } else if runs.isEmpty {
                Console.message("no runs in \(RunsCommand.parent)/")
            } else {
                Console.output(RunTable.text(runs))
            }
        }
    }

    struct Diff: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show what is different between two runs: their configs, and what came of them.",
            examples: ["luthier runs diff weather-1 weather-2"])
        @Argument(help: ArgumentHelp("Name or folder of a run.", completion: .run)) var first: String
        @Argument(help: ArgumentHelp("Name or folder of another run.", completion: .run)) var second: String
        @Flag(help: "Print one JSON object as the last line of stdout.") var json = false

        mutating func run() throws {
            let difference = RunDifference(
                RunRecord(try RunsCommand.folder(first)), RunRecord(try RunsCommand.folder(second)))
            if json { Console.raw(difference.json.serialized() + "\n") } else { Console.output(difference.text) }
        }
    }

    struct Delete: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Delete runs with all their checkpoints, after a question.",
            examples: ["luthier runs delete weather-1"])
        @Argument(help: ArgumentHelp("Names or folders of runs.", completion: .run)) var runs: [String]
        @Flag(help: "Do not ask.") var yes = false

        mutating func run() throws {
            let records = try runs.map { RunRecord(try RunsCommand.folder($0)) }
            if let busy = records.first(where: \.isRunning) {
                throw ValidationError("\(busy.name) is being trained", hint: "stop it first, with Ctrl-C or kill")
            }
            if !yes {
                Console.output(RunTable.text(records))
                Console.output(
                    "Delete \(records.count == 1 ? "this run" : "these \(records.count) runs") for ever? [y/N] ")
                guard readLine()?.lowercased().hasPrefix("y") == true else {
                    Console.message("nothing was deleted")
                    throw ExitCode(1)
                }
            }
            for record in records {
                try FileManager.default.removeItem(atPath: record.folder.path)
                Console.message("deleted \(record.folder.path)")
            }
        }
    }
}

extension RunOrder: ExpressibleByArgument {}

// `luthier prepare`: checks data, and mends, divides and writes it where that is asked for.

import Arguments
import Datasets
import Foundation
import Kernels
import Preparation
import StrictJSON
import Tokenizer

struct PrepareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prepare", abstract: "Checks data of any format, and mends, divides and writes it.",
        discussion: "Reads JSON lines, JSON arrays, CSV, TSV and plain text, also packed with gzip, and folders of "
            + "them. Files whose names say validation, valid, dev or test belong to that split. Without --fix nothing "
            + "is written.")

    @Argument(help: ArgumentHelp("Files and folders.", valueName: "input"))
    var inputs: [String]
    @Option(help: ArgumentHelp("New folder to write to.", valueName: "folder"))
    var output: String?
    @Flag(help: "Mends the data: asks about each remedy, then writes rows, splits and changes.diff.")
    var fix = false
    @Flag(help: "With --fix: takes every remedy without asking.")
    var yes = false
    @Option(help: ArgumentHelp("A rule whose remedy is not taken; may be repeated.", valueName: "rule"))
    var leave: [String] = []
    @Option(help: ArgumentHelp("File or folder of validation rows; may be repeated.", valueName: "path"))
    var validation: [String] = []
    @Option(help: ArgumentHelp("File or folder of test rows; may be repeated.", valueName: "path"))
    var test: [String] = []
    @Option(help: "Share of the rows for validation, where no file is given for it.")
    var validationFraction: Double = 0.1
    @Option(help: "Share of the rows for test, where no file is given for it.")
    var testFraction: Double = 0
    @Option(help: "Chooses which rows go where.")
    var seed: Int = 1
    @Option(help: "Column or key of the prompt: its name, or its number where there is no header.")
    var promptColumn: String?
    @Option(help: "The same for the answer.")
    var completionColumn: String?
    @Option(help: "How plain text is cut: auto, lines, documents (blank lines between them), files.")
    var text: TextCut = .auto
    @Option(help: ArgumentHelp("Tokenizer to count with; by default one learned from the data.", valueName: "path"))
    var tokenizer: String?
    @Option(help: "Tokens of context of the model that is to be trained.")
    var contextLength: Int = 256
    @Flag(help: "Leaves the search for near duplicates out.")
    var skipNearDuplicates = false
    @Option(help: "Threads; 0 for one a core.")
    var threads: Int = 0
    @Flag(help: "Ends with one JSON object on stdout, in place of the report.")
    var json = false

    mutating func validate() throws(ValidationError) {
        if fix && output == nil { throw ValidationError("--fix writes data", hint: "name a folder with --output") }
        if yes && !fix { throw ValidationError("--yes takes remedies", hint: "add --fix") }
        if fix && !yes && isatty(STDIN_FILENO) != 1 {
            throw ValidationError("--fix asks about each remedy, and stdin is no terminal", hint: "--yes takes all")
        }
        for rule in leave where !Rule.all.contains(where: { $0.name == rule }) {
            let nearest = Suggestion.nearest(to: rule, among: Rule.all.map(\.name))
            throw ValidationError(
                "--leave \(rule): there is no such rule", hint: nearest.map { "did you mean \($0)?" })
        }
        if contextLength < 1 { throw ValidationError("--context-length \(contextLength) must be at least 1") }
        if seed < 0 { throw ValidationError("--seed \(seed) must be at least 0") }
    }

    mutating func run() throws {
        ParallelFor.configure(threads: threads)
        if fix, let output { try Preparer.checkOutput(output) }
        let preparer = try Preparer(request(), progress: PrepareCommand.progress())
        Console.endProgress()
        let report = preparer.report
        if !json { Console.output(report.render()) }
        Console.message(speed(report))
        var members = report.members
        if fix, let output {
            try preparer.fix { item in !leave.contains(item.rule.name) && (yes || ask(item)) }
            Console.endProgress()
            members = try write(preparer, to: output)
        } else if !report.fixable.isEmpty {
            Console.message("nothing was written; --fix mends what can be mended")
        } else {
            Console.message("nothing to mend")
        }
        if json { Console.json(members + (fix ? [("findings", report.findingsJSON)] : [])) }
    }

    /// Shows how far the reading is: in place on a terminal, else in a line now and then.
    private static func progress() -> (String, Int, Int) -> Void {
        var shown = DispatchTime.now().uptimeNanoseconds
        return { phase, bytes, rows in
            let text = "\(bytes / 1_000_000) MB, \(rows) rows \(phase)"
            if Console.isTerminal { return Console.progress(text) }
            let now = DispatchTime.now().uptimeNanoseconds
            guard now - shown > secondsBetweenLines * 1_000_000_000 else { return }
            shown = now
            Console.message(text)
        }
    }

    private static let secondsBetweenLines: UInt64 = 5

    private func request() throws -> PreparationRequest {
        var request = PreparationRequest(inputs: inputs)
        request.validation = validation
        request.test = test
        request.text = text
        request.columns = ColumnChoice(prompt: promptColumn, completion: completionColumn)
        request.tokenizer = try tokenizer.map { path throws(TokenizerError) in try Tokenizer(path: path) }
        request.contextLength = contextLength
        request.shares = SplitShares(validation: validationFraction, test: testFraction, seed: UInt64(seed))
        request.findsNearDuplicates = !skipNearDuplicates
        return request
    }

    private func speed(_ report: PreparationReport) -> String {
        let rate = Double(report.bytes) / 1e6 / max(report.readingSeconds, 1e-9)
        let near =
            skipNearDuplicates
            ? ""
            : "; near duplicates among \(report.kept) rows in "
                + "\(ProgressPrinter.number(report.nearDuplicateSeconds, digits: 2)) s, "
                + "\(Int(Double(report.kept) / max(report.nearDuplicateSeconds, 1e-9) / 1000)) thousand rows a second"
        return "read, checked and encoded \(ProgressPrinter.number(Double(report.bytes) / 1e6, digits: 1)) MB at "
            + "\(ProgressPrinter.number(rate, digits: 1)) MB/s" + near
    }

    /// Asks on the terminal; an empty answer takes the remedy.
    private func ask(_ item: PreparationReport.Item) -> Bool {
        Console.output("\(item.rule.name) (\(item.findings.count)): \(item.rule.fixText)? [Y/n] ")
        guard let answer = readLine() else { return false }
        return !answer.lowercased().hasPrefix("n")
    }

    private func write(_ preparer: Preparer, to folder: String) throws -> [(key: String, value: JSONOutput)] {
        let left = preparer.report
        let written = try preparer.write(to: folder)
        for part in written.parts {
            Console.message("\(part.path): \(part.rows) rows, SHA-256 \(part.sha256.prefix(16))…")
        }
        Console.message(
            "\(left.read) rows read = \(left.kept) kept + \(left.read - left.kept) left out; \(written.changed) of them "
                + "mended one by one; see \(folder)/changes.diff")
        for item in left.findings where item.rule.severity != .note {
            Console.message("left for you: \(item.rule.name), \(item.findings.count)")
        }
        return left.members.filter { $0.key != "findings" }
    }
}

extension TextCut: ExpressibleByArgument {}

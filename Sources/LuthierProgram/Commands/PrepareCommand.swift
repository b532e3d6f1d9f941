// `luthier prepare`: validates a dataset; with --fix also fixes, splits and writes it.

import Arguments
import Datasets
import Foundation
import Kernels
import Preparation
import StrictJSON
import Tokenizer

struct PrepareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prepare", abstract: "Validate a dataset; optionally fix, split and write it.",
        discussion: "Reads JSON lines, JSON arrays, CSV, TSV and plain text, also compressed with gzip, and folders of "
            + "them. Files named validation, valid, dev or test belong to that split. Without --fix nothing is "
            + "written.")

    @Argument(help: ArgumentHelp("Files and folders.", valueName: "input"))
    var inputs: [String]
    @Option(help: ArgumentHelp("New folder for the output.", valueName: "folder"))
    var output: String?
    @Flag(help: "Fix the data: ask about each fix, then write rows, splits and changes.diff.")
    var fix = false
    @Flag(help: "With --fix: apply every fix without asking.")
    var yes = false
    @Option(help: ArgumentHelp("A rule whose fix is not applied.", valueName: "rule"))
    var leave: [String] = []
    @Option(help: ArgumentHelp("File or folder with validation rows.", valueName: "path"))
    var validation: [String] = []
    @Option(help: ArgumentHelp("File or folder with test rows.", valueName: "path"))
    var test: [String] = []
    @Option(help: "Fraction of the rows for validation if no validation file is given.")
    var validationFraction: Double = 0.1
    @Option(help: "Fraction of the rows for test if no test file is given.")
    var testFraction: Double = 0
    @Option(help: "Seed of the random split.")
    var seed: Int = 1
    @Option(help: "Column or key of the prompt: its name, or its number if there is no header.")
    var promptColumn: String?
    @Option(help: "Column or key of the answer.")
    var completionColumn: String?
    @Option(help: "How plain text is divided; documents are separated by blank lines.")
    var text: TextCut = .auto
    @Option(help: ArgumentHelp("Tokenizer for counting; by default one trained on the data.", valueName: "path"))
    var tokenizer: String?
    @Option(help: "Context length of the model to train, in tokens.")
    var contextLength: Int = 256
    @Flag(help: "Skip the search for near duplicates.")
    var skipNearDuplicates = false
    @Option(help: "Number of threads (0 = all cores).")
    var threads: Int = 0
    @Flag(help: "Print one JSON object on stdout instead of the report.")
    var json = false

    mutating func validate() throws(ValidationError) {
        if fix && output == nil { throw ValidationError("--fix writes data", hint: "give a folder with --output") }
        if yes && !fix { throw ValidationError("--yes applies fixes", hint: "add --fix") }
        if fix && !yes && isatty(STDIN_FILENO) != 1 {
            throw ValidationError(
                "--fix asks about each fix, but stdin is not a terminal", hint: "use --yes to apply all fixes")
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
        Machine.prepare(threads: threads)
        if fix, let output { try Preparer.checkOutput(output) }
        let preparer = try Preparer.check(request(), progress: PrepareCommand.progress())
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
            Console.message("nothing was written; use --fix to fix the data")
        } else {
            Console.message("nothing to fix")
        }
        if json { Console.json(members + (fix ? [("findings", report.findingsJSON)] : [])) }
    }

    /// Shows progress: in place on a terminal, otherwise as a line every few seconds.
    static func progress() -> (String, Int, Int) -> Void {
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
                + "\(Int(Double(report.kept) / max(report.nearDuplicateSeconds, 1e-9) / 1000)) thousand rows per second"
        return "read, checked and encoded \(ProgressPrinter.number(Double(report.bytes) / 1e6, digits: 1)) MB at "
            + "\(ProgressPrinter.number(rate, digits: 1)) MB/s" + near
    }

    /// Asks on the terminal; an empty answer applies the fix.
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
            "\(left.read) rows read = \(left.kept) kept + \(left.read - left.kept) dropped; \(written.changed) rows "
                + "fixed individually; see \(folder)/changes.diff")
        for item in left.findings where item.rule.severity != .note {
            Console.message("not fixed: \(item.rule.name), \(item.findings.count)")
        }
        return left.members.filter { $0.key != "findings" }
    }
}

extension TextCut: ExpressibleByArgument {}

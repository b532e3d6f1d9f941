// `luthier prepare`: validates a dataset; with --fix also fixes, splits and writes it.

import Arguments
import Datasets
import Foundation
import Kernels
import Models
import Preparation
import StrictJSON
import Tokenizer

struct PrepareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prepare", abstract: "Validate a dataset; optionally fix, split and write it.",
        discussion: "Reads JSON lines, JSON arrays, CSV, TSV and plain text, also compressed with gzip, and folders of "
            + "them. Files named validation, valid, dev or test belong to that split. Without --fix nothing is "
            + "written.",
        examples: ["luthier prepare questions.csv --output data/questions --fix"])

    @Argument(help: ArgumentHelp("Files and folders.", valueName: "input"))
    var inputs: [String]
    @Option(help: ArgumentHelp("New folder for the output.", valueName: "folder"))
    var output: String?
    @Flag(help: "Fix the data: ask about each fix, then write rows, splits and changes.diff.")
    var fix = false
    @Flag(help: "With --fix: apply every fix that removes little, without asking.")
    var yes = false
    @Option(help: ArgumentHelp("With --fix: a rule whose fix is applied, whatever it removes.", valueName: "rule"))
    var take: [String] = []
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
    @Option(
        help: ArgumentHelp(
            "Character between the fields of a table, or tab; by default found by content.", valueName: "character"))
    var delimiter: String?
    @Option(help: ArgumentHelp("A key or column that may be ignored, whatever it means.", valueName: "key"))
    var ignoreKey: [String] = []
    @Option(help: "How plain text is divided; documents are separated by blank lines.")
    var text: TextCut = .auto
    @Option(help: ArgumentHelp("Tokenizer for counting; by default one trained on the data.", valueName: "path"))
    var tokenizer: String?
    @Option(help: "Context length of the model to train, in tokens.")
    var contextLength: Int = 256
    @Flag(help: "Skip the search for near duplicates.")
    var skipNearDuplicates = false
    @Option(
        help: ArgumentHelp(
            "With --fix: also write the rows with passages of this index, and some that decline.", valueName: "index"))
    var ground: String?
    @Option(help: "Number of threads (0 = all cores).")
    var threads: Int = 0
    @Flag(help: "Print one JSON object on stdout instead of the report.")
    var json = false

    mutating func validate() throws(ValidationError) {
        if fix && output == nil { throw ValidationError("--fix writes data", hint: "give a folder with --output") }
        if ground != nil && !fix { throw ValidationError("--ground writes data", hint: "add --fix") }
        if yes && !fix { throw ValidationError("--yes applies fixes", hint: "add --fix") }
        if fix && !yes && isatty(STDIN_FILENO) != 1 {
            throw ValidationError(
                "--fix asks about each fix, but stdin is not a terminal",
                hint: "use --yes to apply those that remove little")
        }
        if !take.isEmpty && !fix { throw ValidationError("--take applies a fix", hint: "add --fix") }
        for (flag, rules) in [("--leave", leave), ("--take", take)] {
            for rule in rules where !Rule.all.contains(where: { $0.name == rule }) {
                let nearest = Suggestion.nearest(to: rule, among: Rule.all.map(\.name))
                throw ValidationError(
                    "\(flag) \(rule): there is no such rule", hint: nearest.map { "did you mean \($0)?" })
            }
        }
        if let both = take.first(where: leave.contains) {
            throw ValidationError("--take \(both) and --leave \(both) exclude each other")
        }
        if let delimiter, PrepareCommand.delimiter(delimiter) == nil {
            throw ValidationError("--delimiter \(delimiter): one ASCII character or tab is required")
        }
        if contextLength < 1 { throw ValidationError("--context-length \(contextLength) must be at least 1") }
        if seed < 0 { throw ValidationError("--seed \(seed) must be at least 0") }
    }

    mutating func run() throws {
        try Memory.checkLimits(threads: threads)
        Machine.prepare(threads: threads)
        if fix, let output { try Preparer.checkOutput(output) }
        let grounded = try ground.map { try GroundedFiles(index: $0) }
        let preparer = try Preparer.check(request(), progress: PrepareCommand.progress())
        Console.endProgress()
        let report = preparer.report
        if !json { Console.output(report.render()) }
        Console.message(speed(report))
        var members = report.members
        if fix, let output {
            try preparer.fix(keepsRows: take.isEmpty) { item in
                if take.contains(item.rule.name) { return true }
                return !leave.contains(item.rule.name) && (yes ? item.isTaken : ask(item))
            }
            Console.endProgress()
            let remaining: String?
            (members, remaining) = try write(preparer, grounded, to: output)
            if json { Console.json(members + [("findings", report.findingsJSON)]) }
            if remaining != nil { throw ExitCode(1) }
            return
        } else if !report.fixable.isEmpty {
            Console.message("nothing was written; use --fix to fix the data")
        } else {
            Console.message("nothing to fix")
        }
        if json { Console.json(members) }
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
        request.options.delimiter = delimiter.flatMap(PrepareCommand.delimiter)
        request.options.ignoredKeys = Set(ignoreKey)
        request.tokenizer = try tokenizer.map { path throws(TokenizerError) in try Tokenizer(path: path) }
        request.contextLength = contextLength
        request.shares = SplitShares(validation: validationFraction, test: testFraction, seed: UInt64(seed))
        request.findsNearDuplicates = !skipNearDuplicates
        return request
    }

    /// The character that an argument names.
    private static func delimiter(_ text: String) -> UInt8? {
        if text.lowercased() == "tab" || text == "\\t" { return UInt8(ascii: "\t") }
        guard text.utf8.count == 1, let byte = text.utf8.first, byte >= 0x20 || byte == 0x09,
            byte != UInt8(ascii: "\"")
        else { return nil }
        return byte
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

    /// Asks on the terminal. An empty answer applies the fix only if it removes little.
    private func ask(_ item: PreparationReport.Item) -> Bool {
        let harm = item.harm.map { " (\($0))" } ?? ""
        let choice = item.isTaken ? "[Y/n]" : "[y/N]"
        Console.output("\(item.rule.name) (\(item.findings.count)): \(item.rule.fixText)\(harm)? \(choice) ")
        guard let answer = readLine()?.lowercased() else { return false }
        return item.isTaken ? !answer.hasPrefix("n") : answer.hasPrefix("y")
    }

    /// Writes the data, and says what remains.
    ///
    /// - Returns: the members of the JSON object, and what remains; nil if no error does.
    private func write(
        _ preparer: Preparer, _ grounded: GroundedFiles?, to folder: String
    ) throws -> (members: [(key: String, value: JSONOutput)], remaining: String?) {
        let left = preparer.report
        guard left.kept > 0 else { throw PreparationError.nothingLeft(read: left.read) }
        let written = try preparer.write(to: folder)
        for part in written.parts {
            Console.message("\(part.path): \(part.rows) rows, SHA-256 \(part.sha256.prefix(16))…")
        }
        Console.message(
            "\(left.read) rows read = \(left.kept) kept + \(left.read - left.kept) dropped; \(written.changed) rows "
                + "fixed individually; see \(folder)/changes.diff")
        show(written.check)
        var groundedRows: [(key: String, value: JSONOutput)] = []
        if let counts = try grounded?.write(written.parts, in: folder) {
            Console.message(
                "\(folder)/grounded: \(counts.answered) rows with passages that support their answer, \(counts.declined) "
                    + "that decline; \(counts.unsupported) rows have no support in the documents and are not in it")
            groundedRows = [
                ("groundedRows", .integer(counts.answered)), ("decliningRows", .integer(counts.declined)),
                ("unsupportedRows", .integer(counts.unsupported)),
            ]
        }
        let open = left.findings.filter { $0.rule.severity != .note && $0.remains }
        for item in open {
            let how = item.isFixable ? "; --take \(item.rule.name) fixes it" : ""
            let why = item.harm.map { ": \($0)" } ?? ""
            Console.message("not fixed: \(item.rule.name), \(item.findings.count)\(why)\(how)")
        }
        let remaining = left.remaining
        Console.message(remaining.map { "error: \($0)" } ?? "no error remains")
        let members: [(key: String, value: JSONOutput)] = [
            ("changedRows", .integer(written.check.changedCount)), ("extendedRows", .integer(written.check.extended)),
            ("remaining", remaining.map { .string($0) } ?? .null),
        ]
        return (left.members.filter { $0.key != "findings" } + members + groundedRows, remaining)
    }

    /// Lists rows whose characters are not all there any more.
    private func show(_ check: WrittenCheckResult) {
        guard check.changedCount > 0 else { return }
        Console.message("\(check.changedCount) written rows lack characters of their inputs:")
        for row in check.changed.prefix(PrepareCommand.shownRows) {
            Console.message("  \(row.file):\(row.line): \(row.before) -> \(row.after)")
        }
        if check.changedCount > PrepareCommand.shownRows { Console.message("  …") }
    }

    private static let shownRows = 10
}

extension TextCut: ExpressibleByArgument {}

// Checks the rows of one thread and collects their hashes and lengths.

import Datasets
import Tokenizer

/// Collects the part of the index for consecutive records.
struct RowIndexer {
    private let scan: CorpusScan
    private let split: Split?
    private var counter: TokenCounter
    private(set) var entries: [CorpusEntry] = []
    private(set) var prompts = ColumnStatistics()
    private(set) var answers = ColumnStatistics()
    private(set) var labels = LabelCount()
    private(set) var findings = FindingLedger()
    private(set) var signatures = SignatureIndex()
    private(set) var promptSignatures = SignatureIndex()
    private(set) var unreadable = 0
    private(set) var dropped: [String: Int] = [:]
    private(set) var tokens = 0
    /// What the fix of each rule would remove, and the size of the columns.
    private(set) var effects: [String: FixEffect] = [:]
    private(set) var columns = FixEffect()

    private static let textRules = Rule.text.compactMap { rule in
        if case .text(let find, let fix) = rule.work { (name: rule.name, find: find, fix: fix) } else { nil }
    }
    private static let rowRules = Rule.rows.compactMap { rule in
        if case .row(let find, let fix) = rule.work { (name: rule.name, find: find, fix: fix) } else { nil }
    }
    /// Rules that drop rows from which nothing can be learned.
    private static let emptyRules: Set<String> = ["no-answer", "empty-answer"]

    init(scan: CorpusScan, split: Split?) {
        self.scan = scan
        self.split = split
        counter = TokenCounter(tokenizer: scan.tokenizer)
    }

    /// Reads and checks one record.
    mutating func add(
        _ record: RecordRange, number: Int, in bytes: UnsafeBufferPointer<UInt8>, _ parser: RowParser
    ) {
        var found = FindingLedger()
        // A row's place is valid only during this call, so check it here.
        unreadable +=
            parser.rows(of: record, number: number, in: bytes, &found) { row, findings in check(row, &findings) }.count
        if scan.fixer.accepted.contains(Rule.unknownKeys) { found.remove(Rule.unknownKeys) }
        findings.add(found)
    }

    private mutating func check(_ parsed: ParsedRow, _ findings: inout FindingLedger) {
        let fixer = scan.fixer
        let outcome = fixer.fix(parsed.row, id: parsed.id) { row in makeView(row) }
        guard case .kept(let row, _) = outcome else {
            if case .dropped(let rule) = outcome { dropped[rule, default: 0] += 1 }
            return
        }
        let builder = fingerprint(row)
        let view = makeView(row, words: builder.words)
        tokens += view.tokens
        // Places are computed only if they are kept, because that takes time in a large record.
        func report(_ rule: String, _ message: String, at place: () -> (line: Int, column: Int)) {
            func finding() -> Finding {
                let at = place()
                return Finding(file: Int(parsed.id.file), line: at.line, column: at.column, message: message)
            }
            findings.add(rule, finding())
        }
        for part in row.parts {
            part.text.withUnsafeBufferPointer { bytes in
                let text = TextView(bytes)
                columns.count(FixEffect.size(bytes), of: part)
                for rule in RowIndexer.textRules {
                    guard let match = rule.find(text) else { continue }
                    report(rule.name, match.message) { parsed.place.position(of: part.origin, offset: match.offset) }
                    effects[rule.name, default: FixEffect()].add(.change(of: part, to: rule.fix(part.text)))
                }
            }
        }
        for rule in RowIndexer.rowRules {
            guard let match = rule.find(view) else { continue }
            report(rule.name, match.message) {
                match.part.map { parsed.start(of: row.parts[$0]) } ?? (parsed.line, parsed.column)
            }
            effects[rule.name, default: FixEffect()].add(RowIndexer.effect(of: rule.fix, rule.name, on: row))
        }
        index(row, parsed, builder, tokens: view.tokens)
    }

    private static func effect(
        of fix: (@Sendable (Row) -> Row?)?, _ rule: String, on row: Row
    ) -> FixEffect {
        if let fixed = fix?(row) { return .change(of: row, to: fixed) }
        return FixEffect(rows: emptyRules.contains(rule) ? 0 : 1, allRows: 1)
    }

    private mutating func makeView(_ row: Row) -> RowView {
        makeView(row, words: fingerprint(row).words)
    }

    private mutating func makeView(_ row: Row, words: [UInt64]) -> RowView {
        let count = counter.count(row)
        return RowView(
            row: row, tokens: count.total, longestAnswer: count.longestAnswer, contextLength: scan.contextLength,
            words: words)
    }

    private func fingerprint(_ row: Row) -> FingerprintBuilder {
        var builder = FingerprintBuilder()
        for part in row.parts where part.key != "input" || !part.text.isEmpty {
            builder.add(part.text, speaker: Row.speaker(part))
            for member in part.members where !member.isHarmless {
                builder.add(member.json, speaker: FingerprintBuilder.text)
            }
        }
        return builder
    }

    private mutating func index(
        _ row: Row, _ parsed: ParsedRow, _ builder: FingerprintBuilder, tokens: Int
    ) {
        func place(_ at: (line: Int, column: Int)) -> CorpusEntry.Place {
            .init(line: Int32(clamping: at.line), column: Int32(clamping: at.column))
        }
        let own = place((parsed.line, parsed.column))
        var entry = CorpusEntry(
            id: parsed.id, kind: row.kind, split: split, flags: [], place: own, promptPlace: own, answerPlace: own,
            fingerprint: builder.fingerprint, prompt: RowFingerprint(exact: 0, normalized: 0),
            answer: RowFingerprint(exact: 0, normalized: 0), tokens: Int32(clamping: tokens))
        if let last = row.lastAnswer {
            var prompt = FingerprintBuilder()
            var answer = FingerprintBuilder()
            for part in row.parts[..<last] { prompt.add(part.text, speaker: Row.speaker(part)) }
            answer.add(row.parts[last].text, speaker: FingerprintBuilder.speaker(.assistant))
            (entry.prompt, entry.answer) = (prompt.fingerprint, answer.fingerprint)
            entry.flags.insert(.hasAnswer)
            // An input does not replace the instruction: training rejects such a row.
            let asks = row.kind == .instruction ? row.parts[..<1] : row.parts[..<last]
            if asks.allSatisfy({ Rule.isBlank($0.text) }) { entry.flags.insert(.emptyPrompt) }
            entry.answerPlace = place(parsed.start(of: row.parts[last]))
            if let first = row.parts.first { entry.promptPlace = place(parsed.start(of: first)) }
            addColumns(row, last, &entry)
        }
        if scan.findsNearDuplicates { addSignatures(row, builder) }
        entries.append(entry)
    }

    private mutating func addSignatures(_ row: Row, _ builder: FingerprintBuilder) {
        signatures.add(scan.boilerplate.words(of: row, row.parts.indices) ?? builder.words, row: entries.count)
        // Only rows that are split at random are grouped by their prompts.
        guard split == nil, let last = row.lastAnswer else { return }
        let prompt = scan.boilerplate.words(of: row, 0..<last, always: true) ?? []
        // With a short answer, rows with similar prompts are near duplicates anyway.
        guard (builder.words.count - prompt.count) * 10 > prompt.count else { return }
        promptSignatures.add(prompt, row: entries.count)
    }

    private mutating func addColumns(_ row: Row, _ last: Int, _ entry: inout CorpusEntry) {
        let answer = row.parts[last].text
        // A conversation with several answers is not a labelled row.
        if row.parts[..<last].contains(where: \.isAnswer) {
            labels.close()
        } else {
            labels.add(answer, hash: entry.answer.exact)
        }
        guard row.kind == .promptCompletion else { return }
        func isUppercase(_ text: [UInt8]) -> Bool {
            let uppercase = text.count { $0 >= 0x41 && $0 <= 0x5A }
            return ColumnStatistics.isUppercase(uppercase, text.count { $0 >= 0x61 && $0 <= 0x7A })
        }
        let prompt = row.parts[0].text
        if answer.first != 0x20 { entry.flags.insert(.answerLacksSpace) }
        if isUppercase(prompt) { entry.flags.insert(.uppercasePrompt) }
        if isUppercase(answer) { entry.flags.insert(.uppercaseAnswer) }
        prompt.withUnsafeBufferPointer { bytes in
            prompts.add(bytes, candidates: Separators.promptCandidates)
            if scan.endings.prompt.occursInside(bytes) { entry.flags.insert(.separatorInside) }
        }
        answer.withUnsafeBufferPointer { bytes in
            answers.add(bytes, candidates: Separators.answers)
            if scan.endings.answer.occursInside(bytes) { entry.flags.insert(.endingInside) }
        }
    }
}

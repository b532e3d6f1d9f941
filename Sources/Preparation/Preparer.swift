// The whole preparation: check, take remedies until none is left to take, divide, write.

import Datasets
import Foundation
import Kernels
import Tokenizer

/// Checks data and mends it. No text is kept in memory, only an index of the rows: the inputs are read once or twice to be
/// checked, again after every round of remedies, and once more to be written.
public final class Preparer {
    /// Rounds of remedies; each can only leave less to do.
    private static let mostRounds = 16

    public let request: PreparationRequest
    public let files: [InputFile]
    public let tokenizer: Tokenizer
    /// Told the bytes and rows read so far, and what is being done.
    private let progress: (String, Int, Int) -> Void
    private(set) var cleaner = Cleaner()
    private var boilerplate = Boilerplate()
    private var endings = CommonEndings()
    private(set) var corpus: Corpus
    private var verdicts: [String: CorpusVerdict] = [:]
    private var readingSeconds = 0.0
    private var nearDuplicateSeconds = 0.0

    /// Finds the files, learns a tokenizer from them where none is given, reads them all and applies every rule.
    public static func check(
        _ request: PreparationRequest, progress: @escaping (String, Int, Int) -> Void = { _, _, _ in }
    ) throws -> Preparer {
        guard request.shares.validation >= 0, request.shares.test >= 0,
            request.shares.validation + request.shares.test < 1
        else { throw PreparationError.fractions(validation: request.shares.validation, test: request.shares.test) }
        let files = try InputList.files(inputs: request.inputs, validation: request.validation, test: request.test)
        let tokenizer = try request.tokenizer ?? SampleTokenizer.learn(files, request)
        let preparer = Preparer(request, files, tokenizer, progress: progress)
        if request.findsNearDuplicates { preparer.boilerplate = try Boilerplate.find(in: preparer.makeScan()) }
        try preparer.scan()
        return preparer
    }

    private init(
        _ request: PreparationRequest, _ files: [InputFile], _ tokenizer: Tokenizer,
        progress: @escaping (String, Int, Int) -> Void
    ) {
        (self.request, self.files, self.tokenizer, self.progress) = (request, files, tokenizer, progress)
        corpus = Corpus(files: files, tokenizer: tokenizer)
    }

    /// Reads everything as the cleaner leaves it, and applies the rules over all rows.
    private func scan() throws {
        var start = Preparer.now
        corpus = try makeScan().corpus { [progress] bytes, rows in progress("read", bytes, rows) }
        let suiting = endings.adapted(to: corpus)
        if suiting != endings {
            // An ending of their own: whether it stands inside texts takes another look at them.
            endings = suiting
            corpus = try makeScan().corpus { [progress] bytes, rows in progress("read again", bytes, rows) }
        }
        corpus.findings.add(FrozenSplits.changes(files))
        readingSeconds = Preparer.now - start
        start = Preparer.now
        if request.findsNearDuplicates {
            progress("compared", corpus.bytes, corpus.entries.count)
            corpus.nearPairs = NearDuplicates.pairs(corpus.signatures, corpus.entries)
            corpus.nearPrompts = NearDuplicates.pairs(corpus.promptSignatures, corpus.entries)
        }
        nearDuplicateSeconds = Preparer.now - start
        verdicts = [:]
        for rule in Rule.all {
            guard case .corpus(let find) = rule.work else { continue }
            var verdict = CorpusVerdict(rule, corpus)
            find(corpus, &verdict)
            if verdict.findings.count > 0 { verdicts[rule.name] = verdict }
        }
    }

    private func makeScan() -> CorpusScan {
        CorpusScan(
            files: files, text: request.text, columns: request.columns, cleaner: cleaner,
            contextLength: request.contextLength, tokenizer: tokenizer,
            findsNearDuplicates: request.findsNearDuplicates, boilerplate: boilerplate, endings: endings)
    }

    private static var now: Double { Double(DispatchTime.now().uptimeNanoseconds) / 1e9 }

    /// What is known now: at first of the inputs, after `mend` of what is left of them.
    public var report: PreparationReport {
        let items = Rule.all.compactMap { rule -> PreparationReport.Item? in
            let verdict = verdicts[rule.name]
            guard let findings = verdict?.findings ?? corpus.findings.byRule[rule.name] else { return nil }
            return .init(rule: rule, findings: findings, isMendable: isMendable(rule))
        }
        let splits = drawnSplits
        var rows: [Split: Int] = [:]
        for split in splits { rows[split, default: 0] += 1 }
        let leftOut = corpus.leftOut.values.reduce(0, +)
        let labels = corpus.task == .classification ? corpus.labels.byFrequency : []
        return PreparationReport(
            files: files,
            findings: Severity.allCases.flatMap { severity in items.filter { $0.rule.severity == severity } },
            task: corpus.task, read: corpus.entries.count + corpus.unreadable + leftOut, kept: corpus.entries.count,
            leftOut: corpus.leftOut, rows: rows, overlap: verdicts["leak"]?.findings.count ?? 0,
            labels: labels.map { (String(decoding: $0.text, as: UTF8.self), $0.count) }, bytes: corpus.bytes,
            tokens: corpus.tokens, vocabularySize: tokenizer.vocabularySize, readingSeconds: readingSeconds,
            nearDuplicateSeconds: nearDuplicateSeconds)
    }

    private func isMendable(_ rule: Rule) -> Bool {
        switch rule.remedy {
        case .advice: false
        case .necessary: true
        case .offered:
            switch rule.work {
            case .reading, .text, .row: true
            case .corpus: verdicts[rule.name]?.hasRemedy ?? false
            }
        }
    }

    /// The split of each row of the index.
    package var drawnSplits: [Split] {
        var shares = request.shares
        if files.contains(where: { $0.split == .validation }) { shares.validation = 0 }
        if files.contains(where: { $0.split == .test }) { shares.test = 0 }
        return SplitPlan.draw(corpus, shares)
    }

    /// What identifies each row of the index.
    package var identities: [(prompt: UInt64, answer: UInt64, row: UInt64)] {
        corpus.entries.map { ($0.prompt.normalised, $0.answer.exact, $0.fingerprint.exact) }
    }

    // MARK: Remedies

    /// What is settled before what: texts and rows by themselves, then which rows there are, then what all get alike.
    private static let stages: [Set<String>] = [
        Set((Rule.text + Rule.rows).map(\.name)), ["mixed-formats", "empty-prompt", "label-variants"],
        ["duplicate", "conflicting-answers", "leak"], Set(Rule.columns.map(\.name)),
    ]

    /// Takes remedies until none is offered that `accepts` does not refuse. Each rule is asked about once.
    public func mend(accepts: (PreparationReport.Item) -> Bool) throws {
        var decisions: [String: Bool] = [:]
        for _ in 0..<Preparer.mostRounds {
            guard takeNextStage(accepts: accepts, &decisions) else { return }
            try scan()
        }
    }

    /// Takes the remedies of the first stage that offers any; false where none does.
    private func takeNextStage(
        accepts: (PreparationReport.Item) -> Bool, _ decisions: inout [String: Bool]
    ) -> Bool {
        let offered = report.findings.filter { item in
            if case .offered = item.rule.remedy { item.isMendable } else { false }
        }
        for item in offered where decisions[item.rule.name] == nil { decisions[item.rule.name] = accepts(item) }
        let taken = offered.map(\.rule).filter { decisions[$0.name] == true }
        for stage in Preparer.stages {
            let rules = taken.filter { stage.contains($0.name) && !cleaner.accepted.contains($0.name) }
            guard !rules.isEmpty else { continue }
            for rule in rules {
                switch rule.work {
                case .text, .row: cleaner.accepted.insert(rule.name)
                case .corpus:
                    guard let verdict = verdicts[rule.name] else { continue }
                    for id in verdict.drops where cleaner.drops[id] == nil { cleaner.drops[id] = rule.name }
                    cleaner.adjustments += verdict.adjustments
                case .reading: break
                }
            }
            return true
        }
        return false
    }

    /// Makes sure that data can be written to `folder`, before a person waits for it.
    public static func checkOutput(_ folder: String) throws(PreparationError) {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder) else { return }
        let present = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        guard isFolder.boolValue, present.isEmpty else { throw .outputNotEmpty(path: folder) }
    }

    /// Writes what is left to a new or empty folder.
    public func write(to folder: String) throws -> WrittenData {
        try DataWriter(
            scan: makeScan(), corpus: corpus, splits: drawnSplits, shares: request.shares, folder: folder
        ).write()
    }
}

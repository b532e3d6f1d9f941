// The complete preparation: check, apply fixes until none is left, split, write.

import Datasets
import Foundation
import Kernels
import Tokenizer

/// Checks data and fixes it.
///
/// Only an index of the rows is kept in memory, so the inputs are read several times: the beginning for the tokenizer and
/// the boilerplate, everything once or twice for each check, once for each round of fixes, and once to write.
package final class Preparer {
    /// Limit of rounds of fixes; each round leaves less to fix.
    private static let mostRounds = 16

    package let request: PreparationRequest
    package let files: [InputFile]
    /// Files of folders that are not read, because their names say that they are not data.
    package let skipped: [String]
    package let tokenizer: Tokenizer
    /// Called with the current phase, and the bytes and rows read so far.
    private let progress: (String, Int, Int) -> Void
    private(set) var fixer = Fixer()
    private var boilerplate = Boilerplate()
    private var endings = CommonEndings()
    private(set) var corpus: Corpus
    private var verdicts: [String: CorpusVerdict] = [:]
    private var readingSeconds = 0.0
    private var nearDuplicateSeconds = 0.0

    /// Lists the files, trains a tokenizer on them if none is given, reads all rows and applies every rule.
    package static func check(
        _ request: PreparationRequest, progress: @escaping (String, Int, Int) -> Void = { _, _, _ in }
    ) throws -> Preparer {
        guard request.shares.validation >= 0, request.shares.test >= 0,
            request.shares.validation + request.shares.test < 1
        else { throw PreparationError.fractions(validation: request.shares.validation, test: request.shares.test) }
        let (files, skipped) = try InputList.files(
            inputs: request.inputs, validation: request.validation, test: request.test)
        let tokenizer = try request.tokenizer ?? SampleTokenizer.learn(files, request)
        let preparer = Preparer(request, files, skipped, tokenizer, progress: progress)
        if request.findsNearDuplicates { preparer.boilerplate = try Boilerplate.find(in: preparer.makeScan()) }
        try preparer.scan()
        return preparer
    }

    private init(
        _ request: PreparationRequest, _ files: [InputFile], _ skipped: [String], _ tokenizer: Tokenizer,
        progress: @escaping (String, Int, Int) -> Void
    ) {
        (self.request, self.files, self.skipped) = (request, files, skipped)
        (self.tokenizer, self.progress) = (tokenizer, progress)
        corpus = Corpus(files: files, tokenizer: tokenizer)
    }

    /// Reads all rows, applies the accepted fixes, and then applies the rules over all rows.
    private func scan() throws {
        var start = Preparer.now
        corpus = try makeScan().corpus { [progress] bytes, rows in progress("read", bytes, rows) }
        let adapted = endings.adapted(to: corpus)
        if adapted != endings {
            // The data has its own ending: read it again to see whether the ending also occurs inside texts.
            endings = adapted
            corpus = try makeScan().corpus { [progress] bytes, rows in progress("read again", bytes, rows) }
        }
        corpus.framesPairs = request.framesPairs
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
            files: files, text: request.text, options: request.options, fixer: fixer,
            contextLength: request.contextLength, tokenizer: tokenizer,
            findsNearDuplicates: request.findsNearDuplicates, boilerplate: boilerplate, endings: endings)
    }

    private static var now: Double { Double(DispatchTime.now().uptimeNanoseconds) / 1e9 }

    /// The current state: of the inputs at first, after `fix` of the remaining rows.
    package var report: PreparationReport {
        let items = Rule.all.compactMap { rule -> PreparationReport.Item? in
            let verdict = verdicts[rule.name]
            guard let findings = verdict?.findings ?? corpus.findings.byRule[rule.name] else { return nil }
            let harm = effect(of: rule)?.harm(kept: corpus.entries.count, total: corpus.columns)
            return .init(rule: rule, findings: findings, isFixable: isFixable(rule), harm: harm)
        }
        let splits = drawnSplits
        var rows: [Split: Int] = [:]
        for split in splits { rows[split, default: 0] += 1 }
        let dropped = corpus.dropped.values.reduce(0, +)
        let labels = corpus.task == .classification ? corpus.labels.byFrequency : []
        return PreparationReport(
            files: files, skipped: skipped,
            findings: Severity.allCases.flatMap { severity in items.filter { $0.rule.severity == severity } },
            task: corpus.task, read: corpus.entries.count + corpus.unreadable + dropped, kept: corpus.entries.count,
            dropped: corpus.dropped, rows: rows, overlap: verdicts["leak"]?.findings.count ?? 0,
            labels: labels.map { (String(decoding: $0.text, as: UTF8.self), $0.count) }, bytes: corpus.bytes,
            tokens: corpus.tokens, vocabularySize: tokenizer.vocabularySize, readingSeconds: readingSeconds,
            nearDuplicateSeconds: nearDuplicateSeconds)
    }

    private func isFixable(_ rule: Rule) -> Bool {
        switch rule.fix {
        case .advice: false
        case .always: true
        case .optional, .offered:
            switch rule.work {
            case .reading, .text, .row: true
            case .corpus: verdicts[rule.name]?.isFixable ?? false
            }
        }
    }

    /// What the fix of a rule would remove; nil if it has none.
    private func effect(of rule: Rule) -> FixEffect? {
        guard isFixable(rule) else { return nil }
        guard let verdict = verdicts[rule.name] else { return corpus.effects[rule.name] }
        var effect = FixEffect()
        effect.allRows = verdict.drops.count
        if Preparer.lossyDrops.contains(rule.name) { effect.rows = verdict.drops.count }
        for fix in verdict.fixes { effect.add(fix.effect(on: corpus)) }
        return effect
    }

    /// Rules over all rows that drop rows which say something that no other row says.
    private static let lossyDrops: Set<String> = ["conflicting-answers"]

    /// The split of each row in the index.
    package var drawnSplits: [Split] {
        var shares = request.shares
        if files.contains(where: { $0.split == .validation }) { shares.validation = 0 }
        if files.contains(where: { $0.split == .test }) { shares.test = 0 }
        return SplitPlan.draw(corpus, shares)
    }

    /// Hashes that identify each row in the index.
    package var identities: [(prompt: UInt64, answer: UInt64, row: UInt64)] {
        corpus.entries.map { ($0.prompt.normalized, $0.answer.exact, $0.fingerprint.exact) }
    }

    // MARK: Fixes

    /// The order of fixes: single texts and rows, then which rows remain, then changes to all rows.
    private static let stages: [Set<String>] = [
        Set((Rule.text + Rule.rows).map(\.name) + [Rule.unknownKeys]),
        ["mixed-formats", "empty-prompt", "label-variants"],
        ["duplicate", "conflicting-answers", "leak"], Set(Rule.columns.map(\.name)),
    ]

    /// Applies fixes until none is left that `accepts` allows. `accepts` is called once for each rule.
    ///
    /// - Parameter keepsRows: whether fixes that together leave no row are undone.
    package func fix(keepsRows: Bool = false, accepts: (PreparationReport.Item) -> Bool) throws {
        var decisions: [String: Bool] = [:]
        for _ in 0..<Preparer.mostRounds {
            let (before, hadRows) = (fixer, !corpus.entries.isEmpty)
            guard let rules = acceptNextStage(accepts: accepts, &decisions) else { return }
            try scan()
            guard keepsRows, hadRows, corpus.entries.isEmpty else { continue }
            for rule in rules { decisions[rule] = false }
            fixer = before
            try scan()
        }
    }

    /// Accepts the fixes of the first stage that has any, and returns their rules; nil if none has.
    private func acceptNextStage(
        accepts: (PreparationReport.Item) -> Bool, _ decisions: inout [String: Bool]
    ) -> [String]? {
        let offered = report.findings.filter { item in
            switch item.rule.fix {
            case .optional, .offered: item.isFixable
            case .advice, .always: false
            }
        }
        for item in offered where decisions[item.rule.name] == nil { decisions[item.rule.name] = accepts(item) }
        let accepted = offered.map(\.rule).filter { decisions[$0.name] == true }
        for stage in Preparer.stages {
            let rules = accepted.filter { stage.contains($0.name) && !fixer.accepted.contains($0.name) }
            guard !rules.isEmpty else { continue }
            for rule in rules {
                switch rule.work {
                case .text, .row, .reading: fixer.accepted.insert(rule.name)
                case .corpus:
                    guard let verdict = verdicts[rule.name] else { continue }
                    for id in verdict.drops where fixer.drops[id] == nil { fixer.drops[id] = rule.name }
                    fixer.corpusFixes += verdict.fixes
                }
            }
            return rules.map(\.name)
        }
        return nil
    }

    /// Checks that data can be written to `folder`, before the long work starts.
    package static func checkOutput(_ folder: String) throws(PreparationError) {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder) else { return }
        let present = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        guard isFolder.boolValue, present.isEmpty else { throw .outputNotEmpty(path: folder) }
    }

    /// Writes the remaining rows to a new or empty folder.
    package func write(to folder: String) throws -> WrittenData {
        let splits = drawnSplits
        var written = try DataWriter(
            scan: makeScan(), corpus: corpus, splits: splits, shares: request.shares, folder: folder
        ).write()
        written.check = try WrittenCheck(
            scan: makeScan(), corpus: corpus, splits: splits, written: written.parts
        ).run()
        return written
    }
}

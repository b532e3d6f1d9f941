// A run's data: files read, split, encoded, fingerprinted, and accounted for line by line.

import Checkpoint
import Conversations
import Datasets
import Evaluation
import Foundation
import StrictJSON
import Tokenizer

/// Documents of all splits, before they are encoded.
package struct RunDocuments: Sendable {
    package let splits: [Split: [Document]]
    /// SHA-256 over the files' contents in the order in which they are named.
    package let hash: String
    /// What the documents depend on: the files' contents, and how they were cut and divided.
    package let contentKey: String
    /// The default template for the rows if the config names none; nil if there are only texts.
    package let defaultTemplate: ChatTemplate?
    /// A file as it was read.
    struct SourceFile {
        let path: String
        let split: Split
        let bytes: Int
        let lines: Int
        /// SHA-256 of its content, which is that of the file where nothing was normalized.
        let hash: String
        /// What was normalized in it.
        let changes: [String]
    }

    /// Each file read, in order.
    let files: [SourceFile]
    /// How often each key of rows was ignored because it is harmless or the config names it.
    let ignoredKeys: [String: Int]
    /// Files of folders that are not read, because their names say that they are not data.
    let skipped: [String]
    /// Rows of `data.safetyMix` among those of training.
    let safetyRows: Int

    /// Reads every file that `config` names. A split without its own files is taken from the training files.
    ///
    /// - Parameter readsJudgements: whether rows may say which answers are better.
    package static func read(
        _ config: RunConfig.DataSection, readsJudgements: Bool = false
    ) throws -> RunDocuments {
        var files: [SourceFile] = []
        var digest = SHA256Digest()
        var ignoredKeys: [String: Int] = [:]
        var skipped: [String] = []
        func read(_ path: String, _ split: Split) throws -> [Document] {
            let file = try TextFile(path: path)
            file.bytes.withUnsafeBytes { digest.update($0) }
            var lines = file.bytes.count { $0 == 0x0A }
            if let last = file.bytes.last, last != 0x0A { lines += 1 }
            files.append(
                SourceFile(
                    path: path, split: split, bytes: file.bytes.count, lines: lines,
                    hash: SHA256Digest.hex(of: file.bytes), changes: file.changes))
            let reading = try Document.reading(
                of: file, format: config.format, ignoring: Set(config.ignoreKeys), readsJudgements: readsJudgements)
            for (key, count) in reading.ignoredKeys { ignoredKeys[key, default: 0] += count }
            return reading.documents
        }
        func read(_ paths: [String], _ split: Split) throws -> [Document] {
            var documents: [Document] = []
            for path in paths {
                let found = try FileList.find(at: path)
                skipped += found.skipped
                var parts: [[Document]] = []
                for file in found.files { parts.append(try read(file, split)) }
                try Document.checkKinds(zip(found.files, parts), folder: path)
                documents += parts.flatMap { $0 }
            }
            return documents
        }
        let train = try read(config.train, .train)
        let validation = try read(config.validation, .validation)
        let test = try read(config.test, .test)
        let fractions = SplitFractions(
            validation: config.validation.isEmpty ? config.validationFraction : 0,
            test: config.test.isEmpty ? config.testFraction : 0, seed: UInt64(config.splitSeed))
        var splits = try fractions.divide(train)
        let own = splits[.train, default: []].count
        splits[.train] = try SafetyMix.mixed(splits[.train, default: []], share: config.safetyMix)
        let mixed = splits[.train, default: []].count - own
        if mixed > 0 { SafetyMix.bytes.withUnsafeBytes { digest.update($0) } }
        splits[.validation, default: []] += validation
        splits[.test, default: []] += test
        // What a local function has captured cannot be consumed: debug builds refuse it.
        var finished = SHA256Digest()
        swap(&finished, &digest)
        let hash = SHA256Digest.hexadecimal(finished.finish())
        let contentKey =
            "\(hash) \(config.format.rawValue) \(fractions.validation) \(fractions.test) \(fractions.seed) "
            + files.map { "\($0.split.rawValue) \($0.path)" }.joined(separator: " ")
            + config.ignoreKeys.map { " without \($0)" }.joined() + (mixed > 0 ? " with \(mixed)" : "")
        return RunDocuments(
            splits: splits, hash: hash, contentKey: contentKey,
            defaultTemplate: (train + validation + test).lazy.compactMap(\.defaultTemplate).first, files: files,
            ignoredKeys: ignoredKeys, skipped: skipped, safetyRows: mixed)
    }

    /// The documents of one split.
    package subscript(split: Split) -> [Document] { splits[split] ?? [] }

    /// What was not read, a line each.
    fileprivate var remarks: [String] {
        var lines: [String] = []
        if safetyRows > 0 {
            lines.append("safety mix: \(safetyRows) of the \(self[.train].count) training rows are Luthier's own")
        }
        if !ignoredKeys.isEmpty {
            let keys = ignoredKeys.sorted { $0.key < $1.key }.map { "\($0.key) (\($0.value))" }
            lines.append("ignored keys: \(keys.joined(separator: ", "))")
        }
        let normalized = files.filter { !$0.changes.isEmpty }
        if !normalized.isEmpty {
            let names = normalized.prefix(3).map { "\($0.path) (\($0.changes.joined(separator: ", ")))" }
            lines.append(
                "normalized: \(names.joined(separator: ", "))"
                    + (normalized.count > 3 ? " and \(normalized.count - 3) more" : ""))
        }
        if !skipped.isEmpty { lines.append("not read, because not data: \(skipped.joined(separator: ", "))") }
        return lines
    }

    /// The texts of one split, for a tokenizer to learn from: turns as the template frames them.
    func texts(of split: Split, template: ChatTemplate) -> [[UInt8]] {
        let specials = template == .tokens ? SpecialTokens(texts: ChatTemplate.tokenMarks) : SpecialTokens()
        return self[split].flatMap { document -> [[UInt8]] in
            switch document.content {
            case .stream(let bytes), .text(let bytes): return [bytes]
            case .conversation(let messages):
                // A conversation that the template refuses is an error where it is encoded.
                let pieces = (try? template.pieces(messages, specials)) ?? []
                return pieces.reduce(into: [[]]) { texts, piece in
                    switch piece.content {
                    case .text(let bytes): texts[texts.count - 1] += bytes
                    case .endOfText: break
                    // No token contains a mark.
                    case .token: texts.append([])
                    }
                }
            }
        }
    }

    /// Throws if an answer of training contains a text at which the template ends answers.
    func checkStopTexts(_ template: ChatTemplate) throws(DatasetError) {
        guard !template.stop.isEmpty else { return }
        for document in self[.train] {
            guard case .conversation(let messages) = document.content,
                let stop = template.stopText(in: messages)
            else { continue }
            throw .stopText(path: document.path, line: document.line, template: template.name, text: stop)
        }
    }
}

/// The same as tokens.
package struct RunData: Sendable {
    package let splits: [Split: TokenizedText]
    package let hash: String
    /// `ledger.json`: how every file, document and token was used.
    package let ledger: JSONOutput
    /// One line for people about each split.
    package let summary: [String]
    /// The hashes by which training rows are recognised.
    package let trainingRows: TrainingRows
    /// How many rows of the other splits also occur in training.
    package let overlap: [Split: TrainingRows.Overlap]

    /// Encodes all splits. Training texts that are separate documents end with the end-of-text token, so that the
    /// model learns to stop; in validation and test nothing is added to a text, by the definition of perplexity, and
    /// prompts carry no loss.
    ///
    /// - Parameter cache: where the tokens of large splits are kept; nil for nowhere.
    package static func encode(
        _ documents: RunDocuments, tokenizer: Tokenizer, _ options: EncodingOptions, cache: TokenCache? = nil
    ) throws(DatasetError) -> RunData {
        var splits: [Split: TokenizedText] = [:]
        for split in Split.allCases where !documents[split].isEmpty {
            var options = options
            options.endsTexts = split == .train
            if split != .train { options.promptLossWeight = 0 }
            let size = documents[split].reduce(0) { $0 + $1.byteCount }
            if let cache, size >= TokenCache.smallestBytes {
                splits[split] = try cache.tokens(
                    of: documents[split], name: split.rawValue, content: "\(documents.contentKey) \(split.rawValue)",
                    tokenizer: tokenizer, options)
            } else {
                splits[split] = try TokenizedText(documents[split], tokenizer: tokenizer, options)
            }
        }
        let trainingRows = TrainingRows(documents[.train])
        return RunData(
            splits: splits, hash: documents.hash, ledger: ledger(documents, splits),
            summary: Split.allCases.compactMap { split in
                splits[split].map { sentence(split, documents[split].count, $0) }
            } + documents.remarks,
            trainingRows: trainingRows,
            overlap: [Split.validation, .test].reduce(into: [:]) { $0[$1] = trainingRows.overlap(documents[$1]) })
    }

    /// `train: 900 documents read = 890 full + 6 cut + 4 dropped; 12345 tokens, 2345 of them learned`.
    private static func sentence(_ split: Split, _ read: Int, _ text: TokenizedText) -> String {
        let learned = text.predictionCount
        return "\(split.rawValue): \(read) documents read = \(text.documentCount - text.cut.count) full "
            + "+ \(text.cut.count) cut + \(text.dropped.count) dropped; \(text.tokens.count) tokens, "
            + "\(learned) of them \(split == .train ? "learned" : "measured")"
    }

    private static func ledger(_ documents: RunDocuments, _ splits: [Split: TokenizedText]) -> JSONOutput {
        let files = documents.files.map { file -> JSONOutput in
            var members: [(key: String, value: JSONOutput)] = [
                ("file", .string(file.path)), ("split", .string(file.split.rawValue)),
                ("lines", .integer(file.lines)), ("bytes", .integer(file.bytes)), ("sha256", .string(file.hash)),
            ]
            if !file.changes.isEmpty { members.append(("normalized", .array(file.changes.map { .string($0) }))) }
            return JSONOutput.object(members)
        }
        func remarks(_ list: [TokenizedText.Remark]) -> JSONOutput {
            .array(
                list.map {
                    .object([("file", .string($0.path)), ("line", .integer($0.line)), ("reason", .string($0.reason))])
                })
        }
        let parts = Split.allCases.compactMap { split -> (key: String, value: JSONOutput)? in
            guard let text = splits[split] else { return nil }
            let full = text.documentCount - text.cut.count
            return (
                key: split.rawValue,
                value: .object([
                    ("read", .integer(documents[split].count)), ("trained", .integer(full)),
                    ("cut", .integer(text.cut.count)), ("dropped", .integer(text.dropped.count)),
                    ("bytes", .integer(documents[split].reduce(0) { $0 + $1.byteCount })),
                    ("tokens", .integer(text.tokens.count)), ("predictions", .integer(text.predictionCount)),
                    ("cutDocuments", remarks(text.cut)), ("droppedDocuments", remarks(text.dropped)),
                ])
            )
        }
        var members: [(key: String, value: JSONOutput)] = [
            ("sha256", .string(documents.hash)), ("files", .array(files)), ("splits", .object(parts)),
        ]
        if documents.safetyRows > 0 { members.append(("safetyMixRows", .integer(documents.safetyRows))) }
        if !documents.ignoredKeys.isEmpty {
            let keys = documents.ignoredKeys.sorted { $0.key < $1.key }
            members.append(("ignoredKeys", .object(keys.map { ($0.key, .integer($0.value)) })))
        }
        if !documents.skipped.isEmpty {
            members.append(("skippedFiles", .array(documents.skipped.map { .string($0) })))
        }
        return .object(members)
    }
}

extension RunConfig {
    /// How this run's documents become tokens.
    ///
    /// - Parameter template: the config's, or the default for the data.
    package func encodingOptions(template: ChatTemplate, contextLength: Int) -> EncodingOptions {
        var options = EncodingOptions()
        options.startToken = data.startToken
        options.template = template
        options.promptLossWeight = Float(data.promptLossWeight)
        options.overlong = data.overlong
        options.contextLength = contextLength
        options.dropsRowsWithoutLoss = data.rowsWithoutLoss == "drop"
        return options
    }
}

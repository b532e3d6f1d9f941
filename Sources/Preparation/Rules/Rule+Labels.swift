// Rules over the rows of all files, and rules about labels.

import Datasets

extension Rule {
    /// Fewer rows than this are reported.
    static let fewExamples = 100

    static let tooFew = Rule(
        "few-examples", .note, effect: "little can be learned, and metrics over so few rows are unreliable",
        .advice("start with a few hundred rows; each doubling helps about as much as the previous one"),
        .corpus { corpus, verdict in
            guard let first = corpus.entries.first, corpus.entries.count < fewExamples else { return }
            verdict.add(first, "\(corpus.entries.count) rows")
        })

    static let mixedFormats = Rule(
        "mixed-formats", .error, effect: "training takes rows of one format, because each format has its own template",
        .optional("keep rows of the most common format, drop all others"),
        .corpus { corpus, verdict in
            let main = corpus.mainKind
            for entry in corpus.entries where entry.kind != main {
                verdict.add(entry, "a \(entry.kind.rawValue) row; most rows are \(main.rawValue) rows")
            }
            if verdict.findings.count > 0 { verdict.fixes = [.onlyKind(main)] }
        })

    static let emptyPrompts = Rule(
        "empty-prompt", .warning, effect: "the model learns an answer without a question",
        .optional("drop the row"),
        .corpus { corpus, verdict in
            // Texts may follow empty prompts, but training rejects an empty instruction.
            let isOpen = corpus.task == .openEnded
            for entry in corpus.entries
            where entry.flags.contains(.emptyPrompt) && (entry.kind == .instruction || !isOpen) {
                verdict.add(entry, entry.promptPlace, "the prompt is empty")
                verdict.drops.append(entry.id)
            }
        })

    static let labels = [
        Rule(
            "label-variants", .warning,
            effect: "one class is learned as two, and each counts as wrong for the other",
            .optional("use the most common spelling everywhere"),
            .corpus { corpus, verdict in
                guard corpus.task == .classification else { return }
                for (best, others) in corpus.labelVariants {
                    let variants = Set(others.map { CorpusScan.answerHash($0.text) })
                    for entry in corpus.answering where variants.contains(entry.answer.exact) {
                        verdict.add(
                            entry, entry.answerPlace,
                            "another spelling of the label \"\(shown(best.text))\" of \(best.count) rows")
                    }
                    verdict.fixes += variants.sorted().map { .renameAnswer(from: $0, to: best.text) }
                }
            }),
        Rule(
            "shared-first-token", .note,
            effect:
                "none here, because complete labels are compared; a program that uses one token cannot distinguish them",
            .advice("labels with different first tokens are the fastest to classify"),
            .corpus { corpus, verdict in
                guard corpus.task == .classification else { return }
                var byToken: [Int32: [LabelCount.Label]] = [:]
                for label in corpus.labels.byFrequency {
                    guard let token = try? corpus.tokenizer.encode(label.text).first else { continue }
                    byToken[token, default: []].append(label)
                }
                for group in byToken.values.filter({ $0.count > 1 }).sorted(by: {
                    $0[0].text.lexicographicallyPrecedes($1[0].text)
                }) {
                    guard let entry = corpus.firstEntry(with: group[1]) else { continue }
                    let names = group.map { "\"\(shown($0.text))\"" }.sorted().joined(separator: ", ")
                    verdict.add(entry, entry.answerPlace, "the labels \(names) start with the same token")
                }
            }),
        Rule(
            "class-imbalance", .warning,
            effect: "the model can be right most of the time without knowing the rare class",
            .advice("collect more rows of the rare class; judge by the F1 of each class, not by accuracy"),
            .corpus { corpus, verdict in
                let labels = corpus.labels.byFrequency
                guard corpus.task == .classification, let first = labels.first else { return }
                for label in labels.reversed() where label.count * 10 < first.count {
                    guard let entry = corpus.firstEntry(with: label) else { continue }
                    verdict.add(
                        entry, entry.answerPlace,
                        "the label \"\(shown(label.text))\" has \(label.count) rows, \"\(shown(first.text))\" \(first.count)"
                    )
                }
            }),
    ]
}

extension Corpus {
    /// Labels that differ only in case, punctuation or white space: the most common spelling, and the others.
    var labelVariants: [(best: LabelCount.Label, others: [LabelCount.Label])] {
        var groups: [UInt64: [LabelCount.Label]] = [:]
        for label in labels.byFrequency {
            var builder = FingerprintBuilder()
            builder.add(label.text, speaker: 0)
            groups[builder.fingerprint.normalized, default: []].append(label)
        }
        return groups.values.filter { $0.count > 1 }.map { ($0[0], Array($0.dropFirst())) }
            .sorted { $0.best.text.lexicographicallyPrecedes($1.best.text) }
    }

    func firstEntry(with label: LabelCount.Label) -> CorpusEntry? {
        let hash = CorpusScan.answerHash(label.text)
        return answering.first { $0.answer.exact == hash }
    }
}

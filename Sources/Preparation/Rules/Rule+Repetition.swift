// Rules about repeated rows: in one split, across splits, and with different answers.

import Datasets

extension Rule {
    static let repetition = [
        Rule(
            "duplicate", .warning, effect: "the row counts twice in training",
            .optional("drop all but the first"),
            .corpus { corpus, verdict in
                var seen: [SplitHash: Int] = [:]
                for (index, entry) in corpus.entries.enumerated() {
                    let key = SplitHash(split: entry.givenSplit, hash: entry.fingerprint.exact)
                    if let first = seen[key] {
                        verdict.add(entry, "the same row as \(verdict.name(corpus.entries[first]))")
                        verdict.drops.append(entry.id)
                    } else {
                        seen[key] = index
                    }
                }
            }),
        Rule(
            "conflicting-answers", .warning,
            effect: "the model learns several answers to one question, and can be right only by chance",
            .optional("for classification, drop rows without the most common answer to their prompt"),
            .corpus { corpus, verdict in findConflicts(corpus, &verdict) }),
        Rule(
            "leak", .error, effect: "the row is evaluated after it was learned, so the metrics are too good",
            .optional("drop the row from validation and test"),
            .corpus { corpus, verdict in findLeaks(corpus, &verdict) }),
        Rule(
            "near-duplicate", .note, effect: "the rows count nearly twice; across splits they are a leak",
            .advice("random splits keep such rows together"),
            .corpus { corpus, verdict in
                var known = Set<Int32>()
                for pair in corpus.nearPairs {
                    let (first, second) = (corpus.entries[Int(pair.first)], corpus.entries[Int(pair.second)])
                    guard first.givenSplit == second.givenSplit,
                        first.fingerprint.exact != second.fingerprint.exact, known.insert(pair.second).inserted
                    else { continue }
                    verdict.add(second, "nearly the same as \(verdict.name(first))")
                }
            }),
    ]

    private struct SplitHash: Hashable {
        let split: Split
        let hash: UInt64
    }

    private static func findConflicts(_ corpus: Corpus, _ verdict: inout CorpusVerdict) {
        var byPrompt: [UInt64: [Int]] = [:]
        for (index, entry) in corpus.entries.enumerated()
        where entry.flags.contains(.hasAnswer) && !entry.flags.contains(.emptyPrompt) {
            byPrompt[entry.prompt.normalized, default: []].append(index)
        }
        let isClassification = corpus.task == .classification
        // A single prompt for all rows is reported by another rule.
        let groups = byPrompt.values.filter { $0.count > 1 && byPrompt.count > 1 }.sorted { $0[0] < $1[0] }
        for group in groups {
            var counts: [UInt64: Int] = [:]
            for index in group { counts[corpus.entries[index].answer.normalized, default: 0] += 1 }
            guard counts.count > 1 else { continue }
            let most = counts.values.max() ?? 0
            let winners = counts.filter { $0.value == most }
            let first = corpus.entries[group[0]]
            for index in group {
                let entry = corpus.entries[index]
                if entry.answer.normalized != first.answer.normalized {
                    verdict.add(
                        entry, entry.answerPlace, "\(verdict.name(first)) has the same prompt and another answer")
                }
                // If no answer is more common than the others, the right one is unknown.
                if isClassification, winners.count > 1 || winners[entry.answer.normalized] == nil {
                    verdict.drops.append(entry.id)
                }
            }
        }
    }

    private static func findLeaks(_ corpus: Corpus, _ verdict: inout CorpusVerdict) {
        var (exact, normalized): ([UInt64: Int], [UInt64: Int]) = ([:], [:])
        for (index, entry) in corpus.entries.enumerated() where entry.givenSplit == .train {
            if exact[entry.fingerprint.exact] == nil { exact[entry.fingerprint.exact] = index }
            if normalized[entry.fingerprint.normalized] == nil { normalized[entry.fingerprint.normalized] = index }
        }
        var near: [Int: Int] = [:]
        for pair in corpus.nearPairs {
            for (here, there) in [(Int(pair.first), Int(pair.second)), (Int(pair.second), Int(pair.first))]
            where corpus.entries[there].givenSplit == .train { near[here] = min(near[here] ?? .max, there) }
        }
        for (index, entry) in corpus.entries.enumerated() where entry.givenSplit != .train {
            let found: (Int, String)? =
                exact[entry.fingerprint.exact].map { ($0, "is also in training") }
                ?? normalized[entry.fingerprint.normalized].map {
                    ($0, "is in training with different case, punctuation or white space")
                } ?? near[index].map { ($0, "has a near duplicate in training") }
            guard let (other, how) = found else { continue }
            verdict.add(
                entry, "this \(entry.givenSplit.rawValue) row \(how): \(verdict.name(corpus.entries[other]))")
            verdict.drops.append(entry.id)
        }
    }
}

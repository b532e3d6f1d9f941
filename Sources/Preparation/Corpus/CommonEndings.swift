// Detects whether the ending of all prompts, or of all answers, also occurs inside one: then it no longer marks the end.

/// The ending of one column.
struct ColumnEnding: Sendable, Equatable {
    /// Well-known endings, which are always checked.
    let usual: [[UInt8]]
    /// The common ending of all texts if it is not a well-known one; known after the first reading.
    var own: [UInt8] = []

    /// Whether a text ends with one of them and contains it at another place too.
    func occursInside(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        (own.isEmpty ? usual : [own]).contains { ending in
            text.count > ending.count && text[(text.count - ending.count)...].elementsEqual(ending)
                && ColumnStatistics.occurrences(text, ending, limit: 2) > 1
        }
    }

    /// The endings to check if all texts end with `common`.
    func adapted(to common: [UInt8]) -> ColumnEnding {
        ColumnEnding(usual: usual, own: usual.contains { common.hasSuffix($0) } ? [] : common)
    }
}

/// The endings of both columns.
struct CommonEndings: Sendable, Equatable {
    var prompt = ColumnEnding(usual: Separators.prompts + [Separators.lastPrompt])
    var answer = ColumnEnding(usual: Separators.answers + [Separators.lastAnswer])

    func adapted(to corpus: Corpus) -> CommonEndings {
        guard corpus.pairs.count > 1 else { return self }
        return CommonEndings(
            prompt: prompt.adapted(to: corpus.prompts.commonSuffix),
            answer: answer.adapted(to: corpus.answers.commonSuffix))
    }
}

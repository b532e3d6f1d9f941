// Whether the text that ends all prompts, or all answers, also stands inside one: then it no longer says that it ends.

/// The ending of one column.
struct ColumnEnding: Sendable, Equatable {
    /// Endings that are looked for in any case.
    let usual: [[UInt8]]
    /// What all texts end with, where that is none of these; known only after a first reading.
    var own: [UInt8] = []

    /// Whether a text ends with one of them and has it in another place too.
    func standsInside(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        (own.isEmpty ? usual : [own]).contains { ending in
            text.count > ending.count && text[(text.count - ending.count)...].elementsEqual(ending)
                && ColumnStatistics.occurrences(text, ending, limit: 2) > 1
        }
    }

    /// The ending to look for, if all texts end like this.
    func adapted(to common: [UInt8]) -> ColumnEnding {
        ColumnEnding(usual: usual, own: usual.contains { common.hasSuffix($0) } ? [] : common)
    }
}

/// Both columns'.
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

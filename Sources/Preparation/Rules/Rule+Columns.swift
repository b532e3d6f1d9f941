// What all prompts or all completions have in common, or lack: the checks of the original prepare_data.

import Datasets

/// Texts that can stand at the end of every prompt or completion.
enum Separators {
    /// Those that OpenAI's prepare_data tried, in its order.
    static let prompts = [" ->", "\n\n###\n\n", "\n\n===\n\n", "\n\n---\n\n", "\n\n===>\n\n", "\n\n--->\n\n"]
        .map { Array($0.utf8) }
    static let lastPrompt = Array("\n\n### =>\n\n".utf8)
    static let answers = ["\n", ".", " END", "***", "+++", "&&&", "$$$", "@@@", "%%%"].map { Array($0.utf8) }
    static let lastAnswer = Array(" [END]".utf8)
    /// A line feed, which rules the first prompt separator out.
    static let lineFeed = UInt32(1) << UInt32(prompts.count)

    /// What is looked for inside prompts: the separators, and a line feed.
    static let promptCandidates = prompts + [[0x0A]]

    static func forPrompts(occurring: UInt32) -> [UInt8] {
        for (index, separator) in prompts.enumerated() where occurring & (1 << UInt32(index)) == 0 {
            if index == 0, occurring & lineFeed != 0 { continue }
            return separator
        }
        return lastPrompt
    }

    static func forAnswers(occurring: UInt32) -> [UInt8] {
        for (index, ending) in answers.enumerated() where occurring & (1 << UInt32(index)) == 0 { return ending }
        return lastAnswer
    }
}

extension Rule {
    /// Whether an ending is longer than the original's ten characters.
    private static func isLong(_ ending: [UInt8]) -> Bool { String(decoding: ending, as: UTF8.self).count > 10 }

    static let columns = [
        Rule(
            "identical-prompts", .error, effect: "the prompt tells the model nothing about the answer",
            .advice("give each row the prompt that leads to its answer; for texts alone leave prompts empty"),
            .corpus { corpus, verdict in
                guard let first = corpus.paired.first, corpus.task != .openEnded, corpus.paired.count > 1 else {
                    return
                }
                guard corpus.paired.allSatisfy({ $0.prompt.exact == first.prompt.exact }) else { return }
                verdict.add(first, first.promptPlace, "all \(corpus.paired.count) prompts are the same")
            }),
        Rule(
            "identical-answers", .error, effect: "the model learns to say one thing whatever it is asked",
            .advice("the answers must differ where the prompts do"),
            .corpus { corpus, verdict in
                guard let first = corpus.paired.first, corpus.paired.count > 1 else { return }
                guard corpus.paired.allSatisfy({ $0.answer.exact == first.answer.exact }) else { return }
                verdict.add(first, first.answerPlace, "all \(corpus.paired.count) answers are the same")
            }),
        Rule(
            "capital-prompts", .warning, effect: "words in capitals are other tokens than the same words elsewhere",
            .offered("prompts are written in small letters"),
            .corpus { corpus, verdict in
                guard corpus.prompts.isCapital else { return }
                for entry in corpus.paired where entry.flags.contains(.capitalPrompt) {
                    verdict.add(entry, entry.promptPlace, "the prompt is in capitals")
                }
                verdict.adjustments = [.lowercasePrompts]
            }),
        Rule(
            "capital-answers", .warning, effect: "the model learns to shout, letter by letter",
            .offered("completions are written in small letters"),
            .corpus { corpus, verdict in
                guard corpus.answers.isCapital else { return }
                for entry in corpus.paired where entry.flags.contains(.capitalAnswer) {
                    verdict.add(entry, entry.answerPlace, "the completion is in capitals")
                }
                verdict.adjustments = [.lowercaseAnswers]
            }),
        Rule(
            "common-prompt-prefix", .note, effect: "every row spends tokens on what says nothing",
            .offered("the common beginning is taken off"),
            .corpus { corpus, verdict in
                let prefix = corpus.prompts.commonPrefix
                guard let first = corpus.pairs.first, corpus.pairs.count > 1, !corpus.hasOnePrompt,
                    corpus.task != .openEnded, String(decoding: prefix, as: UTF8.self).count > 12
                else { return }
                verdict.add(first, first.promptPlace, "all prompts begin with \"\(shown(prefix))\"")
                verdict.adjustments = [.removeFromPromptStart(prefix)]
            }),
        Rule(
            "common-answer-prefix", .note, effect: "every answer begins with what says nothing",
            .offered("the common beginning is taken off, but for one space"),
            .corpus { corpus, verdict in
                var prefix = corpus.answers.commonPrefix
                guard let first = corpus.pairs.first, corpus.pairs.count > 1, !corpus.hasOneAnswer,
                    String(decoding: prefix, as: UTF8.self).count >= 5
                else { return }
                verdict.add(first, first.answerPlace, "all completions begin with \"\(shown(prefix))\"")
                // The space in front stays: the first word shall be the token that it is inside a sentence.
                let space = prefix.first == 0x20 ? [UInt8(0x20)] : []
                prefix.removeFirst(space.count)
                verdict.adjustments =
                    [.removeFromAnswerStart(space + prefix)] + (space.isEmpty ? [] : [.spaceBeforeAnswers])
            }),
        Rule(
            "no-separator", .warning, effect: "the model cannot see where a prompt ends, and goes on with the question",
            .offered("a separator is put behind every prompt (or train with data.template \"chat\")"),
            .corpus { corpus, verdict in
                guard let first = corpus.pairs.first, corpus.pairs.count > 1, corpus.task != .openEnded,
                    !corpus.hasOnePrompt, corpus.prompts.commonSuffix.isEmpty
                else { return }
                let separator = Separators.forPrompts(occurring: corpus.prompts.occurring)
                verdict.add(
                    first, first.promptPlace,
                    "the prompts have no common ending; \"\(shown(separator))\" occurs in none of them")
                verdict.adjustments = [.appendToPrompts(separator)]
            }),
        Rule(
            "long-separator", .note, effect: "every prompt spends tokens on the same ending",
            .advice("a short separator, such as \" ->\", leaves more of the context to the prompt"),
            .corpus { corpus, verdict in
                let suffix = corpus.prompts.commonSuffix
                guard let first = corpus.pairs.first, corpus.pairs.count > 1, corpus.task != .openEnded,
                    !corpus.hasOnePrompt, isLong(suffix)
                else { return }
                verdict.add(first, first.promptPlace, "all prompts end with \"\(shown(suffix))\"")
            }),
        Rule(
            "separator-inside", .warning, effect: "the mark that ends a prompt no longer says that it ends",
            .advice("take the separator out of the prompts, or choose another"),
            .corpus { corpus, verdict in
                guard corpus.pairs.count > 1, !corpus.hasOnePrompt else { return }
                for entry in corpus.pairs where entry.flags.contains(.separatorInside) {
                    verdict.add(entry, entry.promptPlace, "the separator also stands inside the prompt")
                }
            }),
        Rule(
            "no-ending", .note,
            effect: "none here, where every answer is taught to end; other trainers would teach answers without end",
            .offered("a common ending is put behind every completion"),
            .corpus { corpus, verdict in
                guard let first = corpus.pairs.first, corpus.pairs.count > 1, corpus.task == .conditional,
                    !corpus.hasOneAnswer, corpus.answers.commonSuffix.isEmpty
                else { return }
                let ending = Separators.forAnswers(occurring: corpus.answers.occurring)
                verdict.add(
                    first, first.answerPlace,
                    "the completions have no common ending; \"\(shown(ending))\" occurs in none of them")
                verdict.adjustments = [.appendToAnswers(ending)]
            }),
        Rule(
            "long-ending", .note, effect: "every answer spends tokens on the same ending",
            .advice("a short ending does as well; here an answer's end is taught without any"),
            .corpus { corpus, verdict in
                let suffix = corpus.answers.commonSuffix
                guard let first = corpus.pairs.first, corpus.pairs.count > 1, corpus.task == .conditional,
                    !corpus.hasOneAnswer, isLong(suffix)
                else { return }
                verdict.add(first, first.answerPlace, "all completions end with \"\(shown(suffix))\"")
            }),
        Rule(
            "ending-inside", .note,
            effect: "none here; a program that stops generating at the ending would cut the answer short",
            .advice("take the ending out of the completions, or choose another"),
            .corpus { corpus, verdict in
                guard corpus.pairs.count > 1, corpus.task == .conditional, !corpus.hasOneAnswer,
                    !corpus.answers.commonSuffix.isEmpty
                else { return }
                for entry in corpus.pairs where entry.flags.contains(.endingInside) {
                    verdict.add(entry, entry.answerPlace, "the ending also stands inside the completion")
                }
            }),
        Rule(
            "no-leading-space", .warning,
            effect: "the first word is another token than the same word inside a sentence",
            .offered("a space is put in front of every completion"),
            .corpus { corpus, verdict in
                guard corpus.mainKind == .promptCompletion else { return }
                for entry in corpus.pairs where entry.flags.contains(.answerLacksSpace) {
                    verdict.add(entry, entry.answerPlace, "the completion does not begin with a space")
                }
                if verdict.findings.count > 0 { verdict.adjustments = [.spaceBeforeAnswers] }
            }),
    ]
}

extension Corpus {
    /// Rows with an answer, of whatever kind.
    var answering: LazyFilterSequence<[CorpusEntry]> { entries.lazy.filter { $0.flags.contains(.hasAnswer) } }
    /// Rows with an answer in one piece: prompt and completion, or instruction and output.
    var paired: LazyFilterSequence<[CorpusEntry]> {
        entries.lazy.filter { $0.kind == .promptCompletion || $0.kind == .instruction }
    }
    /// Rows of prompt and completion, which are trained on as they stand.
    var pairs: LazyFilterSequence<[CorpusEntry]> { entries.lazy.filter { $0.kind == .promptCompletion } }

    var hasOnePrompt: Bool {
        guard let first = pairs.first else { return false }
        return pairs.allSatisfy { $0.prompt.exact == first.prompt.exact }
    }

    var hasOneAnswer: Bool {
        guard let first = pairs.first else { return false }
        return pairs.allSatisfy { $0.answer.exact == first.answer.exact }
    }
}

// Rules about what all prompts or all completions have in common: the checks of OpenAI's prepare_data.

import Datasets

/// Texts that can end every prompt or completion.
enum Separators {
    /// The separators that OpenAI's prepare_data tries, in its order.
    static let prompts = [" ->", "\n\n###\n\n", "\n\n===\n\n", "\n\n---\n\n", "\n\n===>\n\n", "\n\n--->\n\n"]
        .map { Array($0.utf8) }
    static let lastPrompt = Array("\n\n### =>\n\n".utf8)
    static let answers = ["\n", ".", " END", "***", "+++", "&&&", "$$$", "@@@", "%%%"].map { Array($0.utf8) }
    static let lastAnswer = Array(" [END]".utf8)
    /// A line feed, which excludes the first prompt separator.
    static let lineFeed = UInt32(1) << UInt32(prompts.count)

    /// What is searched in prompts: the separators, and a line feed.
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
    /// Whether an ending is longer than ten characters, as in prepare_data.
    private static func isLong(_ ending: [UInt8]) -> Bool { String(decoding: ending, as: UTF8.self).count > 10 }

    static let columns = [
        Rule(
            "identical-prompts", .error, effect: "the prompt tells the model nothing about the answer",
            .advice("give each row its own prompt; for plain texts leave the prompts empty"),
            .corpus { corpus, verdict in
                guard let first = corpus.paired.first, corpus.task != .openEnded, corpus.paired.count > 1 else {
                    return
                }
                guard corpus.paired.allSatisfy({ $0.prompt.exact == first.prompt.exact }) else { return }
                verdict.add(first, first.promptPlace, "all \(corpus.paired.count) prompts are the same")
            }),
        Rule(
            "identical-answers", .error, effect: "the model learns to give the same answer to every prompt",
            .advice("different prompts need different answers"),
            .corpus { corpus, verdict in
                guard let first = corpus.paired.first, corpus.paired.count > 1 else { return }
                guard corpus.paired.allSatisfy({ $0.answer.exact == first.answer.exact }) else { return }
                verdict.add(first, first.answerPlace, "all \(corpus.paired.count) answers are the same")
            }),
        Rule(
            "capital-prompts", .warning,
            effect: "uppercase words have different tokens from the same words in lowercase",
            .offered("convert the prompts to lowercase"),
            .corpus { corpus, verdict in
                guard corpus.prompts.isUppercase else { return }
                for entry in corpus.paired where entry.flags.contains(.uppercasePrompt) {
                    verdict.add(entry, entry.promptPlace, "the prompt is uppercase")
                }
                verdict.fixes = [.lowercasePrompts]
            }),
        Rule(
            "capital-answers", .warning, effect: "the model learns to answer in uppercase, letter by letter",
            .offered("convert the completions to lowercase"),
            .corpus { corpus, verdict in
                guard corpus.answers.isUppercase else { return }
                for entry in corpus.paired where entry.flags.contains(.uppercaseAnswer) {
                    verdict.add(entry, entry.answerPlace, "the completion is uppercase")
                }
                verdict.fixes = [.lowercaseAnswers]
            }),
        Rule(
            "common-prompt-prefix", .note, effect: "every row spends tokens on the same text",
            .optional("remove the common prefix"),
            .corpus { corpus, verdict in
                let prefix = corpus.prompts.commonWords
                guard let first = corpus.pairs.first, corpus.pairs.count > 1, !corpus.hasOnePrompt,
                    corpus.task != .openEnded, String(decoding: prefix, as: UTF8.self).count > 12
                else { return }
                verdict.add(first, first.promptPlace, "all prompts start with \"\(shown(prefix))\"")
                verdict.fixes = [.removeFromPromptStart(prefix)]
            }),
        Rule(
            "common-answer-prefix", .note, effect: "every answer starts with the same text",
            .optional("remove the common prefix, except one space"),
            .corpus { corpus, verdict in
                var prefix = corpus.answers.commonWords
                // A label is one name: what labels have in common belongs to each of them.
                guard let first = corpus.pairs.first, corpus.pairs.count > 1, !corpus.hasOneAnswer,
                    !corpus.looksLabelled, String(decoding: prefix, as: UTF8.self).count >= 5
                else { return }
                verdict.add(first, first.answerPlace, "all completions start with \"\(shown(prefix))\"")
                // Keep a leading space, so that the first word has the same token as inside a sentence.
                let space = prefix.first == 0x20 ? [UInt8(0x20)] : []
                prefix.removeFirst(space.count)
                verdict.fixes =
                    [.removeFromAnswerStart(space + prefix)] + (space.isEmpty ? [] : [.spaceBeforeAnswers])
            }),
        Rule(
            "no-separator", .warning, effect: "the model cannot see where a prompt ends, and may continue the prompt",
            .optional("append a separator to every prompt (or train with data.template \"chat\")"),
            .corpus { corpus, verdict in
                guard let first = corpus.pairs.first, corpus.pairs.count > 1, corpus.task != .openEnded,
                    !corpus.hasOnePrompt, corpus.prompts.commonSuffix.isEmpty
                else { return }
                let separator = Separators.forPrompts(occurring: corpus.prompts.occurring)
                verdict.add(
                    first, first.promptPlace,
                    "the prompts have no common ending; none of them contains \"\(shown(separator))\"")
                verdict.fixes = [.appendToPrompts(separator)]
            }),
        Rule(
            "long-separator", .note, effect: "every prompt spends tokens on the same ending",
            .advice("use a short separator, such as \" ->\", to leave more of the context for the prompt"),
            .corpus { corpus, verdict in
                let suffix = corpus.prompts.commonSuffix
                guard let first = corpus.pairs.first, corpus.pairs.count > 1, corpus.task != .openEnded,
                    !corpus.hasOnePrompt, isLong(suffix)
                else { return }
                verdict.add(first, first.promptPlace, "all prompts end with \"\(shown(suffix))\"")
            }),
        Rule(
            "separator-inside", .warning, effect: "the separator no longer marks the end of the prompt",
            .advice("remove the separator from the prompts, or choose another one"),
            .corpus { corpus, verdict in
                guard corpus.pairs.count > 1, !corpus.hasOnePrompt else { return }
                for entry in corpus.pairs where entry.flags.contains(.separatorInside) {
                    verdict.add(entry, entry.promptPlace, "the separator also occurs inside the prompt")
                }
            }),
        Rule(
            "no-ending", .note,
            effect: "none here, because every answer ends with end-of-text; with other trainers answers may not end",
            .offered("append a common ending to every completion"),
            .corpus { corpus, verdict in
                guard let first = corpus.pairs.first, corpus.pairs.count > 1, corpus.task == .conditional,
                    !corpus.hasOneAnswer, corpus.answers.commonSuffix.isEmpty
                else { return }
                let ending = Separators.forAnswers(occurring: corpus.answers.occurring)
                verdict.add(
                    first, first.answerPlace,
                    "the completions have no common ending; none of them contains \"\(shown(ending))\"")
                verdict.fixes = [.appendToAnswers(ending)]
            }),
        Rule(
            "long-ending", .note, effect: "every answer spends tokens on the same ending",
            .advice("use a short ending, or none: every answer ends with end-of-text anyway"),
            .corpus { corpus, verdict in
                let suffix = corpus.answers.commonSuffix
                guard let first = corpus.pairs.first, corpus.pairs.count > 1, corpus.task == .conditional,
                    !corpus.hasOneAnswer, isLong(suffix)
                else { return }
                verdict.add(first, first.answerPlace, "all completions end with \"\(shown(suffix))\"")
            }),
        Rule(
            "ending-inside", .note,
            effect: "none here; a program that stops generating at the ending would truncate the answer",
            .advice("remove the ending from the completions, or choose another one"),
            .corpus { corpus, verdict in
                guard corpus.pairs.count > 1, corpus.task == .conditional, !corpus.hasOneAnswer,
                    !corpus.answers.commonSuffix.isEmpty
                else { return }
                for entry in corpus.pairs where entry.flags.contains(.endingInside) {
                    verdict.add(entry, entry.answerPlace, "the ending also occurs inside the completion")
                }
            }),
        Rule(
            "no-leading-space", .warning,
            effect: "the first word has a different token from the same word inside a sentence",
            .optional("insert a space before every completion"),
            .corpus { corpus, verdict in
                guard corpus.mainKind == .promptCompletion else { return }
                for entry in corpus.pairs where entry.flags.contains(.answerLacksSpace) {
                    verdict.add(entry, entry.answerPlace, "the completion does not start with a space")
                }
                if verdict.findings.count > 0 { verdict.fixes = [.spaceBeforeAnswers] }
            }),
    ]
}

extension Corpus {
    /// Rows with an answer, of any kind.
    var answering: LazyFilterSequence<[CorpusEntry]> { entries.lazy.filter { $0.flags.contains(.hasAnswer) } }
    /// Rows with one answer: prompt and completion, or instruction and output.
    var paired: LazyFilterSequence<[CorpusEntry]> {
        entries.lazy.filter { $0.kind == .promptCompletion || $0.kind == .instruction }
    }
    /// Prompt-completion rows that are trained on without a template.
    var pairs: LazyFilterSequence<[CorpusEntry]> {
        entries.lazy.filter { [framesPairs] in $0.kind == .promptCompletion && !framesPairs }
    }

    var hasOnePrompt: Bool {
        guard let first = pairs.first else { return false }
        return pairs.allSatisfy { $0.prompt.exact == first.prompt.exact }
    }

    var hasOneAnswer: Bool {
        guard let first = pairs.first else { return false }
        return pairs.allSatisfy { $0.answer.exact == first.answer.exact }
    }
}

// A run's tokenizer and template, and its data as tokens.

import Conversations
import Datasets
import Foundation
import Models
import Tokenizer

struct RunTokens {
    /// What the config names, what the base brings, or the default for the rows; nil for plain text.
    let template: ChatTemplate?
    let tokenizer: Tokenizer
    let data: RunData
    /// The training split.
    let training: TokenizedText

    /// Takes the source's tokenizer, reads one or trains one, then encodes all splits.
    ///
    /// - Parameter cache: where the tokens of large splits are kept; nil for nowhere.
    static func encode(
        _ documents: RunDocuments, _ start: RunStart, _ source: ModelSource?, cache: TokenCache?,
        notice: (String) -> Void
    ) throws -> RunTokens {
        let config = start.config
        let learned = source == nil && config.tokenizer.path == nil
        let template = try template(config, source, documents)
        if let template { try documents.checkStopTexts(template) }
        let tokenizer =
            try source?.tokenizer
            ?? makeTokenizer(config.tokenizer, documents.texts(of: .train, template: template ?? .raw), template)
        if template == .tokens, let mark = missingMark(tokenizer) { throw TrainingError.noMark(mark) }
        if learned, tokenizer.vocabularySize < config.tokenizer.vocabularySize {
            notice(
                "the training text gave a vocabulary of \(tokenizer.vocabularySize), not of "
                    + "\(config.tokenizer.vocabularySize): no pair occurs in it twice any more")
        }
        let context = source?.shape.contextLength ?? config.model.contextLength
        let options = config.encodingOptions(template: template ?? .raw, contextLength: context)
        let data = try RunData.encode(documents, tokenizer: tokenizer, options, cache: cache)
        guard let training = data.splits[.train], training.predictionCount > 0 else {
            throw TrainingError.nothingToTrain("the training split has no document with two tokens")
        }
        if let validation = data.splits[.validation], validation.predictionCount == 0 {
            throw DatasetError.emptySplit(split: "validation", reason: "no document has two tokens or more")
        }
        return RunTokens(template: template, tokenizer: tokenizer, data: data, training: training)
    }

    /// What the config asks for, or the base's own template, or the default for the rows.
    ///
    /// - Throws: where the base's own cannot be evaluated and would be used.
    static func template(
        _ config: RunConfig, _ source: ModelSource?, _ documents: RunDocuments
    ) throws -> ChatTemplate? {
        let data = config.data
        if let template = data.template ?? source?.template { return template }
        var standard = documents.defaultTemplate
        if source == nil, canHaveMarks(config.tokenizer), standard == .chat || standard == .instruction {
            standard = .tokens
        }
        if let defect = source?.templateDefect, data.asksForBaseTemplate || standard != nil { throw defect }
        if data.asksForBaseTemplate { throw TrainingError.noBaseTemplate }
        return standard
    }

    /// Whether the tokenizer is trained here, and large enough for a template's marks.
    private static func canHaveMarks(_ section: RunConfig.TokenizerSection) -> Bool {
        section.path == nil && section.vocabularySize > Tokenizer.bytes.vocabularySize + ChatTemplate.tokenMarks.count
    }

    /// The first mark of the template `tokens` that a tokenizer has not as a special token.
    private static func missingMark(_ tokenizer: Tokenizer) -> String? {
        let specials = SpecialTokens(tokenizer)
        return ChatTemplate.tokenMarks.first { specials.id(of: $0) == nil }
    }

    /// Reads the tokenizer that the config names, or trains one on texts.
    static func makeTokenizer(
        _ section: RunConfig.TokenizerSection, _ texts: [[UInt8]], _ template: ChatTemplate?
    ) throws -> Tokenizer {
        if let path = section.path { return try TokenizerSource.tokenizer(at: path) }
        if section.vocabularySize == Tokenizer.bytes.vocabularySize { return Tokenizer.bytes }
        guard let split = Tokenizer.Split(rawValue: section.split) else {
            throw TrainingError.badTokenizerSplit(section.split)
        }
        return try Tokenizer.train(
            on: texts, vocabularySize: section.vocabularySize, split: split,
            specials: template == .tokens && canHaveMarks(section) ? ChatTemplate.tokenMarks : [])
    }
}

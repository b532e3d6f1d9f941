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
        let template = try template(config.data, source, documents)
        let tokenizer =
            try source?.tokenizer
            ?? makeTokenizer(config.tokenizer, documents.texts(of: .train, template: template ?? .raw))
        let learned = source == nil && config.tokenizer.path == nil
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
    private static func template(
        _ data: RunConfig.DataSection, _ source: ModelSource?, _ documents: RunDocuments
    ) throws -> ChatTemplate? {
        if let template = data.template ?? source?.template { return template }
        let standard = documents.defaultTemplate
        if let defect = source?.templateDefect, data.asksForBaseTemplate || standard != nil { throw defect }
        if data.asksForBaseTemplate { throw TrainingError.noBaseTemplate }
        return standard
    }

    private static func makeTokenizer(
        _ section: RunConfig.TokenizerSection, _ texts: [[UInt8]]
    ) throws -> Tokenizer {
        if let path = section.path { return try TokenizerSource.tokenizer(at: path) }
        if section.vocabularySize == Tokenizer.bytes.vocabularySize { return Tokenizer.bytes }
        guard let split = Tokenizer.Split(rawValue: section.split) else {
            throw TrainingError.badTokenizerSplit(section.split)
        }
        return try Tokenizer.train(
            on: texts, vocabularySize: section.vocabularySize, split: split)
    }
}

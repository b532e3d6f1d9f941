// How a run with a config would encode rows, to look at them before there is a run.

import Conversations
import Datasets
import Models
import Tokenizer

/// The rows of some data, and the tokenizer and options that training would encode them with.
package struct RowSetting {
    package let documents: [Document]
    package let tokenizer: Tokenizer
    package let options: EncodingOptions

    /// Reads the rows at `path` as `config` says.
    ///
    /// - Parameter tokenizer: used instead of the base's or of one that is trained; nil for those.
    package init(_ config: RunConfig, rowsAt path: String, tokenizer given: Tokenizer? = nil) throws {
        let source = try config.model.base.map { base in try ModelSource(path: base) }
        let shown = try RunDocuments.read(RowSetting.only(path, config.data))
        let isTrained = given == nil && source == nil && config.tokenizer.path == nil
        // A run trains its tokenizer on its own training rows.
        let learned = isTrained && !config.data.train.isEmpty ? try config.readDocuments() : shown
        var config = config
        // A given tokenizer has no special tokens for marks, unless a template was trained with it.
        if given != nil { config.tokenizer.path = config.tokenizer.path ?? "" }
        let template = try RunTokens.template(config, source, learned)
        documents = shown[.train]
        tokenizer =
            try given ?? source?.tokenizer
            ?? RunTokens.makeTokenizer(
                config.tokenizer, learned.texts(of: .train, template: template ?? .raw), template)
        let context = source?.shape.contextLength ?? config.model.contextLength
        options = config.encodingOptions(template: template ?? .raw, contextLength: context)
    }

    /// The same reading, of one path that is not split.
    private static func only(_ path: String, _ data: RunConfig.DataSection) -> RunConfig.DataSection {
        var data = data
        (data.train, data.validation, data.test) = ([path], [], [])
        (data.validationFraction, data.testFraction, data.safetyMix) = (0, 0, 0)
        return data
    }
}

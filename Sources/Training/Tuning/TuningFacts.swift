// What the choices of `luthier tune` depend on: measurements of the data, of the base and of the machine.

import Conversations
import Datasets
import Model
import Models
import Tokenizer

/// Lengths are in tokens of the base, with its template.
package struct TuningFacts: Sendable {
    /// Rows to train on, and rows held out.
    package var rows: Int
    package var heldOut: Int
    /// Of the training rows, what counts in the loss.
    package var answerTokens: Int
    package var longestRow: Int
    package var longestAnswer: Int
    /// Of the rows held out, all of them.
    package var heldOutTokens: Int
    package var architecture: Architecture
    /// Memory that training can take; nil where the system does not say.
    package var availableBytes: Int?

    package init(
        rows: Int, heldOut: Int, answerTokens: Int, longestRow: Int, longestAnswer: Int, heldOutTokens: Int,
        architecture: Architecture, availableBytes: Int?
    ) {
        (self.rows, self.heldOut, self.answerTokens) = (rows, heldOut, answerTokens)
        (self.longestRow, self.longestAnswer, self.heldOutTokens) = (longestRow, longestAnswer, heldOutTokens)
        (self.architecture, self.availableBytes) = (architecture, availableBytes)
    }

    /// Measures documents.
    ///
    /// - Parameters:
    ///   - template: nil for the base's own, or the default for the rows.
    ///   - dropsRowsWithoutLoss: whether a row from which nothing can be learned is dropped; otherwise it is an error.
    package static func measure(
        train: [Document], heldOut: [Document], base: ModelSource, template: ChatTemplate? = nil,
        dropsRowsWithoutLoss: Bool = true, availableBytes: Int?
    ) throws -> TuningFacts {
        var options = EncodingOptions()
        options.template =
            template ?? base.template ?? (train + heldOut).lazy.compactMap(\.defaultTemplate).first ?? .raw
        // Long rows are measured here, not refused.
        options.contextLength = 1 << 30
        options.dropsRowsWithoutLoss = dropsRowsWithoutLoss
        let text = try TokenizedText(train, tokenizer: base.tokenizer, options)
        let lengths = text.sources.map(\.tokens.count)
        let answers = text.sources.map { source in
            text.weights.isEmpty ? source.tokens.count : text.weights[source.tokens].count { $0 != 0 }
        }
        let measured = try TokenizedText(heldOut, tokenizer: base.tokenizer, options)
        return TuningFacts(
            rows: text.sources.count, heldOut: heldOut.count, answerTokens: answers.reduce(0, +),
            longestRow: lengths.max() ?? 0, longestAnswer: answers.max() ?? 0, heldOutTokens: measured.tokens.count,
            architecture: base.architecture, availableBytes: availableBytes)
    }
}

// `luthier compare`: shows the answers of both models to the same rows.

import Conversations
import Datasets
import Evaluation
import Inference
import Models
import StrictJSON

enum SideBySide {
    /// Maximum length of a shown text.
    private static let shownCharacters = 160

    /// Answers the first rows with a prompt with both models, with greedy decoding and the same template.
    static func show(
        _ before: SavedModel, _ after: SavedModel, template: ChatTemplate, _ documents: [Document], count: Int
    ) throws -> JSONOutput {
        let rows = documents.lazy.filter { if case .conversation = $0.content { true } else { false } }.prefix(count)
        guard !rows.isEmpty else { return .array([]) }
        func answers(_ saved: SavedModel) throws -> [AnswerRecord] {
            var settings = saved.info.generation
            settings.maximumTokens = after.info.generation.maximumTokens
            let responder = Responder(
                model: saved.model, tokenizer: saved.tokenizer, template: template, settings: settings)
            return try AnswerEvaluator.answers(responder, Array(rows))
        }
        let (left, right) = (try answers(before), try answers(after))
        Console.output("answers side by side:\n")
        var list: [JSONOutput] = []
        for (first, second) in zip(left, right) {
            Console.output(
                "  \(second.path):\(second.line)\n    asked:  \(line(second.prompt))\n    wanted: \(line(second.expected))\n    base:   \(line(first.answer))\n"
                    + "    tuned:  \(line(second.answer))\n")
            list.append(
                .object([
                    ("file", .string(second.path)), ("line", .integer(second.line)),
                    ("asked", .string(second.prompt)), ("wanted", .string(second.expected)),
                    ("base", .string(first.answer)),
                    ("tuned", .string(second.answer)),
                ]))
        }
        return .array(list)
    }

    /// A text on one line, truncated if it is long.
    private static func line(_ text: String) -> String {
        let flat = text.map { $0.isNewline ? "⏎" : String($0) }.joined()
        return flat.count > shownCharacters ? flat.prefix(shownCharacters) + "…" : flat
    }
}

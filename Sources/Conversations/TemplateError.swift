// What can be wrong when a conversation becomes tokens.

import Jinja
import Tokenizer

/// A defect of a chat template, or of a conversation that it does not take.
package enum TemplateError: Error, Equatable, CustomStringConvertible {
    /// A place in the template, and what is wrong or not supported there.
    case template(line: Int, column: Int, reason: String)
    /// No token ends an answer, so that a model would never stop.
    case noEnd
    /// Something in a conversation that the template does not write.
    case cannotExpress(template: String, String)
    case tokenizer(TokenizerError)

    init(_ error: JinjaError) {
        self = .template(line: error.position.line, column: error.position.column, reason: "\(error.defect)")
    }

    package var description: String {
        switch self {
        case .template(let line, let column, let reason):
            "the chat template, line \(line), column \(column): \(reason)"
        case .noEnd: "the chat template writes no end token after an answer"
        case .cannotExpress(let template, let part): "the template \(template) cannot express \(part)"
        case .tokenizer(let error): "\(error)"
        }
    }

    package var hint: String? {
        switch self {
        case .template, .noEnd: "data.template sets another template"
        case .cannotExpress: "train with a base whose own template knows it (data.template base)"
        case .tokenizer: nil
        }
    }
}

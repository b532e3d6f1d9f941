// What can go wrong while a model is measured.

/// One case per reason; the description is the message that a person reads.
package enum EvaluationError: Error, Equatable, CustomStringConvertible {
    /// A loss is NaN or infinite, so there is nothing to report.
    case lossNotFinite(text: String, loss: Double)
    /// A row of a file of questions.
    case badQuestion(path: String, line: Int, reason: String)

    package var description: String {
        switch self {
        case .lossNotFinite(let text, let loss): "the loss on \(text) is \(loss): the model cannot be measured"
        case .badQuestion(let path, let line, let reason): "\(path):\(line): \(reason)"
        }
    }

    /// What the reader can do about it.
    package var hint: String? {
        switch self {
        case .lossNotFinite:
            "its weights are far too large, as after a learning rate that was; use an earlier checkpoint"
        case .badQuestion: nil
        }
    }
}

extension EvaluationResult {
    /// Throws where the loss is not finite.
    ///
    /// - Parameter text: what was measured, for the error.
    package func requireFinite(_ text: String) throws(EvaluationError) {
        guard loss.isFinite else { throw .lossNotFinite(text: text, loss: loss) }
    }
}

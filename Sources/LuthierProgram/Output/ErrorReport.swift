// Shows errors to the user: what is wrong and, if known, what to do.

import Checkpoint
import Communication
import Conversations
import Datasets
import Evaluation
import Fetching
import Files
import Foundation
import Interchange
import Models
import Preparation
import Retrieval
import Service
import Tokenizer
import Training

/// An error that may have a hint for the user.
protocol Hinting: Error {
    var hint: String? { get }
}

extension CheckpointError: Hinting {}
extension CommunicationError: Hinting {}
extension ConfigError: Hinting {}
extension DatasetError: Hinting {}
extension EvaluationError: Hinting {}
extension FetchError: Hinting {}
extension FileError: Hinting {}
extension InterchangeError: Hinting {}
extension ModelError: Hinting {}
extension PreparationError: Hinting {}
extension RepetitionError: Hinting {}
extension RetrievalError: Hinting {}
extension ResumeProofError: Hinting {}
extension RunLockError: Hinting {}
extension ServiceClientError: Hinting {}
extension ServiceError: Hinting {}
extension SweepError: Hinting {}
extension TemplateError: Hinting {}
extension TokenizerError: Hinting {}
extension TrainingError: Hinting {}

enum ErrorReport {
    /// Prints at most two lines on stderr: `error: …` and `hint: …`.
    static func write(_ error: any Error) {
        Console.endProgress()
        Console.message("error: \(text(error))")
        if let hint = (error as? any Hinting)?.hint { Console.message("hint: \(hint)") }
    }

    /// The descriptions of Foundation's errors are for programmers, so their localized description is used, with the path,
    /// which it often lacks.
    private static func text(_ error: any Error) -> String {
        guard error is CocoaError || error is POSIXError else { return "\(error)" }
        let text = error.localizedDescription
        guard let path = (error as? CocoaError)?.filePath, !text.contains(path) else { return text }
        return "\(path): \(text)"
    }
}

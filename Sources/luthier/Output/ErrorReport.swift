// Shows errors to the user: what is wrong and, if known, what to do.

import Arguments
import Checkpoint
import Checks
import Datasets
import Files
import Foundation
import Inference
import Interchange
import Model
import Preparation
import Tokenizer
import Training

/// An error that may have a hint for the user.
protocol Hinting: Error {
    var hint: String? { get }
}

extension CheckpointError: Hinting {}
extension ConfigError: Hinting {}
extension DatasetError: Hinting {}
extension FileError: Hinting {}
extension InterchangeError: Hinting {}
extension PreparationError: Hinting {}
extension RunLockError: Hinting {}
extension TrainingError: Hinting {}
extension WeatherExpectationError: Hinting {}

enum ErrorReport {
    /// Prints at most two lines on stderr: `error: …` and `hint: …`.
    static func write(_ error: any Error) {
        Console.message("error: \(text(error))")
        if let hint = (error as? any Hinting)?.hint { Console.message("hint: \(hint)") }
    }

    /// The descriptions of Foundation's errors are for programmers, so their localized description is used.
    private static func text(_ error: any Error) -> String {
        error is CocoaError || error is POSIXError ? error.localizedDescription : "\(error)"
    }
}

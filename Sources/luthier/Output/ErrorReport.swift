// How an error is shown to a person: what is wrong, and where it is known, what to do.

import Checkpoint
import Datasets
import Files
import Foundation
import Interchange
import Models
import Preparation
import Training

/// An error that may know what the reader can do.
protocol Hinting: Error {
    var hint: String? { get }
}

extension CheckpointError: Hinting {}
extension ConfigError: Hinting {}
extension DatasetError: Hinting {}
extension FileError: Hinting {}
extension InterchangeError: Hinting {}
extension ModelError: Hinting {}
extension PreparationError: Hinting {}
extension RunLockError: Hinting {}
extension TrainingError: Hinting {}

enum ErrorReport {
    /// Two lines at most on stderr: `error: …` and `hint: …`.
    static func write(_ error: any Error) {
        Console.message("error: \(text(error))")
        if let hint = (error as? any Hinting)?.hint { Console.message("hint: \(hint)") }
    }

    /// Foundation's errors describe themselves for programmers: their sentence for people is shown instead.
    private static func text(_ error: any Error) -> String {
        error is CocoaError || error is POSIXError ? error.localizedDescription : "\(error)"
    }
}

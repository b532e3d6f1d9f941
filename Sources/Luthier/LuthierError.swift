// The one error that the library throws, made from the typed errors of the modules below.

internal import Checkpoint
internal import Conversations
internal import Datasets
internal import Files
import Foundation
internal import Interchange
internal import Models
internal import Training

/// What went wrong, in a sentence for people, and where it is known what to do about it.
public struct LuthierError: Error, Sendable, Equatable {
    /// What is wrong; for files with path, line and column.
    public let message: String
    /// What the reader can do about it, where that is known.
    public let hint: String?

    init(_ message: String, hint: String? = nil) {
        self.message = message
        self.hint = hint
    }

    /// The same as an inner error says. Foundation's errors describe themselves for programmers: their sentence for
    /// people is taken instead.
    init(_ error: any Error) {
        let isSystem = error is CocoaError || error is POSIXError
        self.init(isSystem ? error.localizedDescription : "\(error)", hint: Self.hint(of: error))
    }

    /// Hints of the modules below speak of the program's options; where they do, the library has its own.
    private static func hint(of error: any Error) -> String? {
        switch error {
        case ConfigError.unknownKey: "`FineTuning.keys` lists every key"
        case TrainingError.runExists: "`resuming: true` continues it, another name starts another run"
        case TrainingError.configChanged, TrainingError.dataChanged:
            "undo the change, or start a new run under another name"
        case ModelError.notFound: "give the path of a checkpoint, a run or a model's folder"
        case ModelError.badRunName: "one word that can be a folder's name"
        case ModelError.adaptersWithoutBase: "keep the checkpoint in its run's folder"
        case ModelError.adapterBaseNotFound: "pass the base's path as `base`"
        case ModelError.noAdapters: "choose another format; only runs with `method.type` lora train adapters"
        default: (error as? any Hinting)?.hint
        }
    }

    /// Runs `body`; what it throws comes out as a `LuthierError`.
    static func wrapping<Value>(_ body: () throws -> Value) throws(LuthierError) -> Value {
        do { return try body() } catch let error as LuthierError { throw error } catch { throw LuthierError(error) }
    }
}

extension LuthierError: CustomStringConvertible {
    /// The message and, on a separate line, the hint.
    public var description: String { message + (hint.map { "\nhint: \($0)" } ?? "") }
}

extension LuthierError: LocalizedError {
    /// The message.
    public var errorDescription: String? { message }
    /// The hint.
    public var recoverySuggestion: String? { hint }
}

/// An inner error that may know what the reader can do.
private protocol Hinting {
    var hint: String? { get }
}

extension CheckpointError: Hinting {}
extension ConfigError: Hinting {}
extension DatasetError: Hinting {}
extension FileError: Hinting {}
extension InterchangeError: Hinting {}
extension ModelError: Hinting {}
extension RunLockError: Hinting {}
extension TemplateError: Hinting {}
extension TrainingError: Hinting {}

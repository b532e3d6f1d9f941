// What can end a run.

import Communication

/// One case per reason; the description is the message that a person reads.
package enum TrainingError: Error, Equatable, CustomStringConvertible {
    case diverged(steps: Int, lastStep: Int, inputs: [String])
    /// The loss was far above the recent ones in several steps in a row, none of which was taken.
    case spikesInARow(steps: Int, lastStep: Int, inputs: [String])
    case badState(String)
    /// A run that is resumed has checkpoints, and each of them is broken.
    case noIntactCheckpoint(path: String)
    /// The validation loss is NaN or infinite.
    case lossNotFinite(step: Int, loss: Double)
    /// No step changed a weight.
    case everyStepSkipped(steps: Int)
    case runExists(path: String)
    case configChanged(key: String, run: String, now: String)
    case dataChanged(run: String, now: String)
    case nothingToTrain(String)
    case badTokenizerSplit(String)
    /// `data.template` asks for a template that is not there.
    case noBaseTemplate
    /// The template `tokens` with a tokenizer that has not all of its special tokens.
    case noMark(String)
    /// The processes that train together have lost one another.
    case communication(CommunicationError)
    /// One of them cannot start.
    case rankFailed(rank: String, reason: String)
    /// One of them would train something else than the first.
    case ranksDiffer(rank: String, what: String, there: String, here: String)

    package var description: String {
        switch self {
        case .diverged(let steps, let lastStep, let inputs):
            "the loss or gradient was not finite in \(steps) steps in a row, the last being step \(lastStep) with "
                + inputs.prefix(8).joined(separator: ", ") + (inputs.count > 8 ? " …" : "")
        case .spikesInARow(let steps, let lastStep, let inputs):
            "the loss was far above the recent ones in \(steps) steps in a row, the last being step \(lastStep) with "
                + inputs.prefix(8).joined(separator: ", ") + (inputs.count > 8 ? " …" : "")
        case .badState(let reason): "the checkpoint's state cannot be read: \(reason)"
        case .noIntactCheckpoint(let path): "\(path) has checkpoints, but none of them is intact"
        case .lossNotFinite(let step, let loss):
            "the validation loss is \(loss) at step \(step): "
                + (step == 0 ? "the base has weights that are far too large" : "the run has diverged")
        case .everyStepSkipped(let steps):
            "nothing was learned: the loss or gradient was not finite in any of the \(steps) steps"
        case .runExists(let path): "the run \(path) exists already"
        case .configChanged(let key, let run, let now):
            "the run was started with \(key) = \(run) and cannot continue with \(now)"
        case .dataChanged(let run, let now):
            "the data has changed since the run was started: SHA-256 \(run.prefix(16))… then, \(now.prefix(16))… now"
        case .nothingToTrain(let reason): "there is nothing to train on: \(reason)"
        case .badTokenizerSplit(let name): "tokenizer.split \(name) is not known"
        case .noMark(let mark): "data.template is \"tokens\", but the tokenizer has no special token \(mark)"
        case .communication(let error): "\(error)"
        case .rankFailed(let rank, let reason): "\(rank) cannot start: \(reason)"
        case .ranksDiffer(let rank, let what, let there, let here):
            "\(rank) differs in \(what): \(there.prefix(64)) there, \(here.prefix(64)) on rank 0"
        case .noBaseTemplate: "data.template is \"base\", but the base has no chat template"
        }
    }

    /// What the reader can do about it.
    package var hint: String? {
        switch self {
        case .diverged, .lossNotFinite, .everyStepSkipped:
            "a smaller training.learningRate or a longer warm-up; the last good checkpoint is untouched"
        case .spikesInARow:
            "look at these lines; a new run with training.lossSpikes=warn learns them, a smaller training.learningRate "
                + "may avoid the spikes; the last good checkpoint is untouched"
        case .noIntactCheckpoint:
            "copy one back from a backup, start another run with --run NAME, or delete the step-*.h5 files to start this "
                + "one again at step 0"
        case .runExists: "--resume continues it, --run NAME starts another"
        case .configChanged: "start a new run with --run NAME, or undo the change"
        case .noMark:
            "a tokenizer that is trained here has it if tokenizer.vocabularySize is above 261; or choose another template"
        case .dataChanged: "put the files back, or start a new run with --run NAME"
        case .communication(let error): error.hint
        case .rankFailed:
            "program, config, data, base and, for --resume, the run's folder must be at the same path on every machine"
        case .ranksDiffer: "give every machine the same program, config, data and base"
        default: nil
        }
    }
}

extension TrainingError {
    /// What `body` returns; its error as one of training.
    static func communicating<Value>(
        _ body: () throws(CommunicationError) -> Value
    ) throws(TrainingError) -> Value {
        do { return try body() } catch { throw .communication(error) }
    }
}

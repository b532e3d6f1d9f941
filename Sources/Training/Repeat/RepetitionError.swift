// Why a run cannot be repeated.

/// One case per reason; the description is the message that a person reads.
package enum RepetitionError: Error, Equatable, CustomStringConvertible {
    case noCheckpoint(path: String)
    case noConfig(path: String)
    /// The newest checkpoint has no state of training.
    case noState(path: String)
    case dataUnreadable(reason: String)
    case dataChanged(recorded: String, now: String, files: [String])
    case baseUnreadable(base: String, reason: String)
    case baseChanged(base: String, recorded: String, now: String)
    /// No step was taken that could be repeated.
    case noSteps(path: String)

    package var description: String {
        switch self {
        case .noCheckpoint(let path): "\(path) holds no intact checkpoint to compare with"
        case .noConfig(let path): "\(path) is missing, so that the run cannot be repeated"
        case .noState(let path): "\(path) holds weights only, without the state of its training"
        case .dataUnreadable(let reason): "the run's data cannot be read: \(reason)"
        case .dataChanged(let recorded, let now, let files):
            "the data is not what the run was trained on: SHA-256 \(recorded.prefix(16))… recorded, "
                + "\(now.prefix(16))… now"
                + (files.isEmpty ? "; sizes and lines are the same" : "; changed: " + files.joined(separator: ", "))
        case .baseUnreadable(let base, let reason): "the base \(base) cannot be opened: \(reason)"
        case .baseChanged(let base, let recorded, let now):
            "the base \(base) is not what the run started from: SHA-256 of its weights \(recorded.prefix(16))… recorded, "
                + "\(now.prefix(16))… now"
        case .noSteps(let path): "\(path) was saved before the first step: there is nothing to repeat"
        }
    }

    package var hint: String? {
        switch self {
        case .noCheckpoint, .noConfig, .noState, .noSteps: "`luthier runs` lists the runs"
        case .dataUnreadable, .dataChanged, .baseUnreadable, .baseChanged:
            "put the files back as they were; paths in a config count from the folder in which the run was started"
        }
    }
}

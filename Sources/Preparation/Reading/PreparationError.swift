// Errors that end a preparation without a result. Defects of single rows are findings instead.

/// One case per defect; the description is the error message.
package enum PreparationError: Error, Equatable, CustomStringConvertible {
    case outputNotEmpty(path: String)
    case fractions(validation: Double, test: Double)
    /// The inputs changed after they were checked.
    case changedMeanwhile
    /// No row of the inputs can be written.
    case nothingLeft(read: Int)

    package var description: String {
        switch self {
        case .outputNotEmpty(let path): "\(path) is not an empty folder"
        case .fractions(let validation, let test):
            "a validation share of \(validation) and a test share of \(test) leave nothing to train on"
        case .changedMeanwhile: "the inputs changed while they were read"
        case .nothingLeft(let read): "none of the \(read) rows can be written: see the findings"
        }
    }

    /// What the user can do about it.
    package var hint: String? {
        switch self {
        case .outputNotEmpty: "name a new folder with --output"
        default: nil
        }
    }
}

// What can be wrong with a form.

/// One case per defect; the description is the message for the client.
package enum MultipartError: Error, Equatable, CustomStringConvertible {
    /// `Content-Type` is not that of a form with a valid boundary.
    case notAForm
    /// The body does not begin with the boundary.
    case noFirstBoundary
    /// The body ends before the last boundary.
    case unfinished
    /// Something else than the end of a line follows a boundary, or the last boundary.
    case badBoundary(offset: Int)
    case badHeader(part: Int, reason: String)
    case tooManyParts(limit: Int)
    case longHeader(part: Int, limit: Int)
    /// A part that is read into memory has more bytes.
    case tooLong(name: String, limit: Int)
    case notText(name: String)
    /// The body's file cannot be read.
    case unreadable(reason: String)
    /// A part's file cannot be written.
    case unwritable(reason: String)
    case diskFull

    package var description: String {
        switch self {
        case .notAForm: "the Content-Type is not multipart/form-data with a boundary"
        case .noFirstBoundary: "the form does not begin with its boundary"
        case .unfinished: "the form has no end"
        case .badBoundary(let offset): "a boundary of the form is malformed at byte \(offset)"
        case .badHeader(let part, let reason): "the header of part \(part + 1) of the form is malformed: \(reason)"
        case .tooManyParts(let limit): "the form has more than \(limit) parts"
        case .longHeader(let part, let limit): "the header of part \(part + 1) of the form has more than \(limit) bytes"
        case .tooLong(let name, let limit): "part '\(name)' of the form has more than \(limit) bytes"
        case .notText(let name): "part '\(name)' of the form is not UTF-8"
        case .unreadable(let reason): "the form cannot be read: \(reason)"
        case .unwritable(let reason): "a part of the form cannot be stored: \(reason)"
        case .diskFull: "a part of the form cannot be stored: the disk is full"
        }
    }

    /// Whether the fault is the server's and not the client's.
    package var isInternal: Bool {
        switch self {
        case .unreadable, .unwritable, .diskFull: true
        default: false
        }
    }
}

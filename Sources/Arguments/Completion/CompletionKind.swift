// What a shell offers where a value is wanted.

/// What a shell offers as the value of an option or argument.
package enum CompletionKind: Sendable, Equatable {
    /// Nothing: any text.
    case text
    /// Names of files, and of folders on the way to them.
    case file
    case folder
    /// Names of runs, and paths.
    case run
    /// Names of runs and fetched models, and paths.
    case model
    /// One of these.
    case words([String])
    /// `key=value` with one of these keys.
    case keys([String])

    /// What the name of a value in the help says of it.
    init(valueName: String) {
        switch valueName {
        case "folder": self = .folder
        case "run", "run-name": self = .run
        case "model": self = .model
        case "file", "files", "path", "input", "data": self = .file
        default: self = valueName.contains(".") && !valueName.contains("=") ? .file : .text
        }
    }

    /// The kind as the scripts write it: a word, and for a choice the words to choose from.
    var scriptText: String {
        switch self {
        case .text: "text"
        case .file: "file"
        case .folder: "folder"
        case .run: "run"
        case .model: "model"
        case .words(let words): "words " + words.joined(separator: " ")
        case .keys(let keys): "keys " + keys.joined(separator: " ")
        }
    }
}

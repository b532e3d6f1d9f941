// What can go wrong with an index of documents.

/// One case per reason; the description is the message that a person reads.
package enum RetrievalError: Error, Equatable, CustomStringConvertible {
    case noDocuments(paths: [String])
    case unreadable(path: String, reason: String)
    case notUTF8(path: String, line: Int)
    /// A row of a JSONL file that is not an object, or that has no text.
    case badRow(path: String, line: Int, reason: String)
    /// The folder has other files than those of an index.
    case notAnIndex(path: String)
    case unfinished(path: String)
    case otherEncoder(path: String, stored: String, given: String)
    case noMemory(vectors: Int, width: Int)
    case unwritable(path: String)

    package var description: String {
        switch self {
        case .noDocuments(let paths):
            "there is no document in \(paths.joined(separator: ", ")): files end in "
                + DocumentKind.endings.map { "." + $0 }.joined(separator: ", ")
        case .unreadable(let path, let reason): "\(path) cannot be read: \(reason)"
        case .notUTF8(let path, let line): "\(path):\(line) is not UTF-8"
        case .badRow(let path, let line, let reason): "\(path):\(line): \(reason)"
        case .notAnIndex(let path): "\(path) is not an index of documents"
        case .unfinished(let path): "the index \(path) is not finished: its making was stopped"
        case .otherEncoder(let path, let stored, let given):
            "the index \(path) was made by the encoder \(stored), not by \(given)"
        case .noMemory(let vectors, let width): "there is no memory for \(vectors) vectors of \(width) numbers"
        case .unwritable(let path): "\(path) cannot be written completely"
        }
    }

    /// What the user can do about it.
    package var hint: String? {
        switch self {
        case .noDocuments: "name files or folders of texts"
        case .notUTF8: "convert it, for example with iconv -t UTF-8"
        case .badRow: "a row needs \"text\", \"content\" or \"body\", or any members with texts"
        case .notAnIndex: "make one with `luthier index DOCUMENTS --output FOLDER`, or name a new folder"
        case .unfinished(let path): "run `luthier index … --output \(path)` again; what was done is kept"
        case .otherEncoder: "give the same --encoder, or make the index in a new folder"
        case .unwritable: "free some disk space, or choose a folder on another disk"
        case .unreadable, .noMemory: nil
        }
    }
}

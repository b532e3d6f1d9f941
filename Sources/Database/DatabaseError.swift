// What can go wrong with a database.

/// One case per reason; the description is the message that a person reads.
package enum DatabaseError: Error, Equatable, CustomStringConvertible {
    /// SQLite itself cannot be loaded.
    case noLibrary(reason: String)
    case closed(path: String)
    /// A transaction was started in another of the same thread.
    case nestedTransaction
    case cannotOpen(path: String, reason: String)
    case damaged(path: String, reason: String)
    /// A later version of the program has changed the tables.
    case newerSchema(path: String, version: Int, known: Int)
    /// A SQLite file, but one that this program did not make.
    case otherProgram(path: String)
    /// The tables could not be changed to `version`; they are unchanged.
    case migration(path: String, version: Int, reason: String)
    case diskFull(path: String)
    case readOnly(path: String)
    /// Another process held the database for longer than the time that is waited.
    case busy(path: String)
    case io(path: String, reason: String)
    /// A row would break a rule of its table.
    case constraint(reason: String, statement: String)
    /// SQLite does not accept the statement.
    case statement(reason: String, statement: String)
    case wrongValueCount(expected: Int, given: Int, statement: String)
    /// SQLite would store NaN as NULL.
    case notANumber(statement: String)
    case noColumn(String, available: [String])
    case wrongType(column: String, expected: String, found: String)

    package var description: String {
        switch self {
        case .noLibrary(let reason): "SQLite cannot be loaded: \(reason)"
        case .closed(let path): "the database \(path) is closed"
        case .nestedTransaction: "a transaction of the database was started in another"
        case .cannotOpen(let path, let reason): "cannot open the database \(path): \(reason)"
        case .damaged(let path, let reason): "the database \(path) is damaged: \(reason)"
        case .newerSchema(let path, let version, let known):
            "the database \(path) has tables of version \(version), and this program knows versions up to \(known)"
        case .otherProgram(let path): "\(path) is a SQLite database of another program"
        case .migration(let path, let version, let reason):
            "the tables of \(path) cannot be changed to version \(version): \(reason)"
        case .diskFull(let path): "the disk is full: the database \(path) cannot be written"
        case .readOnly(let path): "the database \(path) cannot be written: it is read-only"
        case .busy(let path): "the database \(path) is in use by another process"
        case .io(let path, let reason): "the database \(path) cannot be read or written: \(reason)"
        case .constraint(let reason, let statement): "the database refuses a row: \(reason) (\(statement))"
        case .statement(let reason, let statement): "the database refuses a statement: \(reason) (\(statement))"
        case .wrongValueCount(let expected, let given, let statement):
            "the statement needs \(expected) values and got \(given) (\(statement))"
        case .notANumber(let statement): "a value is not a number (\(statement))"
        case .noColumn(let column, let available):
            "the result has no column \(column), only \(available.joined(separator: ", "))"
        case .wrongType(let column, let expected, let found): "column \(column) holds \(found) instead of \(expected)"
        }
    }

    /// What the user can do about it.
    package var hint: String? {
        switch self {
        case .noLibrary: "apt-get install libsqlite3-0"
        case .damaged: "put a copy back, or move the file away to start with an empty one"
        case .newerSchema: "use the newer version of the program, or another folder"
        case .otherProgram: "choose another folder"
        case .diskFull: "free some disk space, or choose a folder on another disk"
        case .readOnly, .cannotOpen: "check the path and its permissions"
        case .busy: "stop the other process"
        default: nil
        }
    }
}

// A SQLite database: statements, transactions, and tables that follow the program's version.

import CSQLite
import Foundation

/// One connection to a database, which any thread may use: calls wait for each other.
///
/// Every commit is on the disk when it returns (write-ahead log with `synchronous=FULL`), foreign keys are enforced,
/// and the file is readable by its owner only.
package final class Database: @unchecked Sendable {
    /// The path of a database without a file.
    package static let temporary = ":memory:"

    package let path: String
    /// Recursive, so that the statements of a transaction can be run in a function that knows nothing of it.
    private let lock = NSRecursiveLock()
    /// Nil when closed. Only used by the holder of the lock.
    private var connection: Connection?
    /// Whether the holder of the lock is in `transaction`.
    private var isInTransaction = false

    /// Opens a database, or creates it, and brings its tables up to date.
    ///
    /// - Parameters:
    ///   - path: of the file, whose folder exists, or `Database.temporary`.
    ///   - migrations: element i is the script of SQL that changes the tables of version i to those of version i + 1. An
    ///     element that has been published never changes.
    package init(path: String, migrations: [String]) throws(DatabaseError) {
        self.path = path
        let connection = try Connection(path: path, library: SQLiteLibrary())
        try connection.prepareFile()
        try connection.migrate(migrations)
        self.connection = connection
    }

    /// Runs one statement. The number of rows that it inserted, changed or deleted.
    @discardableResult
    package func execute(_ sql: String, _ values: any DatabaseConvertible...) throws(DatabaseError) -> Int {
        try execute(sql, values: values)
    }

    /// Runs one statement. The number of rows that it inserted, changed or deleted.
    @discardableResult
    package func execute(_ sql: String, values: [any DatabaseConvertible]) throws(DatabaseError) -> Int {
        try locked { connection throws(DatabaseError) in try connection.run(sql, values.map(\.databaseValue)).changes }
    }

    /// Runs one statement. All rows of its result.
    package func query(_ sql: String, _ values: any DatabaseConvertible...) throws(DatabaseError) -> [Row] {
        try query(sql, values: values)
    }

    /// Runs one statement. All rows of its result.
    package func query(_ sql: String, values: [any DatabaseConvertible]) throws(DatabaseError) -> [Row] {
        try locked { connection throws(DatabaseError) in try connection.run(sql, values.map(\.databaseValue)).rows }
    }

    /// Runs `body`, all of whose statements take effect or, if it throws, none. Other threads wait until it is over.
    @discardableResult
    package func transaction<Result>(_ body: () throws -> Result) throws -> Result {
        lock.lock()
        defer { lock.unlock() }
        guard !isInTransaction else { throw DatabaseError.nestedTransaction }
        guard let connection else { throw DatabaseError.closed(path: path) }
        try connection.run("BEGIN IMMEDIATE")
        isInTransaction = true
        defer { isInTransaction = false }
        do {
            let result = try body()
            // The body may have closed the database, which rolls back.
            guard self.connection != nil else { throw DatabaseError.closed(path: path) }
            try connection.run("COMMIT")
            return result
        } catch {
            connection.rollBack()
            throw error
        }
    }

    /// Closes the database; nothing can be done with it afterwards.
    package func close() {
        lock.lock()
        defer { lock.unlock() }
        connection?.close()
        connection = nil
    }

    private func locked<Result>(
        _ body: (Connection) throws(DatabaseError) -> Result
    ) throws(DatabaseError) -> Result {
        lock.lock()
        defer { lock.unlock() }
        guard let connection else { throw .closed(path: path) }
        return try body(connection)
    }
}

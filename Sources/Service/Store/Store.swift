// Everything that the service remembers: files, jobs, events, checkpoints and models, in one SQLite file.

import Database
import Foundation
import Synchronization

/// The service's database. Every change is on the disk when the call returns.
package final class Store: Sendable {
    let database: Database
    /// Told of every change of a job or of its events.
    package let changes = ChangeSignal()
    private let clock: @Sendable () -> Int

    /// - Parameters:
    ///   - path: of the file, or `Database.temporary`.
    ///   - clock: seconds since 1970.
    package init(
        path: String, clock: @escaping @Sendable () -> Int = { Int(Date().timeIntervalSince1970) }
    ) throws(DatabaseError) {
        database = try Database(path: path, migrations: StoreTables.migrations)
        self.clock = clock
    }

    package var now: Int { clock() }

    package func close() { database.close() }

    /// Does all or nothing.
    package func transaction<Result>(_ body: () throws -> Result) throws -> Result {
        let result = try database.transaction(body)
        changes.tell()
        return result
    }

    /// The rows of a page: `columns` of `table` where `condition` holds, by the order in which they came.
    func page(
        _ table: String, where condition: String = "1", _ values: [any DatabaseConvertible] = [],
        _ request: PageRequest
    ) throws -> [Row] {
        var (condition, values) = (condition, values)
        if let after = request.after {
            let found = try database.query("SELECT number FROM \(table) WHERE id = ?", after)
            guard let number = try found.first?.integer("number") else {
                throw APIError.invalid("There is no object '\(APIError.shown(after))'.", param: "after")
            }
            condition += " AND number \(request.ascending ? ">" : "<") ?"
            values.append(number)
        }
        values.append(request.limit + 1)
        return try database.query(
            "SELECT * FROM \(table) WHERE \(condition) ORDER BY number \(request.ascending ? "ASC" : "DESC") LIMIT ?",
            values: values)
    }
}

/// Lets threads wait until something has changed.
package final class ChangeSignal: Sendable {
    private let condition = NSCondition()
    private let count = Mutex(0)

    package var version: Int { count.withLock { $0 } }

    package func tell() {
        count.withLock { $0 += 1 }
        condition.lock()
        condition.broadcast()
        condition.unlock()
    }

    /// Waits until there is another version than `version`, or until the time is over.
    package func wait(after version: Int, seconds: Double) {
        let end = Date(timeIntervalSinceNow: seconds)
        condition.lock()
        while self.version == version, condition.wait(until: end) {}
        condition.unlock()
    }
}

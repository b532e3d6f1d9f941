// What happens to a database when it is opened: its settings, a check of the file, and changes of its tables.

import CSQLite

extension Connection {
    /// Marks the files of this program, so that another's database is never changed: "LUTH" (sqlite.org/pragma.html).
    private static let applicationID = 0x4C55_5448

    /// Sets what is set per connection, and refuses a file that is damaged or another program's.
    func prepareFile() throws(DatabaseError) {
        guard !isReadOnly else { throw .readOnly(path: path) }
        // A damaged or hostile file must not make SQLite do what a statement of this program does not say.
        try run("PRAGMA trusted_schema = OFF")
        try run("PRAGMA cell_size_check = ON")
        try checkOwner()
        try run("PRAGMA journal_mode = WAL")
        try run("PRAGMA synchronous = FULL")
        try run("PRAGMA foreign_keys = ON")
        let findings = try run("PRAGMA quick_check(1)").rows
        guard findings.first?.values == [.text("ok")] else {
            throw .damaged(path: path, reason: try findings.first?.text("quick_check") ?? "its check says nothing")
        }
    }

    /// An empty file becomes this program's with its first tables.
    private func checkOwner() throws(DatabaseError) {
        let owner = try number("PRAGMA application_id")
        let tables = try number("SELECT count(*) FROM sqlite_schema")
        guard owner == Connection.applicationID || (owner == 0 && tables == 0) else {
            throw .otherProgram(path: path)
        }
    }

    /// Runs the scripts that the tables lack.
    func migrate(_ migrations: [String]) throws(DatabaseError) {
        while true {
            let version = try number("PRAGMA user_version")
            guard version <= migrations.count else {
                throw .newerSchema(path: path, version: version, known: migrations.count)
            }
            guard version < migrations.count else { return }
            try run("BEGIN IMMEDIATE")
            do throws(DatabaseError) {
                // Another process may have changed the tables while this one waited.
                if try number("PRAGMA user_version") == version {
                    try runScript(migrations[version])
                    try runScript(
                        "PRAGMA application_id = \(Connection.applicationID); PRAGMA user_version = \(version + 1)")
                }
                try run("COMMIT")
            } catch {
                rollBack()
                switch error {
                case .statement(let reason, _), .constraint(let reason, _):
                    throw .migration(path: path, version: version + 1, reason: reason)
                default: throw error
                }
            }
        }
    }

    private func number(_ sql: String) throws(DatabaseError) -> Int {
        guard case .integer(let number)? = try run(sql).rows.first?.values.first else { return 0 }
        return number
    }
}

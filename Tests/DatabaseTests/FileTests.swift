// The database's file: its tables follow the version, and a file that cannot be used is an error that says why.

import Database
import Foundation
import Kernels
import TestSupport
import Testing

@Suite struct FileTests {
    private static let first = "CREATE TABLE a (n INTEGER); INSERT INTO a VALUES (1);"
    private static let second = "ALTER TABLE a ADD COLUMN m; UPDATE a SET m = n + 1"

    private func inFolder(_ body: (_ path: String, TemporaryFolder) throws -> Void) throws {
        try withTemporaryFolder { try body($0.path + "/service.sqlite", $0) }
    }

    @Test func settings() throws {
        try inFolder { path, _ in
            let database = try Database(path: path, migrations: [FileTests.first])
            func setting(_ name: String) throws -> DatabaseValue { try database.query("PRAGMA \(name)")[0].values[0] }
            #expect(try setting("journal_mode") == .text("wal") && setting("synchronous") == .integer(2))
            #expect(try setting("foreign_keys") == .integer(1) && setting("trusted_schema") == .integer(0))
            #expect(try database.query("PRAGMA busy_timeout")[0].integer("timeout") == 5000)
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect(attributes[.posixPermissions] as? Int == 0o600)
            let log = try FileManager.default.attributesOfItem(atPath: path + "-wal")
            #expect(log[.posixPermissions] as? Int == 0o600)
        }
    }

    @Test func migrationsRunOnce() throws {
        try inFolder { path, _ in
            try Database(path: path, migrations: [FileTests.first]).execute("INSERT INTO a VALUES (5)")
            for _ in 0..<2 {
                let database = try Database(path: path, migrations: [FileTests.first, FileTests.second])
                #expect(try database.query("SELECT m FROM a ORDER BY n").map { try $0.integer("m") } == [2, 6])
                #expect(try database.query("PRAGMA user_version")[0].integer("user_version") == 2)
            }
        }
    }

    @Test func newerTablesAreRefused() throws {
        try inFolder { path, _ in
            try Database(path: path, migrations: [FileTests.first, FileTests.second]).close()
            let error = #expect(throws: DatabaseError.newerSchema(path: path, version: 2, known: 1)) {
                try Database(path: path, migrations: [FileTests.first])
            }
            #expect(error?.description.contains("version 2") == true && error?.hint != nil)
        }
    }

    @Test func failedMigrationChangesNothing() throws {
        try inFolder { path, _ in
            try Database(path: path, migrations: [FileTests.first]).close()
            let bad = "CREATE TABLE b (n); INSERT INTO nowhere VALUES (1)"
            #expect(throws: DatabaseError.migration(path: path, version: 2, reason: "no such table: nowhere")) {
                try Database(path: path, migrations: [FileTests.first, bad])
            }
            let database = try Database(path: path, migrations: [FileTests.first, FileTests.second])
            #expect(try database.query("SELECT name FROM sqlite_schema").map { try $0.text("name") } == ["a"])
        }
    }

    @Test func anotherProgramsFile() throws {
        try inFolder { path, _ in
            let other = try Connection(path: path, library: SQLiteLibrary())
            try other.runScript("CREATE TABLE theirs (n)")
            other.close()
            #expect(throws: DatabaseError.otherProgram(path: path)) {
                try Database(path: path, migrations: [FileTests.first])
            }
        }
    }

    @Test func damagedFiles() throws {
        try inFolder { path, folder in
            let database = try Database(path: path, migrations: [FileTests.first])
            for number in 0..<2000 {
                try database.execute("INSERT INTO a VALUES (?)", number)
            }
            database.close()
            let good = try folder.read("service.sqlite")
            var zeros = good
            zeros.replaceSubrange(4096..<8192, with: repeatElement(0, count: 4096))
            for (name, bytes) in [
                ("text", Array("not a database, but a text of more than a hundred bytes ".utf8) + good[100...]),
                ("cut", Array(good[..<(good.count / 2)])), ("zeros", zeros),
            ] {
                try folder.write(bytes, as: name)
                let error = #expect(throws: DatabaseError.self, "\(name)") {
                    try Database(path: folder.path + "/" + name, migrations: [FileTests.first])
                }
                guard case .damaged(folder.path + "/" + name, _)? = error else {
                    Issue.record("\(name): \(String(describing: error))")
                    continue
                }
            }
        }
    }

    /// Damage anywhere is an error or without effect, never a crash.
    @Test func damageAnywhere() throws {
        try inFolder { path, folder in
            let database = try Database(path: path, migrations: [FileTests.first, "CREATE INDEX i ON a (n)"])
            try database.transaction {
                for number in 0..<500 { try database.execute("INSERT INTO a VALUES (?)", number) }
            }
            database.close()
            let good = try folder.read("service.sqlite")
            var generator = SplitMix64(seed: 7)
            for _ in 0..<100 {
                var bytes = good
                for _ in 0..<8 {
                    bytes[Int.random(in: 0..<bytes.count, using: &generator)] = .random(in: 0...255, using: &generator)
                }
                let name = UUID().uuidString
                try folder.write(bytes, as: name)
                do throws(DatabaseError) {
                    let database = try Database(
                        path: folder.path + "/" + name, migrations: [FileTests.first, "CREATE INDEX i ON a (n)"])
                    _ = try database.query("SELECT * FROM a WHERE n > 5")
                    try database.execute("DELETE FROM a")
                } catch { #expect(!error.description.isEmpty) }
            }
        }
    }

    @Test func fullDisk() throws {
        try inFolder { path, _ in
            let database = try Database(path: path, migrations: [FileTests.first])
            try database.execute("PRAGMA max_page_count = 20")
            let blob = [UInt8](repeating: 1, count: 200_000)
            let error = #expect(throws: DatabaseError.diskFull(path: path)) {
                try database.transaction {
                    try database.execute("INSERT INTO a VALUES (2)")
                    try database.execute("INSERT INTO a VALUES (?)", blob)
                }
            }
            #expect(error.map { "\($0)".contains(path) } == true)
            #expect(try database.query("SELECT * FROM a").count == 1)
            try database.execute("INSERT INTO a VALUES (3)")
        }
    }

    @Test func cannotBeOpened() throws {
        try inFolder { path, folder in
            #expect(throws: DatabaseError.cannotOpen(path: path + "/x", reason: "No such file or directory")) {
                try Database(path: path + "/x", migrations: [])
            }
            #expect(throws: DatabaseError.self) { try Database(path: folder.path, migrations: []) }
            #expect(throws: DatabaseError.self) { try Database(path: "/dev/null/x", migrations: []) }
        }
    }

    /// As somebody who may read the file and not write it: Linux has a file system user of each thread.
    @Test func readOnly() throws {
        try inFolder { path, folder in
            try Database(path: path, migrations: [FileTests.first]).close()
            #expect(chmod(path, 0o444) == 0 && chmod(folder.path, 0o555) == 0)
            defer { chmod(folder.path, 0o755) }
            #expect(throws: DatabaseError.readOnly(path: path)) {
                try asNobody { _ = try Database(path: path, migrations: [FileTests.first]) }
            }
        }
        try inFolder { path, _ in
            let database = try Database(path: path, migrations: [FileTests.first])
            try database.execute("PRAGMA query_only = ON")
            #expect(throws: DatabaseError.readOnly(path: path)) { try database.execute("DELETE FROM a") }
        }
    }

    /// Runs `body` without root's rights over files.
    private func asNobody(_ body: () throws -> Void) throws {
        typealias Call = @convention(c) (uid_t) -> CInt
        guard geteuid() == 0 else { return try body() }
        let found = try #require(dlsym(nil, "setfsuid"))
        let setUser = unsafeBitCast(found, to: Call.self)
        _ = setUser(65534)
        defer { _ = setUser(0) }
        try body()
    }

    @Test func missingLibrary() {
        let error = #expect(throws: DatabaseError.self) { try SQLiteLibrary(fileNames: ["libnothing.so.0"]) }
        guard case .noLibrary(let reason)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(reason.contains("libnothing.so.0") && error?.hint == "apt-get install libsqlite3-0")
        let other = #expect(throws: DatabaseError.self) { try SQLiteLibrary(fileNames: ["libc.so.6"]) }
        #expect(other == .noLibrary(reason: "it has no function sqlite3_open_v2"))
    }

    /// A process that is killed in a transaction leaves what was committed.
    @Test func aLogThatWasNotMergedIsRead() throws {
        try inFolder { path, folder in
            let database = try Database(path: path, migrations: [FileTests.first])
            try database.execute("INSERT INTO a VALUES (2)")
            // What the disk holds at a kill: the file and its log, without the end of `close`.
            for name in ["service.sqlite", "service.sqlite-wal"] {
                try folder.write(folder.read(name), as: "copy" + name.dropFirst("service".count))
            }
            let copy = try Database(path: folder.path + "/copy.sqlite", migrations: [FileTests.first])
            #expect(try copy.query("SELECT * FROM a").count == 2)
            withExtendedLifetime(database) {}
        }
    }
}

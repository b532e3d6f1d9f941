// Transactions: all or nothing, never one in another, and threads that wait for each other.

import Database
import Foundation
import TestSupport
import Testing

@Suite struct TransactionTests {
    private static let table = ["CREATE TABLE t (n INTEGER UNIQUE)"]

    private struct Failure: Error {}

    @Test func allOrNothing() throws {
        let database = try Database(path: Database.temporary, migrations: TransactionTests.table)
        func count() throws -> Int { try database.query("SELECT count(*) AS n FROM t")[0].integer("n") }
        #expect(throws: Failure.self) {
            try database.transaction {
                try database.execute("INSERT INTO t VALUES (1)")
                #expect(try count() == 1)
                throw Failure()
            }
        }
        #expect(try count() == 0)
        // An error that is caught in the body loses only its statement.
        try database.transaction {
            try database.execute("INSERT INTO t VALUES (1)")
            #expect(throws: DatabaseError.self) { try database.execute("INSERT INTO t VALUES (1)") }
        }
        #expect(try count() == 1)
        #expect(try database.transaction { 5 } == 5)
    }

    @Test func nestedIsRefused() throws {
        let database = try Database(path: Database.temporary, migrations: TransactionTests.table)
        #expect(throws: DatabaseError.nestedTransaction) {
            try database.transaction {
                try database.execute("INSERT INTO t VALUES (1)")
                try database.transaction {}
            }
        }
        #expect(try database.query("SELECT * FROM t").isEmpty)
        // The next is not a nested one.
        try database.transaction { try database.execute("INSERT INTO t VALUES (1)") }
        #expect(try database.query("SELECT * FROM t").count == 1)
    }

    @Test func closedInside() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/d.sqlite"
            let database = try Database(path: path, migrations: TransactionTests.table)
            #expect(throws: DatabaseError.closed(path: path)) {
                try database.transaction {
                    try database.execute("INSERT INTO t VALUES (1)")
                    database.close()
                }
            }
            let again = try Database(path: path, migrations: TransactionTests.table)
            #expect(try again.query("SELECT * FROM t").isEmpty)
        }
    }

    /// Each of eight threads reads a number and writes the next, which goes wrong without one lock around both.
    @Test func threadsWaitForEachOther() throws {
        try withTemporaryFolder { folder in
            let database = try Database(
                path: folder.path + "/d.sqlite", migrations: ["CREATE TABLE c (n INTEGER); INSERT INTO c VALUES (0)"])
            DispatchQueue.concurrentPerform(iterations: 8) { _ in
                for _ in 0..<25 {
                    do {
                        try database.transaction {
                            let number = try database.query("SELECT n FROM c")[0].integer("n")
                            try database.execute("UPDATE c SET n = ?", number + 1)
                        }
                    } catch { Issue.record(error) }
                }
            }
            #expect(try database.query("SELECT n FROM c")[0].integer("n") == 200)
        }
    }

    /// A second connection reads what is committed, and only that.
    @Test func connectionsSeeCommits() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/d.sqlite"
            let writer = try Database(path: path, migrations: TransactionTests.table)
            let reader = try Database(path: path, migrations: TransactionTests.table)
            try writer.transaction {
                try writer.execute("INSERT INTO t VALUES (1)")
                #expect(try reader.query("SELECT * FROM t").isEmpty)
            }
            #expect(try reader.query("SELECT * FROM t").count == 1)
        }
    }
}

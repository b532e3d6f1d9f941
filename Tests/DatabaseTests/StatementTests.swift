// Statements: what is stored comes back, and what cannot be read or run is an error that says what is wrong.

import Database
import Testing

@Suite struct StatementTests {
    private func database() throws -> Database {
        try Database(
            path: Database.temporary,
            migrations: ["CREATE TABLE t (id INTEGER PRIMARY KEY, v, n INTEGER UNIQUE CHECK (n < 1000))"])
    }

    @Test(
        arguments: [
            .null, .integer(0), .integer(.min), .integer(.max), .double(0.1), .double(-.infinity),
            .double(.leastNonzeroMagnitude), .text(""), .text("a\u{0}b"), .text("e\u{301} \u{1F600} \r\n"), .blob([]),
            .blob([0, 255, 0]), .blob([UInt8](repeating: 7, count: 1 << 20)),
        ] as [DatabaseValue])
    func valuesComeBack(_ value: DatabaseValue) throws {
        let database = try database()
        #expect(try database.execute("INSERT INTO t (v) VALUES (?)", value) == 1)
        #expect(try database.query("SELECT v FROM t").map(\.values) == [[value]])
    }

    /// Swift compares texts by canonical equivalence; the bytes must be the same.
    @Test func textsKeepTheirForm() throws {
        let database = try database()
        try database.execute("INSERT INTO t (v) VALUES (?)", "e\u{301}")
        let text = try database.query("SELECT v FROM t")[0].text("v")
        #expect(Array(text.utf8) == Array("e\u{301}".utf8))
    }

    @Test func typedReading() throws {
        let database = try database()
        let none: String? = nil
        let some: Int? = 7
        let row = try database.query(
            "SELECT ? AS text, ? AS integer, ? AS double, ? AS yes, ? AS blob, ? AS none, ? AS some, ? AS part",
            "x", 5, 2.5, true, [1, 2] as [UInt8], none, some, "abc".prefix(2))[0]
        #expect(try row.text("text") == "x" && row.text(ifPresent: "text") == "x")
        #expect(try row.integer("integer") == 5 && row.integer("some") == 7 && row.integer(ifPresent: "integer") == 5)
        #expect(try row.double("double") == 2.5 && row.double("integer") == 5)
        #expect(try row.bool("yes") && row.bool(ifPresent: "none") == nil)
        #expect(try row.blob("blob") == [1, 2] && row.text("part") == "ab")
        #expect(try row.text(ifPresent: "none") == nil && row.integer(ifPresent: "none") == nil)
        #expect(try row.double(ifPresent: "none") == nil && row.blob(ifPresent: "none") == nil)
        func fails(_ expected: DatabaseError, _ read: () throws -> Void) { #expect(throws: expected, performing: read) }
        fails(.wrongType(column: "text", expected: "an integer", found: "a text")) { _ = try row.integer("text") }
        fails(.wrongType(column: "integer", expected: "a text", found: "an integer")) { _ = try row.text("integer") }
        fails(.wrongType(column: "double", expected: "an integer", found: "a number with a fraction")) {
            _ = try row.integer("double")
        }
        fails(.wrongType(column: "none", expected: "a text", found: "NULL")) { _ = try row.text("none") }
        fails(.wrongType(column: "integer", expected: "0 or 1", found: "5")) { _ = try row.bool("integer") }
        fails(.wrongType(column: "blob", expected: "a number", found: "a blob")) { _ = try row.double("blob") }
        fails(.noColumn("other", available: row.columns)) { _ = try row.text("other") }
    }

    @Test func changesAreCounted() throws {
        let database = try database()
        #expect(try database.execute("INSERT INTO t (n) VALUES (1), (2), (3)") == 3)
        #expect(try database.execute("UPDATE t SET v = 'x' WHERE n > 1") == 2)
        #expect(try database.execute("UPDATE t SET v = 'x' WHERE n > 9") == 0)
        #expect(try database.execute("CREATE TABLE other (a)") == 0)
        #expect(try database.execute("SELECT * FROM t") == 0)
        #expect(try database.execute("DELETE FROM t WHERE n < 3") == 2)
        #expect(try database.query("INSERT INTO t (n) VALUES (8) RETURNING id, n")[0].integer("n") == 8)
    }

    @Test func refusedStatements() throws {
        let database = try database()
        func fails(_ sql: String, values: [DatabaseValue] = [], _ matches: (DatabaseError) -> Bool) {
            let error = #expect(throws: DatabaseError.self) { try database.execute(sql, values: values) }
            #expect(error.map(matches) == true, "\(String(describing: error))")
        }
        fails("SELEC 1") {
            $0 == .statement(reason: "near \"SELEC\": syntax error", statement: "SELEC 1")
        }
        fails("SELECT absent FROM t") {
            $0 == .statement(reason: "no such column: absent", statement: "SELECT absent FROM t")
        }
        for empty in ["", " ; ", "-- nothing"] {
            fails(empty) { $0 == .statement(reason: "there is no statement in it", statement: empty) }
        }
        fails("DELETE FROM t; DELETE FROM t") {
            $0
                == .statement(
                    reason: "there is more than one statement in it", statement: "DELETE FROM t; DELETE FROM t")
        }
        fails("SELECT ?, ?", values: [.integer(1)]) {
            $0 == .wrongValueCount(expected: 2, given: 1, statement: "SELECT ?, ?")
        }
        fails("SELECT 1", values: [.integer(1)]) {
            $0 == .wrongValueCount(expected: 0, given: 1, statement: "SELECT 1")
        }
        fails("SELECT ?", values: [.double(.nan)]) { $0 == .notANumber(statement: "SELECT ?") }
        // A refused statement can be used again.
        #expect(try database.query("SELECT ?", 1).count == 1)
        #expect(try database.execute("SELECT 1 ; \n") == 0)
    }

    @Test func rulesOfTables() throws {
        let database = try database()
        try database.execute("INSERT INTO t (n) VALUES (1)")
        for (sql, reason) in [
            ("INSERT INTO t (n) VALUES (1)", "UNIQUE constraint failed: t.n"),
            ("INSERT INTO t (n) VALUES (1000)", "CHECK constraint failed: n < 1000"),
        ] {
            #expect(throws: DatabaseError.constraint(reason: reason, statement: sql)) { try database.execute(sql) }
        }
        try database.execute("CREATE TABLE child (parent INTEGER NOT NULL REFERENCES t ON DELETE CASCADE)")
        #expect(throws: DatabaseError.self) { try database.execute("INSERT INTO child VALUES (99)") }
        try database.execute("INSERT INTO child VALUES (1)")
        try database.execute("DELETE FROM t")
        #expect(try database.query("SELECT * FROM child").isEmpty)
    }

    /// A prepared statement follows a change of its table.
    @Test func columnsFollowTheTable() throws {
        let database = try database()
        try database.execute("INSERT INTO t (n) VALUES (1)")
        #expect(try database.query("SELECT * FROM t")[0].columns == ["id", "v", "n"])
        try database.execute("ALTER TABLE t ADD COLUMN extra DEFAULT 4")
        #expect(try database.query("SELECT * FROM t")[0].integer("extra") == 4)
    }

    /// Statements made from values do not fill the memory, and those that were dropped work again.
    @Test func manyDifferentStatements() throws {
        let database = try database()
        for number in 0..<1000 { #expect(try database.query("SELECT \(number) AS n")[0].integer("n") == number) }
        #expect(try database.query("SELECT 0 AS n")[0].integer("n") == 0)
    }

    @Test func closedMeansClosed() throws {
        let database = try database()
        database.close()
        database.close()
        #expect(throws: DatabaseError.closed(path: ":memory:")) { try database.query("SELECT 1") }
        #expect(throws: DatabaseError.closed(path: ":memory:")) { try database.transaction {} }
    }
}

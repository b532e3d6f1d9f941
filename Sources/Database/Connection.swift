// SQLite's connection and its prepared statements. Used by one thread at a time.

import CSQLite
import Foundation

package final class Connection {
    let path: String
    let functions: luthier_sqlite
    private var handle: OpaquePointer?
    /// Prepared statements by their text.
    private var prepared: [String: Statement] = [:]
    /// The texts of a program are few; whoever builds texts from values must not fill the memory.
    private static let mostPrepared = 256
    private static let busyMilliseconds: Int32 = 5000

    /// Opens the file, or creates it.
    package init(path: String, library: SQLiteLibrary) throws(DatabaseError) {
        (self.path, functions) = (path, library.functions)
        // SQLite creates files that everybody may read; those next to it get the permissions of this one.
        if path != Database.temporary {
            let created = Foundation.open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
            if created >= 0 { Foundation.close(created) }
        }
        let code = functions.open(
            path, &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nil)
        guard code == SQLITE_OK else {
            let error = failure(code, statement: "open")
            close()
            throw error
        }
        _ = functions.busy_timeout(handle, Connection.busyMilliseconds)
    }

    deinit { close() }

    package func close() {
        for statement in prepared.values { _ = functions.finalize(statement.handle) }
        prepared = [:]
        // "v2" closes when the last statement is finalized, and never fails.
        _ = functions.close(handle)
        handle = nil
    }

    /// Runs one statement to its end.
    @discardableResult
    func run(_ sql: String, _ values: [DatabaseValue] = []) throws(DatabaseError) -> (rows: [Row], changes: Int) {
        let statement = try statement(sql)
        defer {
            _ = functions.reset(statement.handle)
            _ = functions.clear_bindings(statement.handle)
        }
        guard values.count == statement.parameterCount else {
            throw .wrongValueCount(expected: statement.parameterCount, given: values.count, statement: sql)
        }
        for (place, value) in values.enumerated() {
            let code = try bind(value, at: Int32(place + 1), of: statement, sql)
            guard code == SQLITE_OK else { throw failure(code, statement: sql) }
        }
        let before = functions.total_changes(handle)
        var (rows, columns): ([Row], [String]) = ([], [])
        while true {
            switch functions.step(statement.handle) {
            case SQLITE_ROW:
                // The first step prepares the statement again where a table has changed since.
                if rows.isEmpty { columns = names(of: statement) }
                rows.append(
                    Row(columns: columns, values: columns.indices.map { value(of: statement, Int32($0)) }))
            case SQLITE_DONE:
                // SQLite's number of changes is that of the last statement that could change something.
                let hasChanged = functions.total_changes(handle) != before
                return (rows, hasChanged ? Int(functions.changes(handle)) : 0)
            case let code: throw failure(code, statement: sql)
            }
        }
    }

    /// Runs several statements without values.
    package func runScript(_ sql: String) throws(DatabaseError) {
        let code = functions.execute_script(handle, sql, nil, nil, nil)
        guard code == SQLITE_OK else { throw failure(code, statement: sql) }
    }

    /// Ends a transaction that failed. SQLite has ended it already after some errors, a full disk for example.
    func rollBack() {
        if handle != nil, functions.is_outside_transaction(handle) == 0 { _ = try? run("ROLLBACK") }
    }

    /// Whether the file, or its folder, cannot be written.
    var isReadOnly: Bool { functions.is_read_only(handle, "main") == 1 }

    // MARK: Statements

    private struct Statement {
        let handle: OpaquePointer
        let parameterCount: Int
    }

    private func statement(_ sql: String) throws(DatabaseError) -> Statement {
        if let known = prepared[sql] { return known }
        var (statement, tail): (OpaquePointer?, Int) = (nil, 0)
        let code = sql.withCString { text in
            var rest: UnsafePointer<CChar>?
            let code = functions.prepare(
                handle, text, Int32(clamping: sql.utf8.count + 1), UInt32(SQLITE_PREPARE_PERSISTENT), &statement, &rest)
            tail = rest.map { $0 - text } ?? 0
            return code
        }
        guard code == SQLITE_OK else { throw failure(code, statement: sql) }
        guard let statement else { throw .statement(reason: "there is no statement in it", statement: sql) }
        // SQLite would ignore what follows the first statement.
        guard sql.utf8.dropFirst(tail).allSatisfy({ " \n\r\t;".utf8.contains($0) }) else {
            _ = functions.finalize(statement)
            throw .statement(reason: "there is more than one statement in it", statement: sql)
        }
        if prepared.count >= Connection.mostPrepared {
            for old in prepared.values { _ = functions.finalize(old.handle) }
            prepared = [:]
        }
        let result = Statement(handle: statement, parameterCount: Int(functions.parameter_count(statement)))
        prepared[sql] = result
        return result
    }

    /// SQLite's code.
    private func bind(
        _ value: DatabaseValue, at index: Int32, of statement: Statement, _ sql: String
    ) throws(DatabaseError) -> Int32 {
        switch value {
        case .null: return functions.bind_null(statement.handle, index)
        case .integer(let number): return functions.bind_integer(statement.handle, index, Int64(number))
        case .double(let number):
            guard !number.isNaN else { throw .notANumber(statement: sql) }
            return functions.bind_double(statement.handle, index, number)
        case .text(let text):
            // The text of a C string is never null, which would be NULL.
            return text.withCString { bytes in
                withUnsafePointer(to: functions) {
                    luthier_sqlite_bind_text($0, statement.handle, index, bytes, UInt64(text.utf8.count))
                }
            }
        case .blob(let bytes):
            guard !bytes.isEmpty else { return functions.bind_zeros(statement.handle, index, 0) }
            return bytes.withUnsafeBytes { bytes in
                withUnsafePointer(to: functions) {
                    luthier_sqlite_bind_blob($0, statement.handle, index, bytes.baseAddress, UInt64(bytes.count))
                }
            }
        }
    }

    private func names(of statement: Statement) -> [String] {
        (0..<functions.column_count(statement.handle)).map { column in
            functions.column_name(statement.handle, column).map { String(cString: $0) } ?? ""
        }
    }

    private func value(of statement: Statement, _ column: Int32) -> DatabaseValue {
        switch functions.column_type(statement.handle, column) {
        case SQLITE_INTEGER: return .integer(Int(functions.column_integer(statement.handle, column)))
        case SQLITE_FLOAT: return .double(functions.column_double(statement.handle, column))
        case SQLITE_TEXT:
            // The bytes first, then their number: SQLite may convert the text (sqlite.org/c3ref/column_blob.html).
            let bytes = functions.column_text(statement.handle, column)
            let count = Int(functions.column_bytes(statement.handle, column))
            return .text(
                String(decoding: UnsafeBufferPointer(start: bytes, count: bytes == nil ? 0 : count), as: UTF8.self))
        case SQLITE_BLOB:
            let bytes = functions.column_blob(statement.handle, column)
            let count = Int(functions.column_bytes(statement.handle, column))
            return .blob([UInt8](UnsafeRawBufferPointer(start: bytes, count: bytes == nil ? 0 : count)))
        default: return .null
        }
    }

    // MARK: Errors

    /// The error of SQLite's `code` (sqlite.org/rescode.html).
    func failure(_ code: Int32, statement: String) -> DatabaseError {
        let text = functions.message(handle).map { String(cString: $0) } ?? "error \(code)"
        func systemReason() -> String {
            let number = functions.system_error(handle)
            return number == 0 ? text : String(cString: strerror(number))
        }
        return switch code & 0xFF {
        case SQLITE_CORRUPT, SQLITE_NOTADB: .damaged(path: path, reason: text)
        case SQLITE_FULL: .diskFull(path: path)
        case SQLITE_READONLY, SQLITE_PERM: .readOnly(path: path)
        case SQLITE_BUSY, SQLITE_LOCKED: .busy(path: path)
        case SQLITE_CANTOPEN, SQLITE_AUTH: .cannotOpen(path: path, reason: systemReason())
        case SQLITE_IOERR:
            [ENOSPC, EDQUOT].contains(functions.system_error(handle))
                ? .diskFull(path: path) : .io(path: path, reason: systemReason())
        case SQLITE_CONSTRAINT: .constraint(reason: text, statement: statement)
        default: .statement(reason: text, statement: statement)
        }
    }
}

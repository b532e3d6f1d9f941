// One row of a query's result, read by the names of its columns.

/// The values of a row. Reading a column that is not there, or that holds something else, is an error with its name.
package struct Row: Sendable, Equatable {
    package let columns: [String]
    package let values: [DatabaseValue]

    /// The value of `column`; of several columns with one name, the first.
    package func value(_ column: String) throws(DatabaseError) -> DatabaseValue {
        guard let place = columns.firstIndex(of: column) else { throw .noColumn(column, available: columns) }
        return values[place]
    }

    package func text(_ column: String) throws(DatabaseError) -> String {
        try present(column, "a text", text(ifPresent: column))
    }

    package func integer(_ column: String) throws(DatabaseError) -> Int {
        try present(column, "an integer", integer(ifPresent: column))
    }

    /// An integer is converted.
    package func double(_ column: String) throws(DatabaseError) -> Double {
        try present(column, "a number", double(ifPresent: column))
    }

    /// Only 0 and 1 are truth values.
    package func bool(_ column: String) throws(DatabaseError) -> Bool {
        try present(column, "0 or 1", bool(ifPresent: column))
    }

    package func blob(_ column: String) throws(DatabaseError) -> [UInt8] {
        try present(column, "a blob", blob(ifPresent: column))
    }

    /// Nil for NULL.
    package func text(ifPresent column: String) throws(DatabaseError) -> String? {
        switch try value(column) {
        case .null: nil
        case .text(let text): text
        case let other: throw .wrongType(column: column, expected: "a text", found: other.kind)
        }
    }

    /// Nil for NULL.
    package func integer(ifPresent column: String) throws(DatabaseError) -> Int? {
        switch try value(column) {
        case .null: nil
        case .integer(let number): number
        case let other: throw .wrongType(column: column, expected: "an integer", found: other.kind)
        }
    }

    /// Nil for NULL.
    package func double(ifPresent column: String) throws(DatabaseError) -> Double? {
        switch try value(column) {
        case .null: nil
        case .double(let number): number
        case .integer(let number): Double(number)
        case let other: throw .wrongType(column: column, expected: "a number", found: other.kind)
        }
    }

    /// Nil for NULL.
    package func bool(ifPresent column: String) throws(DatabaseError) -> Bool? {
        switch try value(column) {
        case .null: nil
        case .integer(0): false
        case .integer(1): true
        case .integer(let number): throw .wrongType(column: column, expected: "0 or 1", found: "\(number)")
        case let other: throw .wrongType(column: column, expected: "0 or 1", found: other.kind)
        }
    }

    /// Nil for NULL.
    package func blob(ifPresent column: String) throws(DatabaseError) -> [UInt8]? {
        switch try value(column) {
        case .null: nil
        case .blob(let bytes): bytes
        case let other: throw .wrongType(column: column, expected: "a blob", found: other.kind)
        }
    }

    private func present<Value>(
        _ column: String, _ expected: String, _ value: Value?
    ) throws(DatabaseError) -> Value {
        guard let value else { throw .wrongType(column: column, expected: expected, found: DatabaseValue.null.kind) }
        return value
    }
}

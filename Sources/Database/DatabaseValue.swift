// The five kinds of values that a database stores, and the Swift values that become one.

/// A value of a row, or for a `?` of a statement.
package enum DatabaseValue: Sendable, Equatable {
    case null
    case integer(Int)
    case double(Double)
    case text(String)
    case blob([UInt8])

    /// SQL's name of the kind.
    var kind: String {
        switch self {
        case .null: "NULL"
        case .integer: "an integer"
        case .double: "a number with a fraction"
        case .text: "a text"
        case .blob: "a blob"
        }
    }
}

/// What can be given for a `?` of a statement.
package protocol DatabaseConvertible {
    var databaseValue: DatabaseValue { get }
}

extension DatabaseValue: DatabaseConvertible {
    package var databaseValue: DatabaseValue { self }
}

extension Int: DatabaseConvertible {
    package var databaseValue: DatabaseValue { .integer(self) }
}

extension Int64: DatabaseConvertible {
    package var databaseValue: DatabaseValue { .integer(Int(self)) }
}

extension Int32: DatabaseConvertible {
    package var databaseValue: DatabaseValue { .integer(Int(self)) }
}

extension Double: DatabaseConvertible {
    package var databaseValue: DatabaseValue { .double(self) }
}

extension String: DatabaseConvertible {
    package var databaseValue: DatabaseValue { .text(self) }
}

extension Substring: DatabaseConvertible {
    package var databaseValue: DatabaseValue { .text(String(self)) }
}

/// Stored as 0 or 1.
extension Bool: DatabaseConvertible {
    package var databaseValue: DatabaseValue { .integer(self ? 1 : 0) }
}

extension [UInt8]: DatabaseConvertible {
    package var databaseValue: DatabaseValue { .blob(self) }
}

/// Nil is stored as NULL.
extension Optional: DatabaseConvertible where Wrapped: DatabaseConvertible {
    package var databaseValue: DatabaseValue { self?.databaseValue ?? .null }
}

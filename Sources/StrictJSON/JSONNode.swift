// A JSON value with its position, and accessors for its type.

/// A value and the position of its first character.
package struct JSONNode: Sendable {
    package let value: JSONValue
    package let position: SourcePosition

    package init(value: JSONValue, position: SourcePosition) {
        self.value = value
        self.position = position
    }
}

/// A JSON value. Integers that fit `Int` are `.integer`; every other number, including `1.0`, is `.number`.
package enum JSONValue: Sendable {
    case null
    case bool(Bool)
    case integer(Int)
    case number(Double)
    case string(String)
    case array([JSONNode])
    case object(JSONObject)
}

extension JSONNode {
    package var isNull: Bool {
        if case .null = value { true } else { false }
    }

    package var bool: Bool? {
        if case .bool(let flag) = value { flag } else { nil }
    }

    /// The integer, if it was written without fraction and exponent and fits `Int`.
    package var integer: Int? {
        if case .integer(let number) = value { number } else { nil }
    }

    /// The number, however it was written.
    package var number: Double? {
        switch value {
        case .integer(let number): Double(number)
        case .number(let number): number
        default: nil
        }
    }

    package var string: String? {
        if case .string(let text) = value { text } else { nil }
    }

    package var array: [JSONNode]? {
        if case .array(let elements) = value { elements } else { nil }
    }

    package var object: JSONObject? {
        if case .object(let object) = value { object } else { nil }
    }

    /// The value's type for messages: "a string", "a number", "an object".
    package var typeName: String {
        switch value {
        case .null: "null"
        case .bool: "true or false"
        case .integer, .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}

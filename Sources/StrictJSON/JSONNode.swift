// A JSON value with its position, and accessors for its type.

/// A value and the position of its first character.
public struct JSONNode: Sendable {
    public let value: JSONValue
    public let position: SourcePosition

    public init(value: JSONValue, position: SourcePosition) {
        self.value = value
        self.position = position
    }
}

/// A JSON value. Integers that fit `Int` are `.integer`; every other number, including `1.0`, is `.number`.
public enum JSONValue: Sendable {
    case null
    case bool(Bool)
    case integer(Int)
    case number(Double)
    case string(String)
    case array([JSONNode])
    case object(JSONObject)
}

extension JSONNode {
    public var isNull: Bool {
        if case .null = value { true } else { false }
    }

    public var bool: Bool? {
        if case .bool(let flag) = value { flag } else { nil }
    }

    /// The integer, if it was written without fraction and exponent and fits `Int`.
    public var integer: Int? {
        if case .integer(let number) = value { number } else { nil }
    }

    /// The number, however it was written.
    public var number: Double? {
        switch value {
        case .integer(let number): Double(number)
        case .number(let number): number
        default: nil
        }
    }

    public var string: String? {
        if case .string(let text) = value { text } else { nil }
    }

    public var array: [JSONNode]? {
        if case .array(let elements) = value { elements } else { nil }
    }

    public var object: JSONObject? {
        if case .object(let object) = value { object } else { nil }
    }

    /// The value's type for messages: "a string", "a number", "an object".
    public var typeName: String {
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

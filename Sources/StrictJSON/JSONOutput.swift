// JSON output: built from literals, in the given order, the same bytes every time.

/// A value to write as JSON.
///
/// Members keep their order. Doubles are written with the fewest digits that read back to the same double, independent
/// of the locale; values that are not finite become `null`, because JSON cannot express them.
package indirect enum JSONOutput: Sendable {
    case null
    case bool(Bool)
    case integer(Int)
    case number(Double)
    case string(String)
    case array([JSONOutput])
    case object([(key: String, value: JSONOutput)])
    /// A JSON text that is written as it is.
    case raw([UInt8])

    /// Converts a parsed value back to output.
    package init(_ node: JSONNode) {
        self =
            switch node.value {
            case .null: .null
            case .bool(let flag): .bool(flag)
            case .integer(let number): .integer(number)
            case .number(let number): .number(number)
            case .string(let text): .string(text)
            case .array(let elements): .array(elements.map { JSONOutput($0) })
            case .object(let object): .object(object.members.map { (key: $0.key, value: JSONOutput($0.value)) })
            }
    }

    /// The text: one line without spaces, or with `pretty` one line per value with two spaces of indentation. No line
    /// feed at the end.
    package func serialized(pretty: Bool = false) -> String {
        String(decoding: serializedBytes(pretty: pretty), as: UTF8.self)
    }

    /// The text in UTF-8.
    package func serializedBytes(pretty: Bool = false) -> [UInt8] {
        var writer = JSONWriter(isPretty: pretty)
        writer.write(self, depth: 0)
        return writer.bytes
    }
}

extension JSONOutput: ExpressibleByStringLiteral, ExpressibleByStringInterpolation, ExpressibleByIntegerLiteral,
    ExpressibleByFloatLiteral, ExpressibleByBooleanLiteral, ExpressibleByNilLiteral, ExpressibleByArrayLiteral,
    ExpressibleByDictionaryLiteral
{
    package init(stringLiteral value: String) { self = .string(value) }
    package init(integerLiteral value: Int) { self = .integer(value) }
    package init(floatLiteral value: Double) { self = .number(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(nilLiteral: ()) { self = .null }
    package init(arrayLiteral elements: JSONOutput...) { self = .array(elements) }
    package init(dictionaryLiteral elements: (String, JSONOutput)...) {
        self = .object(elements.map { (key: $0.0, value: $0.1) })
    }
}

// Python's dict: members in the order in which they came, found by keys that compare as Python's do.

package struct JinjaMapping {
    /// A key as it is compared: 1, 1.0 and true are one key.
    package indirect enum Key: Hashable {
        case none
        case undefined
        case integer(Int)
        case number(Double)
        case text([Unicode.Scalar])
        case tuple([Key])
    }

    private(set) var keys: [JinjaValue] = []
    private(set) var values: [JinjaValue] = []
    private var places: [Key: Int] = [:]
    /// One more than the deepest key's or value's.
    private(set) var depth = 1

    init() {}

    init(_ members: [(key: JinjaText, value: JinjaValue)]) {
        for (key, value) in members { set(.text(key.scalars), .text(key), value) }
    }

    var count: Int { keys.count }

    subscript(key: Key) -> JinjaValue? { places[key].map { values[$0] } }
    subscript(key: String) -> JinjaValue? { self[.text(Array(key.unicodeScalars))] }

    /// Puts a value under a key. A key that is already there keeps its place and its own spelling.
    mutating func set(_ key: Key, _ spelling: JinjaValue, _ value: JinjaValue) {
        depth = max(depth, 1 + value.depth, 1 + spelling.depth)
        if let place = places[key] {
            values[place] = value
        } else {
            places[key] = keys.count
            keys.append(spelling)
            values.append(value)
        }
    }

    var items: [JinjaValue] { zip(keys, values).map { .tuple(JinjaList([$0, $1])) } }
}

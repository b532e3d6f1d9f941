// The keys and values of a GGUF file, and the questions that a reader asks of them.

/// The metadata in the order of the file. Every method that asks for one kind of value throws where the key has another;
/// those that end in `IfPresent` give nil for an absent key, and the others throw.
package struct GGUFMetadata: Sendable, RandomAccessCollection {
    package typealias Element = (key: String, value: GGUFValue)

    private let values: [Element]
    private let places: [ByteKey: Int]

    /// Throws where a key is given twice.
    init(_ values: [Element]) throws(GGUFDefect) {
        self.values = values
        var places: [ByteKey: Int] = [:]
        for (index, element) in values.enumerated() {
            guard places.updateValue(index, forKey: ByteKey(element.key)) == nil else { throw .twice(element.key) }
        }
        self.places = places
    }

    package var startIndex: Int { values.startIndex }
    package var endIndex: Int { values.endIndex }
    package subscript(position: Int) -> Element { values[position] }

    /// The value of a key, or nil.
    package subscript(key: String) -> GGUFValue? { places[ByteKey(key)].map { values[$0].value } }
}

extension GGUFMetadata {
    /// A whole number, signed or not, of any width.
    package func integerIfPresent(
        _ key: String, in range: ClosedRange<Int> = 0...Int.max
    ) throws(GGUFDefect) -> Int? {
        guard let value = self[key] else { return nil }
        return try GGUFMetadata.integer(value, key, range)
    }

    package func integer(_ key: String, in range: ClosedRange<Int> = 0...Int.max) throws(GGUFDefect) -> Int {
        try present(try integerIfPresent(key, in: range), key)
    }

    /// A finite number, whole or not.
    package func numberIfPresent(
        _ key: String, in range: ClosedRange<Double>? = nil
    ) throws(GGUFDefect) -> Double? {
        guard let value = self[key] else { return nil }
        return try GGUFMetadata.number(value, key, range)
    }

    package func number(_ key: String, in range: ClosedRange<Double>? = nil) throws(GGUFDefect) -> Double {
        try present(try numberIfPresent(key, in: range), key)
    }

    package func flagIfPresent(_ key: String) throws(GGUFDefect) -> Bool? {
        guard let value = self[key] else { return nil }
        return try GGUFMetadata.flag(value, key)
    }

    package func flag(_ key: String) throws(GGUFDefect) -> Bool { try present(try flagIfPresent(key), key) }

    package func textIfPresent(_ key: String) throws(GGUFDefect) -> String? {
        guard let value = self[key] else { return nil }
        guard case .text(let text) = value else { throw .wrongKind(key: key, found: value.kind, expected: "a text") }
        return text
    }

    package func text(_ key: String) throws(GGUFDefect) -> String { try present(try textIfPresent(key), key) }

    /// A list of whole numbers; a single one where `count` is given stands for a list of so many, as llama.cpp reads
    /// keys that may differ from layer to layer.
    package func integersIfPresent(
        _ key: String, in range: ClosedRange<Int> = 0...Int.max, count: Int? = nil
    ) throws(GGUFDefect) -> [Int]? {
        try elements(key, count, "a list of whole numbers") { element throws(GGUFDefect) in
            try GGUFMetadata.integer(element, key, range)
        }
    }

    package func integers(
        _ key: String, in range: ClosedRange<Int> = 0...Int.max, count: Int? = nil
    ) throws(GGUFDefect) -> [Int] {
        try present(try integersIfPresent(key, in: range, count: count), key)
    }

    /// A list of finite numbers; `count` as with `integersIfPresent`.
    package func numbersIfPresent(_ key: String, count: Int? = nil) throws(GGUFDefect) -> [Double]? {
        try elements(key, count, "a list of numbers") { element throws(GGUFDefect) in
            try GGUFMetadata.number(element, key, nil)
        }
    }

    /// A list of flags; `count` as with `integersIfPresent`.
    package func flagsIfPresent(_ key: String, count: Int? = nil) throws(GGUFDefect) -> [Bool]? {
        try elements(key, count, "a list of flags") { element throws(GGUFDefect) in
            try GGUFMetadata.flag(element, key)
        }
    }

    /// The bytes of the texts of a list; they need not be UTF-8, as the pieces of a vocabulary are not.
    package func textsIfPresent(_ key: String) throws(GGUFDefect) -> [[UInt8]]? {
        guard let value = self[key] else { return nil }
        guard case .list(let list) = value else {
            throw .wrongKind(key: key, found: value.kind, expected: "a list of texts")
        }
        var texts: [[UInt8]] = []
        texts.reserveCapacity(list.count)
        for index in list.indices {
            guard let text = list.text(at: index) else {
                throw .wrongKind(key: key, found: "a list with \(list[index].kind)", expected: "a list of texts")
            }
            texts.append(Array(text))
        }
        return texts
    }

    package func texts(_ key: String) throws(GGUFDefect) -> [[UInt8]] { try present(try textsIfPresent(key), key) }
}

extension GGUFMetadata {
    private func present<Value>(_ value: Value?, _ key: String) throws(GGUFDefect) -> Value {
        guard let value else { throw .missingKey(key) }
        return value
    }

    private func elements<Element>(
        _ key: String, _ count: Int?, _ kind: String, _ convert: (GGUFValue) throws(GGUFDefect) -> Element
    ) throws(GGUFDefect) -> [Element]? {
        guard let value = self[key] else { return nil }
        guard case .list(let list) = value else {
            guard let count else { throw .wrongKind(key: key, found: value.kind, expected: kind) }
            return [Element](repeating: try convert(value), count: count)
        }
        if let count, list.count != count { throw .wrongCount(key: key, count: list.count, expected: count) }
        var result: [Element] = []
        result.reserveCapacity(list.count)
        for element in list { result.append(try convert(element)) }
        return result
    }

    private static func integer(
        _ value: GGUFValue, _ key: String, _ range: ClosedRange<Int>
    ) throws(GGUFDefect) -> Int {
        let number: Int?
        switch value {
        case .unsigned(let given): number = Int(exactly: given)
        case .signed(let given): number = Int(given)
        default: throw .wrongKind(key: key, found: value.kind, expected: "a whole number")
        }
        guard let number, range.contains(number) else {
            let bounds = range.upperBound == Int.max ? "\(range.lowerBound) or more" : "\(words(range))"
            throw .outOfRange(key: key, value: words(value), range: bounds)
        }
        return number
    }

    private static func number(
        _ value: GGUFValue, _ key: String, _ range: ClosedRange<Double>?
    ) throws(GGUFDefect) -> Double {
        let number: Double
        switch value {
        case .number(let given): number = given
        case .unsigned(let given): number = Double(given)
        case .signed(let given): number = Double(given)
        default: throw .wrongKind(key: key, found: value.kind, expected: "a number")
        }
        guard number.isFinite, range?.contains(number) ?? true else {
            throw .outOfRange(key: key, value: "\(number)", range: range.map(words) ?? "a finite number")
        }
        return number
    }

    private static func flag(_ value: GGUFValue, _ key: String) throws(GGUFDefect) -> Bool {
        guard case .flag(let flag) = value else { throw .wrongKind(key: key, found: value.kind, expected: "a flag") }
        return flag
    }

    private static func words<Bound>(_ range: ClosedRange<Bound>) -> String {
        "a number from \(range.lowerBound) to \(range.upperBound)"
    }

    private static func words(_ value: GGUFValue) -> String {
        switch value {
        case .unsigned(let number): "\(number)"
        case .signed(let number): "\(number)"
        default: value.kind
        }
    }
}

// What a template computes with: Python's plain types, and what Jinja adds.

import StrictJSON

/// A value. Lists, mappings and texts never change; only a namespace does.
package enum JinjaValue {
    /// What does not exist, and what to say when it is used for more than being printed or tested.
    case undefined(String)
    case none
    case boolean(Bool)
    case integer(Int)
    case number(Double)
    case text(JinjaText)
    case list(JinjaList)
    case tuple(JinjaList)
    case mapping(JinjaMapping)
    case range(IntegerRange)
    /// Keys, values or items of a mapping.
    case view(JinjaList, ofKeys: Bool)
    /// What a filter such as `map` gives: it can be consumed once.
    case iterator(ValueIterator)
    case namespace(Namespace)
    case macro(Macro)
    case method(Method, receiver: Receiver)
    case function(Function)
    case loop(LoopCursor)
}

/// Values in order, and how deep they are nested.
package struct JinjaList {
    let elements: [JinjaValue]
    /// One more than the deepest element's.
    let depth: Int

    init(_ elements: [JinjaValue]) {
        self.elements = elements
        depth = 1 + (elements.lazy.map(\.depth).max() ?? 0)
    }
}

/// A value whose method is to be called; a box, since a value cannot hold a value.
package final class Receiver {
    let value: JinjaValue
    init(_ value: JinjaValue) { self.value = value }
}

/// Whole numbers at equal distances.
package struct IntegerRange {
    let start: Int
    let step: Int
    let count: Int
    /// The bound that was given, which is none of the numbers.
    let end: Int

    func number(at place: Int) -> Int { start + place * step }
    /// The same for a place that may be outside; nil where it has more than 64 bits.
    func checkedNumber(at place: Int) -> Int? {
        let (offset, overflows) = place.multipliedReportingOverflow(by: step)
        let (number, overflowsToo) = start.addingReportingOverflow(offset)
        return overflows || overflowsToo ? nil : number
    }
    var numbers: [JinjaValue] { (0..<count).map { .integer(number(at: $0)) } }
}

/// Values that are handed out one at a time, each once.
package final class ValueIterator {
    private let elements: [JinjaValue]
    private(set) var place = 0
    let depth: Int

    init(_ elements: [JinjaValue]) {
        self.elements = elements
        depth = 1 + (elements.lazy.map(\.depth).max() ?? 0)
    }

    func next() -> JinjaValue? {
        guard place < elements.count else { return nil }
        defer { place += 1 }
        return elements[place]
    }

    /// Everything that is left, which then is handed out.
    func rest() -> [JinjaValue] {
        defer { place = elements.count }
        return Array(elements[place...])
    }
}

/// Jinja's `namespace`: attributes that can be assigned to from inner scopes.
package final class Namespace {
    var attributes: [(name: String, value: JinjaValue)] = []

    subscript(name: String) -> JinjaValue? {
        get { attributes.first { $0.name == name }?.value }
        set {
            guard let newValue else { return }
            if let place = attributes.firstIndex(where: { $0.name == name }) {
                attributes[place].value = newValue
            } else {
                attributes.append((name, newValue))
            }
        }
    }
}

/// A macro, or the block of a call, and the scope that it was written in.
package struct Macro {
    let syntax: MacroSyntax
    let scope: Scope
}

extension JinjaValue {
    /// How many lists and mappings are nested in it.
    var depth: Int {
        switch self {
        case .list(let list), .tuple(let list), .view(let list, _): list.depth
        case .mapping(let mapping): mapping.depth
        case .iterator(let iterator): iterator.depth
        default: 0
        }
    }

    /// Whether it may become part of a list, a mapping or a namespace. The others know scopes, which may know the list
    /// in turn: memory that nobody would free.
    var isStorable: Bool {
        switch self {
        case .namespace, .macro, .loop: false
        case .method(_, let receiver): receiver.value.isStorable
        default: true
        }
    }

    /// Its truth in a condition, as in Python.
    var isTrue: Bool {
        switch self {
        case .undefined, .none: false
        case .boolean(let flag): flag
        case .integer(let number): number != 0
        case .number(let number): number != 0
        case .text(let text): !text.isEmpty
        case .list(let list), .tuple(let list), .view(let list, _): !list.elements.isEmpty
        case .mapping(let mapping): mapping.count > 0
        case .range(let range): range.count > 0
        // A loop has a length, which is not 0 inside of it.
        case .iterator, .namespace, .macro, .method, .function, .loop: true
        }
    }

    /// The name of its type for a message, as Jinja says it.
    var typeName: String {
        switch self {
        case .undefined: "something undefined"
        case .none: "none"
        case .boolean: "a boolean"
        case .integer: "an integer"
        case .number: "a float"
        case .text: "a string"
        case .list: "a list"
        case .tuple: "a tuple"
        case .mapping: "a mapping"
        case .range: "a range"
        case .view: "a view of a mapping"
        case .iterator: "an iterator"
        case .namespace: "a namespace"
        case .macro: "a macro"
        case .method(let method, _): "the method \(method.rawValue)"
        case .function(let function): "the function \(function.rawValue)"
        case .loop: "the variable loop"
        }
    }

    /// As a number, where Python counts it as one: booleans are 0 and 1.
    var numeric: Numeric? {
        switch self {
        case .boolean(let flag): .integer(flag ? 1 : 0)
        case .integer(let number): .integer(number)
        case .number(let number): .number(number)
        default: nil
        }
    }

    /// As an integer, where Python accepts it as an index.
    var index: Int? {
        switch self {
        case .boolean(let flag): flag ? 1 : 0
        case .integer(let number): number
        default: nil
        }
    }
}

enum Numeric {
    case integer(Int)
    case number(Double)

    var double: Double {
        switch self {
        case .integer(let number): Double(number)
        case .number(let number): number
        }
    }
}

extension JinjaValue {
    /// A value read from JSON.
    ///
    /// - Parameter source: where its characters come from, by a number of the caller's; 0 for the template itself.
    package init(_ node: JSONNode, source: Int) {
        switch node.value {
        case .null: self = .none
        case .bool(let flag): self = .boolean(flag)
        case .integer(let number): self = .integer(number)
        case .number(let number): self = .number(number)
        case .string(let string): self = .text(JinjaText(string, origin: .init(source: source)))
        case .array(let elements): self = .list(JinjaList(elements.map { JinjaValue($0, source: source) }))
        case .object(let object):
            self = .mapping(
                JinjaMapping(
                    object.members.map { member in
                        (JinjaText(member.key, origin: .init(source: source)), JinjaValue(member.value, source: source))
                    }))
        }
    }

    package init(_ string: String, source: Int = 0) {
        self = .text(JinjaText(string, origin: .init(source: source)))
    }

    package init(list elements: [JinjaValue]) { self = .list(JinjaList(elements)) }

    /// A mapping with texts for keys.
    package init(members: [(key: String, value: JinjaValue)], source: Int = 0) {
        self = .mapping(
            JinjaMapping(members.map { (JinjaText($0.key, origin: .init(source: source)), $0.value) }))
    }
}

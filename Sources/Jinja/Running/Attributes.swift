// Attributes, items, slices, and the elements of a value.

extension Interpreter {
    /// `value.name`: first what Python's type has of that name, then the member of a mapping.
    func attribute(_ name: String, of value: JinjaValue) throws(JinjaError) -> JinjaValue {
        if let own = try ownAttribute(name, of: value) { return own }
        if case .mapping(let mapping) = value, let member = mapping[name] { return member }
        return .undefined("\(value.typeName) has no attribute \(name)")
    }

    /// `value[key]`: first the element or member, then, for a name, what Python's type has of that name.
    func item(_ key: JinjaValue, of value: JinjaValue) throws(JinjaError) -> JinjaValue {
        func place(_ count: Int) -> Int? {
            guard let index = key.index else { return nil }
            let place = index < 0 ? index + count : index
            return (0..<count).contains(place) ? place : nil
        }
        switch value {
        case .undefined(let message): throw failure(.undefined(message))
        case .mapping(let mapping):
            switch key {
            case .list, .mapping: break
            default: if let member = mapping[try self.key(of: key)] { return member }
            }
        case .text(let text): if let place = place(text.count) { return .text(text[place..<place + 1]) }
        case .list(let list), .tuple(let list):
            if let place = place(list.elements.count) { return list.elements[place] }
        case .range(let range): if let place = place(range.count) { return .integer(range.number(at: place)) }
        default: break
        }
        if case .text(let name) = key, let own = try ownAttribute(name.string, of: value) { return own }
        var name = key.typeName
        if case .text(let text) = key { name = String(text.string.prefix(80)) }
        if let index = key.index { name = String(index) }
        return .undefined("\(value.typeName) has no element \(name)")
    }

    /// What the type of a value has of a name; nil where it has nothing. What Python has and this does not is refused;
    /// what would change a value does not exist in Jinja's sandbox.
    private func ownAttribute(_ name: String, of value: JinjaValue) throws(JinjaError) -> JinjaValue? {
        func bound(_ supported: Set<Method>, changing: Set<String> = [], other: Set<String>) throws(JinjaError)
            -> JinjaValue?
        {
            if let method = Method(rawValue: name), supported.contains(method) {
                return .method(method, receiver: Receiver(value))
            }
            if changing.contains(name) { return .undefined("\(name) would change \(value.typeName)") }
            guard !other.contains(name), !name.hasPrefix("__") else {
                throw failure(.unsupportedAttribute(type: value.typeName, name: name))
            }
            return nil
        }
        switch value {
        case .undefined(let message): throw failure(.undefined(message))
        case .text: return try bound(Method.ofTexts, other: PythonNames.ofTexts)
        case .mapping:
            return try bound(Method.ofMappings, changing: PythonNames.changingMappings, other: ["fromkeys"])
        case .list: return try bound(Method.ofLists, changing: PythonNames.changingLists, other: [])
        case .tuple: return try bound(Method.ofTuples, other: [])
        case .none: return try bound([], other: [])
        case .boolean, .integer, .number: return try bound([], other: PythonNames.ofNumbers)
        case .namespace(let namespace):
            if let value = namespace[name] { return value }
            return try bound([], other: [])
        case .loop(let cursor):
            if let value = try cursor.attribute(name) { return value }
            return try bound([.cycle], other: ["changed"])
        case .range: return try bound([], other: ["count", "index", "start", "step", "stop"])
        case .view: return try bound([], other: ["isdisjoint", "mapping"])
        case .iterator, .macro, .method, .function:
            throw failure(.unsupportedAttribute(type: value.typeName, name: name))
        }
    }

    /// The elements of a value, in order, once: characters of a text, keys of a mapping, nothing of what is undefined.
    func iterate(_ value: JinjaValue) throws(JinjaError) -> ValueIterator {
        switch value {
        case .undefined: return ValueIterator([])
        case .list(let list), .tuple(let list), .view(let list, _): return ValueIterator(list.elements)
        case .iterator(let iterator): return iterator
        case .mapping(let mapping): return ValueIterator(mapping.keys)
        case .range(let range):
            try charge(range.count / 8)
            return ValueIterator(range.numbers)
        case .text(let text):
            try charge(text.count)
            return ValueIterator((0..<text.count).map { .text(text[$0..<$0 + 1]) })
        case .none, .boolean, .integer, .number, .namespace, .macro, .method, .function:
            throw failure(.wrongValue("\(value.typeName) has no elements"))
        case .loop: throw failure(.unsupported("a loop over the variable loop"))
        }
    }

    func slice(_ value: JinjaValue, from: Int?, to: Int?, by: Int?) throws(JinjaError) -> JinjaValue {
        let step = by ?? 1
        guard step != 0 else { throw failure(.wrongValue("the step of a slice cannot be 0")) }
        func range(_ count: Int) -> IntegerRange { Interpreter.range(from, to, step, count: count) }
        switch value {
        case .undefined(let message): throw failure(.undefined(message))
        case .text(let text):
            let range = range(text.count)
            try charge(characters: range.count)
            guard range.count > 0 else { return .text(JinjaText()) }
            if step == 1 { return .text(text[range.start..<range.start + range.count]) }
            return .text(text.picking((0..<range.count).lazy.map(range.number(at:))))
        case .list(let list), .tuple(let list):
            let range = range(list.elements.count)
            try charge(range.count / 8)
            let part = JinjaList((0..<range.count).map { list.elements[range.number(at: $0)] })
            if case .list = value { return .list(part) }
            return .tuple(part)
        case .range(let numbers):
            let range = range(numbers.count)
            let (step, overflows) = range.step.multipliedReportingOverflow(by: numbers.step)
            let (start, end) = (numbers.checkedNumber(at: range.start), numbers.checkedNumber(at: range.end))
            guard !overflows, let start, let end else { throw failure(.overflow) }
            return .range(IntegerRange(start: start, step: step, count: range.count, end: end))
        default: throw failure(.wrongValue("\(value.typeName) cannot be sliced"))
        }
    }

    /// The places that a slice takes of `count`, by Python's rules.
    private static func range(_ from: Int?, _ to: Int?, _ step: Int, count: Int) -> IntegerRange {
        let lowest = step < 0 ? -1 : 0
        let highest = step < 0 ? count - 1 : count
        func clamped(_ bound: Int?, _ fallback: Int) -> Int {
            guard let bound else { return fallback }
            // A bound far outside would overflow where it is added to.
            let place = bound < 0 ? max(bound, -count - 1) + count : bound
            return min(max(place, lowest), highest)
        }
        let start = clamped(from, step < 0 ? highest : lowest)
        let end = clamped(to, step < 0 ? lowest : highest)
        let distance = step < 0 ? start - end : end - start
        let taken = distance > 0 ? (UInt(distance) - 1) / step.magnitude + 1 : 0
        return IntegerRange(start: start, step: step, count: Int(taken), end: end)
    }
}

/// Names that Python's types have and that are not evaluated here.
enum PythonNames {
    static let ofTexts: Set<String> = [
        "casefold", "center", "encode", "expandtabs", "format", "format_map", "isascii", "isdecimal", "isidentifier",
        "isnumeric", "isprintable", "istitle", "ljust", "maketrans", "rindex", "rjust", "swapcase", "translate",
        "zfill",
    ]
    static let ofNumbers: Set<String> = [
        "as_integer_ratio", "bit_count", "bit_length", "conjugate", "denominator", "from_bytes", "fromhex", "hex",
        "imag", "is_integer", "numerator", "real", "to_bytes",
    ]
    static let changingMappings: Set<String> = ["clear", "pop", "popitem", "setdefault", "update"]
    static let changingLists: Set<String> = [
        "append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort",
    ]
}

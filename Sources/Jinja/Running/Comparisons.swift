// Comparisons as Python does them: numbers of all kinds with each other, lists element by element, the rest by kind.

extension Interpreter {
    func compare(_ left: JinjaValue, _ relation: Relation, _ right: JinjaValue) throws(JinjaError) -> Bool {
        switch relation {
        case .equal: return try equal(left, right)
        case .notEqual: return !(try equal(left, right))
        case .isIn: return try contains(right, left)
        case .isNotIn: return !(try contains(right, left))
        case .less: return try order(left, right, "<") == .before
        case .lessOrEqual: return try [.before, .same].contains(order(left, right, "<="))
        case .greater: return try order(left, right, ">") == .after
        case .greaterOrEqual: return try [.after, .same].contains(order(left, right, ">="))
        }
    }

    func equal(_ left: JinjaValue, _ right: JinjaValue) throws(JinjaError) -> Bool {
        try charge()
        if let left = left.numeric, let right = right.numeric { return Interpreter.order(left, right) == .same }
        switch (left, right) {
        case (.undefined, .undefined), (.none, .none): return true
        case (.text(let left), .text(let right)):
            try charge(characters: min(left.count, right.count))
            return left.scalars == right.scalars
        case (.list(let left), .list(let right)), (.tuple(let left), .tuple(let right)):
            return try firstDifference(left.elements, right.elements) == nil
                && left.elements.count == right.elements.count
        case (.range(let left), .range(let right)):
            return left.count == right.count
                && (left.count == 0 || left.start == right.start && (left.count == 1 || left.step == right.step))
        case (.mapping(let left), .mapping(let right)): return try equal(left, right)
        case (.namespace(let left), .namespace(let right)): return left === right
        case (.iterator(let left), .iterator(let right)): return left === right
        case (.function(let left), .function(let right)): return left == right
        case (.view, .view), (.macro, .macro), (.method, .method), (.loop, .loop):
            throw failure(.unsupported("comparing \(left.typeName) with another"))
        default: return false
        }
    }

    private func equal(_ left: JinjaMapping, _ right: JinjaMapping) throws(JinjaError) -> Bool {
        guard left.count == right.count else { return false }
        for (key, value) in zip(left.keys, left.values) {
            guard let other = right[try self.key(of: key)], try equal(value, other) else { return false }
        }
        return true
    }

    /// The place of the first elements that differ; nil where one list begins the other.
    private func firstDifference(_ left: [JinjaValue], _ right: [JinjaValue]) throws(JinjaError) -> Int? {
        for place in 0..<min(left.count, right.count) {
            if try !equal(left[place], right[place]) { return place }
        }
        return nil
    }

    enum Order {
        case before, same, after
        /// As with numbers that are none.
        case none
    }

    /// The order of two values.
    func order(_ left: JinjaValue, _ right: JinjaValue, _ sign: String) throws(JinjaError) -> Order {
        try charge()
        if let left = left.numeric, let right = right.numeric { return Interpreter.order(left, right) }
        switch (left, right) {
        case (.undefined(let message), _), (_, .undefined(let message)): throw failure(.undefined(message))
        case (.text(let left), .text(let right)):
            try charge(characters: min(left.count, right.count))
            if left.scalars == right.scalars { return .same }
            return left.scalars.lexicographicallyPrecedes(right.scalars) ? .before : .after
        case (.list(let left), .list(let right)), (.tuple(let left), .tuple(let right)):
            let (left, right) = (left.elements, right.elements)
            if let place = try firstDifference(left, right) { return try order(left[place], right[place], sign) }
            return left.count == right.count ? .same : left.count < right.count ? .before : .after
        default: throw failure(.wrongValue("\(sign) does not take \(left.typeName) and \(right.typeName)"))
        }
    }

    /// Exact, also where an integer is too large to be a double.
    private static func order(_ left: Numeric, _ right: Numeric) -> Order {
        func compare<Value: Comparable>(_ left: Value, _ right: Value) -> Order {
            left < right ? .before : left == right ? .same : left > right ? .after : .none
        }
        switch (left, right) {
        case (.integer(let left), .integer(let right)): return compare(left, right)
        case (.number(let left), .number(let right)): return compare(left, right)
        case (.integer(let left), .number(let right)):
            if let integer = Int(exactly: right) { return compare(left, integer) }
            return compare(Double(left), right)
        case (.number(let left), .integer(let right)):
            if let integer = Int(exactly: left) { return compare(integer, right) }
            return compare(left, Double(right))
        }
    }

    /// Whether a value is in a container.
    func contains(_ container: JinjaValue, _ value: JinjaValue) throws(JinjaError) -> Bool {
        switch container {
        case .text(let text):
            guard case .text(let part) = value else {
                if case .undefined(let message) = value { throw failure(.undefined(message)) }
                throw failure(.wrongValue("\(value.typeName) cannot be in a string"))
            }
            guard !part.isEmpty else { return true }
            try charge(characters: text.count + part.count)
            return !TextSearch(part.scalars).places(in: text.scalars, limit: 1).isEmpty
        case .mapping(let mapping): return mapping[try key(of: value)] != nil
        case .view(let list, ofKeys: true):
            let wanted = try key(of: value)
            for element in list.elements {
                if try key(of: element) == wanted { return true }
            }
            return false
        case .range(let range):
            var integer = value.index
            if case .number(let number) = value { integer = Int(exactly: number) }
            guard let integer, range.count > 0 else { return false }
            let (distance, overflows) = integer.subtractingReportingOverflow(range.start)
            return !overflows && distance % range.step == 0 && (0..<range.count).contains(distance / range.step)
        default:
            let elements = try iterate(container)
            while let element = elements.next() {
                if try equal(element, value) { return true }
            }
            return false
        }
    }

    /// What a mapping finds a value by.
    func key(of value: JinjaValue) throws(JinjaError) -> JinjaMapping.Key {
        try charge()
        switch value {
        case .undefined: return .undefined
        case .none: return .none
        case .boolean(let flag): return .integer(flag ? 1 : 0)
        case .integer(let number): return .integer(number)
        case .number(let number): return Int(exactly: number).map { .integer($0) } ?? .number(number)
        case .text(let text):
            try charge(characters: text.count)
            return .text(text.scalars)
        case .tuple(let tuple):
            var keys: [JinjaMapping.Key] = []
            for element in tuple.elements { keys.append(try key(of: element)) }
            return .tuple(keys)
        case .list, .mapping: throw failure(.wrongValue("\(value.typeName) cannot be a key of a mapping"))
        default: throw failure(.unsupported("\(value.typeName) as a key of a mapping"))
        }
    }
}

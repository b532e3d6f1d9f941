// Filters that apply another filter, a test or an attribute to each element.

/// An attribute of each element, such as `function.name` or `0.role`; none for the element itself.
struct AttributePath {
    private let parts: [JinjaValue]
    private let interpreter: Interpreter

    init(_ path: JinjaValue?, in interpreter: Interpreter) {
        self.interpreter = interpreter
        switch path {
        case nil, JinjaValue.none?: parts = []
        case .text(let text)?:
            parts = text.string.split(separator: ".", omittingEmptySubsequences: false).map { part in
                let isNumber = !part.isEmpty && part.utf8.allSatisfy { (0x30...0x39).contains($0) }
                return isNumber ? .integer(Int(part) ?? .max) : JinjaValue(String(part))
            }
        case let other?: parts = [other]
        }
    }

    /// - Parameter fallback: instead of what is undefined on the way.
    func value(of element: JinjaValue, or fallback: JinjaValue? = nil) throws(JinjaError) -> JinjaValue {
        var value = element
        for part in parts {
            value = try interpreter.item(part, of: value)
            if let fallback, case .undefined = value { value = fallback }
        }
        return value
    }
}

extension Interpreter {
    func selection(_ filter: Filter, _ value: JinjaValue, _ arguments: Arguments) throws(JinjaError) -> JinjaValue {
        guard value.isTrue else { return try iterator([]) }
        if filter == .map { return try map(value, arguments) }
        let keeps = filter == .select || filter == .selectattr
        var rest = arguments
        var path = AttributePath(nil, in: self)
        if filter == .selectattr || filter == .rejectattr {
            guard let attribute = rest.positional.first else {
                throw failure(.wrongValue("\(filter.rawValue) lacks the name of an attribute"))
            }
            rest.positional.removeFirst()
            path = AttributePath(attribute, in: self)
        }
        var test: Test?
        if let name = rest.positional.first {
            rest.positional.removeFirst()
            let text = try text(name, of: filter.rawValue).string
            test = Test(rawValue: text)
            guard test != nil else { throw failure(.unsupportedTest(text)) }
        }
        var kept: [JinjaValue] = []
        let elements = try iterate(value)
        while let element = elements.next() {
            try charge()
            let asked = try path.value(of: element)
            let holds: Bool
            if let test { holds = try check(test, asked, rest) } else { holds = asked.isTrue }
            if holds == keeps { kept.append(element) }
        }
        return try iterator(kept)
    }

    private func map(_ value: JinjaValue, _ arguments: Arguments) throws(JinjaError) -> JinjaValue {
        var results: [JinjaValue] = []
        let elements = try iterate(value)
        if arguments.positional.isEmpty {
            let values = try bind(arguments, ["attribute", "default"], required: 1, of: "map")
            let path = AttributePath(values[0], in: self)
            var fallback = values[1]
            if case .some(.none) = fallback { fallback = nil }
            while let element = elements.next() {
                try charge()
                results.append(try path.value(of: element, or: fallback))
            }
            return try iterator(results)
        }
        var rest = arguments
        let name = try text(rest.positional.removeFirst(), of: "map").string
        guard let filter = Filter(rawValue: name), filter != .safe else { throw failure(.unsupportedFilter(name)) }
        try enter()
        defer { leave() }
        while let element = elements.next() {
            try charge()
            results.append(try apply(filter, to: element, rest))
        }
        return try iterator(results)
    }
}

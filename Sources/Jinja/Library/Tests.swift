// Jinja's tests: what follows `is`.

extension Interpreter {
    func check(_ test: Test, _ value: JinjaValue, _ arguments: Arguments) throws(JinjaError) -> Bool {
        guard arguments.named.isEmpty, arguments.positional.count == test.argumentCount else {
            throw failure(.wrongValue("the test \(test.rawValue) takes \(test.argumentCount) arguments"))
        }
        if test == .in { return try contains(arguments.positional[0], value) }
        if let relation = test.relation { return try compare(value, relation, arguments.positional[0]) }
        switch test {
        case .lower, .upper: return try text(of: value).isAll(upper: test == .upper)
        case .odd, .even: return try remainder(value, .integer(2)) == (test == .odd ? 1 : 0)
        case .divisibleby: return try remainder(value, arguments.positional[0]) == 0
        case .sameas:
            // Which lists and texts are one object only Python knows.
            switch (value, arguments.positional[0]) {
            case (.none, .none): return true
            case (.boolean(let left), .boolean(let right)): return left == right
            case (.none, _), (_, .none), (.boolean, _), (_, .boolean): return false
            default: throw failure(.unsupported("sameas with other than true, false and none"))
            }
        default: return isOfKind(test, value)
        }
    }

    private func remainder(_ value: JinjaValue, _ divisor: JinjaValue) throws(JinjaError) -> Double {
        try calculate(value, .remainder, divisor).numeric?.double ?? 0
    }

    private func isOfKind(_ test: Test, _ value: JinjaValue) -> Bool {
        switch (test, value) {
        case (.defined, .undefined): false
        case (.defined, _): true
        case (.undefined, .undefined), (.none, .none), (.boolean, .boolean): true
        case (.true, .boolean(let flag)): flag
        case (.false, .boolean(let flag)): !flag
        case (.integer, .integer), (.float, .number), (.string, .text), (.mapping, .mapping): true
        case (.number, .integer), (.number, .number), (.number, .boolean): true
        case (.callable, .macro), (.callable, .method), (.callable, .function), (.callable, .undefined): true
        case (.sequence, .text), (.sequence, .list), (.sequence, .tuple), (.sequence, .mapping), (.sequence, .range),
            (.sequence, .undefined):
            true
        case (.iterable, .text), (.iterable, .list), (.iterable, .tuple), (.iterable, .mapping), (.iterable, .range),
            (.iterable, .undefined), (.iterable, .view), (.iterable, .iterator), (.iterable, .loop):
            true
        default: false
        }
    }
}

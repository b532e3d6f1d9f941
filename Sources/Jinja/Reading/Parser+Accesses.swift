// Reads what follows a value: attributes, items, calls, filters and tests.

import StrictJSON

extension Parser {
    /// Attributes, items, slices and calls.
    mutating func postfix() throws(JinjaError) -> [Access] {
        var accesses: [Access] = []
        while true {
            let start = position
            if take(.dot) {
                accesses.append(try attribute(start))
            } else if take(.openBracket) {
                accesses.append(Access(kind: try subscripted(), position: start))
            } else if at(.openParenthesis) {
                try checkCall(accesses, start)
                accesses.append(Access(kind: .call(try arguments()), position: start))
            } else {
                return accesses
            }
        }
    }

    private mutating func attribute(_ start: SourcePosition) throws(JinjaError) -> Access {
        switch current.kind {
        case .name(let name):
            let place = position
            advance()
            return Access(kind: .attribute(name), position: place)
        case .integer(let number):
            let item = Expression(kind: .integer(number), position: position)
            advance()
            return Access(kind: .item(item), position: start)
        default: throw unexpected("a name or a number")
        }
    }

    /// Refuses calls of what cannot be called here: methods by their name, functions that are neither known nor
    /// assigned anywhere in the template.
    private mutating func checkCall(_ accesses: [Access], _ start: SourcePosition) throws(JinjaError) {
        if let last = accesses.last {
            guard case .attribute(let name) = last.kind, Method(rawValue: name) == nil else { return }
            throw failure(.unsupportedMethod(name), at: last.position)
        }
        // The name is the token in front of the parenthesis.
        guard case .name(let name) = previous, !Parser.words.contains(name), Function(rawValue: name) == nil else {
            return
        }
        wanted.append((number(of: name), start))
    }

    private mutating func subscripted() throws(JinjaError) -> Access.Kind {
        if at(.closeBracket) { throw unexpected("an expression") }
        var parts: [Expression?] = []
        var isSlice = false
        while !at(.closeBracket), !at(.comma), parts.count < 3 {
            if at(.colon) {
                parts.append(nil)
            } else {
                parts.append(try expression())
            }
            guard parts.count < 3, take(.colon) else { break }
            isSlice = true
        }
        if at(.comma) { throw failure(.unsupported("a list of indices")) }
        try expect(.closeBracket)
        guard isSlice else { return .item(parts[0] ?? Expression(kind: .none, position: position)) }
        return .slice(from: parts[0], to: parts.count > 1 ? parts[1] : nil, by: parts.count > 2 ? parts[2] : nil)
    }

    /// The arguments of a call, parentheses and all.
    mutating func arguments() throws(JinjaError) -> CallSyntax {
        var call = CallSyntax()
        try expect(.openParenthesis)
        while !take(.closeParenthesis) {
            if !call.positional.isEmpty || !call.named.isEmpty {
                try expect(.comma)
                if take(.closeParenthesis) { break }
            }
            if at(.multiply) || at(.power) { throw failure(.unsupported("spreading arguments with \(current.kind)")) }
            if case .name(let name) = current.kind, next == .symbol(.assign) {
                guard !call.named.contains(where: { $0.name == name }) else {
                    throw failure(.unexpected(found: "\(name) again", expected: "another argument"))
                }
                advance()
                advance()
                call.named.append((name, try expression()))
            } else {
                guard call.named.isEmpty else { throw unexpected("an argument with a name") }
                call.positional.append(try expression())
            }
        }
        return call
    }

    /// Filters and tests, in any order, and calls of their results.
    mutating func filtersAndTests() throws(JinjaError) -> [Access] {
        var accesses: [Access] = []
        while true {
            if at(.pipe) {
                accesses += try filters(startingInline: false)
            } else if at("is") {
                accesses.append(try test())
            } else if at(.openParenthesis), !accesses.isEmpty {
                throw failure(.unsupported("a call of what a filter or a test gives"))
            } else {
                return accesses
            }
        }
    }

    /// Filters, each after a `|`.
    ///
    /// - Parameter startingInline: whether the first has none, as in `{% filter trim %}`.
    mutating func filters(startingInline: Bool) throws(JinjaError) -> [Access] {
        var accesses: [Access] = []
        var isFirst = startingInline
        while isFirst || take(.pipe) {
            isFirst = false
            let start = position
            guard case .name(var name) = current.kind else { throw unexpected("the name of a filter") }
            advance()
            while take(.dot) {
                guard case .name(let more) = current.kind else { throw unexpected("the name of a filter") }
                name += "." + more
                advance()
            }
            guard let filter = Filter(rawValue: name) else { throw failure(.unsupportedFilter(name), at: start) }
            if filter == .safe { safePositions.append(start) }
            let call = at(.openParenthesis) ? try arguments() : CallSyntax()
            accesses.append(Access(kind: .filter(filter, call), position: start))
        }
        return accesses
    }

    private mutating func test() throws(JinjaError) -> Access {
        advance()
        let isNegated = take("not")
        let start = position
        guard case .name(let name) = current.kind else { throw unexpected("the name of a test") }
        advance()
        guard let test = Test(rawValue: name) else { throw failure(.unsupportedTest(name), at: start) }
        var call = CallSyntax()
        if at(.openParenthesis) {
            call = try arguments()
        } else if beginsArgument {
            let place = position
            if at("is") { throw unexpected("something other than a second test") }
            let value = try primary()
            let accesses = try postfix()
            call.positional.append(
                accesses.isEmpty ? value : Expression(kind: .access(value, accesses), position: place))
        }
        guard call.named.isEmpty, call.positional.count == test.argumentCount else {
            throw failure(
                .unexpected(
                    found: "\(call.positional.count + call.named.count) arguments",
                    expected: "the test \(name) with \(test.argumentCount)"), at: start)
        }
        return Access(kind: .test(test, call, isNegated: isNegated), position: start)
    }

    /// Whether a test's argument without parentheses begins here.
    private var beginsArgument: Bool {
        switch current.kind {
        case .name(let name): !["else", "or", "and"].contains(name)
        case .text, .integer, .number, .symbol(.openBracket), .symbol(.openBrace): true
        default: false
        }
    }
}

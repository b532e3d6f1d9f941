// Evaluates expressions.

import StrictJSON

extension Interpreter {
    func evaluate(_ expression: Expression, _ scope: Scope) throws(JinjaError) -> JinjaValue {
        try enter()
        defer { leave() }
        position = expression.position
        try charge()
        switch expression.kind {
        case .none: return .none
        case .boolean(let flag): return .boolean(flag)
        case .integer(let number): return .integer(number)
        case .number(let number): return .number(number)
        case .text(let text): return .text(text)
        case .name(let name): return variable(name, scope)
        case .list(let elements): return .list(try list(evaluate(all: elements, scope)))
        case .tuple(let elements): return .tuple(try list(evaluate(all: elements, scope)))
        case .mapping(let members): return try mapping(members, scope)
        case .not(let operand): return .boolean(!(try evaluate(operand, scope).isTrue))
        case .negative(let operand): return try signed(operand, isNegative: true, expression.position, scope)
        case .positive(let operand): return try signed(operand, isNegative: false, expression.position, scope)
        case .arithmetic(let first, let rest):
            var value = try evaluate(first, scope)
            for (symbol, operand) in rest {
                let right = try evaluate(operand, scope)
                position = expression.position
                value = try calculate(value, symbol, right)
            }
            return value
        case .concatenation(let operands):
            return .text(try concatenate(evaluate(all: operands, scope)))
        case .comparison(let first, let rest): return try comparison(first, rest, expression.position, scope)
        case .and(let operands), .or(let operands):
            var isAnd = false
            if case .and = expression.kind { isAnd = true }
            return try choose(operands, isAnd: isAnd, scope)
        case .conditional(let test, let value, let otherwise):
            if try evaluate(test, scope).isTrue { return try evaluate(value, scope) }
            guard let otherwise else {
                return .undefined("the condition on \(expression.position) is false, and it has no else")
            }
            return try evaluate(otherwise, scope)
        case .access(let value, let accesses):
            var value = try evaluate(value, scope)
            for step in accesses { value = try access(value, step, scope) }
            return value
        }
    }

    private func evaluate(all expressions: [Expression], _ scope: Scope) throws(JinjaError) -> [JinjaValue] {
        var values: [JinjaValue] = []
        for expression in expressions { values.append(try evaluate(expression, scope)) }
        return values
    }

    private func variable(_ number: Int, _ scope: Scope) -> JinjaValue {
        if let value = scope.value(of: number) { return value }
        let name = program.names[number]
        if let function = Function(rawValue: name) { return .function(function) }
        return .undefined("\(name) is undefined")
    }

    private func mapping(
        _ members: [(key: Expression, value: Expression)], _ scope: Scope
    ) throws(JinjaError) -> JinjaValue {
        var mapping = JinjaMapping()
        for (key, value) in members {
            let spelling = try evaluate(key, scope)
            let value = try evaluate(value, scope)
            position = key.position
            try insert(value, under: spelling, into: &mapping)
        }
        return .mapping(mapping)
    }

    /// Adds a member to a mapping that is being made.
    func insert(
        _ value: JinjaValue, under key: JinjaValue, into mapping: inout JinjaMapping
    ) throws(JinjaError) {
        guard value.isStorable else { throw failure(.unsupported("\(value.typeName) inside a mapping")) }
        guard max(value.depth, key.depth) < bounds.valueDepth else {
            throw failure(.valueTooDeep(limit: bounds.valueDepth))
        }
        mapping.set(try self.key(of: key), key, value)
    }

    /// The first operand that decides, as Python's `and` and `or` give it.
    private func choose(
        _ operands: [Expression], isAnd: Bool, _ scope: Scope
    ) throws(JinjaError) -> JinjaValue {
        var value = JinjaValue.none
        for operand in operands {
            value = try evaluate(operand, scope)
            if value.isTrue != isAnd { break }
        }
        return value
    }

    private func comparison(
        _ first: Expression, _ rest: [(relation: Relation, operand: Expression)], _ place: SourcePosition,
        _ scope: Scope
    ) throws(JinjaError) -> JinjaValue {
        var left = try evaluate(first, scope)
        for (relation, operand) in rest {
            let right = try evaluate(operand, scope)
            position = place
            guard try compare(left, relation, right) else { return .boolean(false) }
            left = right
        }
        return .boolean(true)
    }

    private func signed(
        _ operand: Expression, isNegative: Bool, _ place: SourcePosition, _ scope: Scope
    ) throws(JinjaError) -> JinjaValue {
        let value = try evaluate(operand, scope)
        position = place
        switch value.numeric {
        case .integer(let number):
            guard isNegative else { return .integer(number) }
            let (result, overflows) = (0).subtractingReportingOverflow(number)
            guard !overflows else { throw failure(.overflow) }
            return .integer(result)
        case .number(let number): return .number(isNegative ? -number : number)
        case nil:
            if case .undefined(let message) = value { throw failure(.undefined(message)) }
            throw failure(.wrongValue("\(value.typeName) has no sign"))
        }
    }

    /// The texts of the values, one after the other.
    func concatenate(_ values: [JinjaValue]) throws(JinjaError) -> JinjaText {
        var result = JinjaText()
        for value in values {
            let text = try text(of: value)
            try charge(characters: text.count)
            guard result.count + text.count <= bounds.textLength else {
                throw failure(.textTooLong(limit: bounds.textLength))
            }
            result.append(text)
        }
        return result
    }

    /// What comes of asking something of a value.
    func access(_ value: JinjaValue, _ step: Access, _ scope: Scope) throws(JinjaError) -> JinjaValue {
        position = step.position
        try charge()
        switch step.kind {
        case .attribute(let name): return try attribute(name, of: value)
        case .item(let key):
            let key = try evaluate(key, scope)
            position = step.position
            return try item(key, of: value)
        case .slice(let from, let to, let by):
            let bounds = (try index(from, scope), try index(to, scope), try index(by, scope))
            position = step.position
            return try slice(value, from: bounds.0, to: bounds.1, by: bounds.2)
        case .call(let syntax):
            let arguments = try arguments(syntax, scope)
            position = step.position
            return try call(value, arguments, block: nil)
        case .filter(let filter, let syntax):
            let arguments = try arguments(syntax, scope)
            position = step.position
            return try apply(filter, to: value, arguments)
        case .test(let test, let syntax, let isNegated):
            let arguments = try arguments(syntax, scope)
            position = step.position
            return .boolean(try check(test, value, arguments) != isNegated)
        }
    }

    /// A bound of a slice; nil where none is given or it is none.
    private func index(_ expression: Expression?, _ scope: Scope) throws(JinjaError) -> Int? {
        guard let expression else { return nil }
        let value = try evaluate(expression, scope)
        if case .none = value { return nil }
        guard let index = value.index else {
            position = expression.position
            throw failure(.wrongValue("\(value.typeName) cannot bound a slice"))
        }
        return index
    }

    func arguments(_ syntax: CallSyntax, _ scope: Scope) throws(JinjaError) -> Arguments {
        var arguments = Arguments(positional: try evaluate(all: syntax.positional, scope))
        for (name, value) in syntax.named { arguments.named.append((name, try evaluate(value, scope))) }
        return arguments
    }
}

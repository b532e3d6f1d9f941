// Calls of macros, methods and functions.

import StrictJSON

extension Interpreter {
    /// - Parameter block: the body of `{% call %}`; only macros take one.
    func call(_ function: JinjaValue, _ arguments: Arguments, block: Macro?) throws(JinjaError) -> JinjaValue {
        switch function {
        case .macro(let macro): return .text(try call(macro, arguments, block: block))
        case .undefined(let message): throw failure(.undefined(message))
        case .method(let method, let receiver) where block == nil:
            return try call(method, of: receiver.value, arguments)
        case .function(let function) where block == nil: return try call(function, arguments)
        default: throw failure(.wrongValue("\(function.typeName) cannot be called"))
        }
    }

    private func call(_ macro: Macro, _ arguments: Arguments, block: Macro?) throws(JinjaError) -> JinjaText {
        let syntax = macro.syntax
        if block != nil, !syntax.usesCaller {
            throw failure(.wrongValue("the macro \(syntax.name) takes no block"))
        }
        let values = try bind(arguments, syntax.parameters.map(\.name), of: "the macro \(syntax.name)")
        try enter()
        defer { leave() }
        let scope = Scope(parent: macro.scope)
        defer { scope.end() }
        if syntax.usesCaller, let name = program.callerName {
            scope.set(name, block.map { .macro($0) } ?? .undefined("no block was given to the macro \(syntax.name)"))
        }
        // A default may read the parameters before it; those after it do not exist yet.
        for (parameter, value) in zip(syntax.parameters, values) {
            scope.set(parameter.number, value ?? .undefined("\(parameter.name) is undefined"))
        }
        for (parameter, value) in zip(syntax.parameters, values) where value == nil {
            if let value = parameter.value {
                scope.set(parameter.number, try evaluate(value, scope))
            } else {
                scope.set(parameter.number, .undefined("the parameter \(parameter.name) was not provided"))
            }
        }
        return try capture(syntax.body, scope).text
    }

    private func call(_ function: Function, _ arguments: Arguments) throws(JinjaError) -> JinjaValue {
        switch function {
        case .range: return try range(arguments)
        case .dict: return .mapping(try dictionary(arguments))
        case .namespace: return .namespace(try namespace(arguments))
        case .raiseException:
            let message = try bind(arguments, ["message"], required: 1, of: function.rawValue)[0] ?? .none
            throw failure(.raised(try text(of: message).string))
        case .strftimeNow:
            let format = try bind(arguments, ["format"], required: 1, of: function.rawValue)[0]
            return .text(try self.format(date, text(format, of: function.rawValue)))
        }
    }

    private func range(_ arguments: Arguments) throws(JinjaError) -> JinjaValue {
        guard arguments.named.isEmpty, (1...3).contains(arguments.positional.count) else {
            throw failure(.wrongValue("range takes one to three integers"))
        }
        var numbers: [Int] = []
        for value in arguments.positional { numbers.append(try integer(value, of: "range", or: 0)) }
        let start = numbers.count > 1 ? numbers[0] : 0
        let end = numbers.count > 1 ? numbers[1] : numbers[0]
        let step = numbers.count > 2 ? numbers[2] : 1
        guard step != 0 else { throw failure(.wrongValue("the step of a range cannot be 0")) }
        let (distance, overflows) = end.subtractingReportingOverflow(start)
        guard !overflows, step != .min, distance != .min else { throw failure(.overflow) }
        guard (distance > 0) == (step > 0), distance != 0 else {
            return .range(IntegerRange(start: start, step: step, count: 0, end: end))
        }
        let count = (abs(distance) - 1) / abs(step) + 1
        guard count <= bounds.rangeLength else { throw failure(.rangeTooLong(limit: bounds.rangeLength)) }
        return .range(IntegerRange(start: start, step: step, count: count, end: end))
    }

    /// What `dict` makes: of a mapping or of pairs, and of named arguments.
    private func dictionary(_ arguments: Arguments) throws(JinjaError) -> JinjaMapping {
        guard arguments.positional.count <= 1 else { throw failure(.wrongValue("dict takes one value")) }
        var result = JinjaMapping()
        if case .mapping(let mapping)? = arguments.positional.first {
            try charge(mapping.count)
            result = mapping
        } else if let pairs = arguments.positional.first {
            if case .undefined(let message) = pairs { throw failure(.undefined(message)) }
            for pair in try iterate(pairs).rest() {
                let parts = try iterate(pair).rest()
                guard parts.count == 2 else { throw failure(.cannotUnpack(values: parts.count, names: 2)) }
                try insert(parts[1], under: parts[0], into: &result)
            }
        }
        for (name, value) in arguments.named { try insert(value, under: JinjaValue(name), into: &result) }
        return result
    }

    private func namespace(_ arguments: Arguments) throws(JinjaError) -> Namespace {
        let members = try dictionary(arguments)
        let namespace = Namespace()
        for (key, value) in zip(members.keys, members.values) {
            guard case .text(let name) = key else {
                throw failure(.unsupported("\(key.typeName) as an attribute of a namespace"))
            }
            guard !name.string.hasPrefix("_") else {
                throw failure(.notAssignable("an attribute that begins with an underscore"))
            }
            namespace[name.string] = value
        }
        return namespace
    }
}

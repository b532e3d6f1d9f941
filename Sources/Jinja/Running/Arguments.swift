// The arguments of a call, and how they find their parameters.

/// Values in order, and values by name.
struct Arguments {
    var positional: [JinjaValue] = []
    var named: [(name: String, value: JinjaValue)] = []
}

extension Interpreter {
    /// The arguments in the order of the parameters, nil for those that are not given.
    ///
    /// - Parameters:
    ///   - function: its name, for errors.
    ///   - required: how many of the first parameters must be given.
    func bind(
        _ arguments: Arguments, _ parameters: [String], required: Int = 0, of function: String
    ) throws(JinjaError) -> [JinjaValue?] {
        guard arguments.positional.count <= parameters.count else {
            throw failure(
                .wrongValue("\(function) takes \(parameters.count) arguments, not \(arguments.positional.count)"))
        }
        var values: [JinjaValue?] = arguments.positional
        values += [JinjaValue?](repeating: nil, count: parameters.count - values.count)
        for (name, value) in arguments.named {
            guard let place = parameters.firstIndex(of: name), values[place] == nil else {
                throw failure(.wrongValue("\(function) does not take the argument \(name)"))
            }
            values[place] = value
        }
        for place in 0..<required where values[place] == nil {
            throw failure(.wrongValue("\(function) lacks the argument \(parameters[place])"))
        }
        return values
    }

    /// A text that an argument must be; `fallback` where it is not given.
    func text(
        _ argument: JinjaValue?, of function: String, or fallback: JinjaText = .init()
    ) throws(JinjaError) -> JinjaText {
        switch argument {
        case nil: return fallback
        case .text(let text)?: return text
        case .undefined(let message)?: throw failure(.undefined(message))
        case let other?: throw failure(.wrongValue("\(function) takes a string, not \(other.typeName)"))
        }
    }

    /// An integer that an argument must be; `fallback` where it is not given.
    func integer(_ argument: JinjaValue?, of function: String, or fallback: Int) throws(JinjaError) -> Int {
        guard let argument else { return fallback }
        if case .undefined(let message) = argument { throw failure(.undefined(message)) }
        guard let index = argument.index else {
            throw failure(.wrongValue("\(function) takes an integer, not \(argument.typeName)"))
        }
        return index
    }
}

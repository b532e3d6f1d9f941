// Reads text, output and tags.

import StrictJSON

extension Parser {
    /// Words that end or divide a tag.
    private static let ends: Set<String> = [
        "elif", "else", "endif", "endfor", "endset", "endmacro", "endcall", "endfilter", "endwith", "endgeneration",
    ]

    /// Reads up to one of the tags `ends`, whose name is then the current token.
    ///
    /// - Parameter opening: the tag that they belong to; nil at the top, where only the template's end ends.
    mutating func statements(
        until ends: Set<String>, of opening: (name: String, position: SourcePosition)?
    ) throws(JinjaError) -> [Statement] {
        try enter()
        defer { leave() }
        var statements: [Statement] = []
        while true {
            let position = position
            switch current.kind {
            case .data(let scalars):
                statements.append(Statement(kind: .text(JinjaText(scalars)), position: position))
                advance()
            case .outputStart:
                advance()
                statements.append(Statement(kind: .output(try output()), position: position))
                try expect(.outputEnd)
            case .blockStart:
                advance()
                guard case .name(let name) = current.kind else { throw unexpected("the name of a tag") }
                if ends.contains(name) { return statements }
                let kind = try statement(name)
                try refuseSafe()
                try expect(.blockEnd)
                statements.append(Statement(kind: kind, position: position))
            default:
                guard let opening else { return statements }
                throw failure(.unclosedTag(opening.name), at: opening.position)
            }
        }
    }

    /// An expression whose value is written. `safe` at its end changes nothing, since nothing is escaped.
    private mutating func output() throws(JinjaError) -> Expression {
        safePositions = []
        let expression = try tuple()
        guard case .access(let value, var accesses) = expression.kind, let last = accesses.last,
            case .filter(.safe, let call) = last.kind, call.positional.isEmpty, call.named.isEmpty
        else {
            try refuseSafe()
            return expression
        }
        accesses.removeLast()
        safePositions.removeLast()
        try refuseSafe()
        return Expression(kind: .access(value, accesses), position: expression.position)
    }

    /// Anywhere but at the end of an output, `safe` makes Jinja escape what is added to the text.
    private mutating func refuseSafe() throws(JinjaError) {
        guard let position = safePositions.first else { return }
        throw failure(.unsupported("the filter safe inside an expression"), at: position)
    }

    private mutating func statement(_ name: String) throws(JinjaError) -> Statement.Kind {
        let opening = (name, position)
        if Parser.ends.contains(name) { throw failure(.strayTag(name)) }
        advance()
        switch name {
        case "for": return try loop(opening)
        case "if": return try choice(opening)
        case "set": return try assignment(opening)
        case "with": return try with(opening)
        case "filter":
            let filters = try filters(startingInline: true)
            return .filterBlock(filters, body: try body("endfilter", opening))
        case "macro":
            let name = try expectName()
            let number = number(of: name)
            assigned.insert(number)
            guard at(.openParenthesis) else { throw unexpected("(") }
            return .macro(try macro(name, number, end: "endmacro", opening))
        case "call": return try callBlock(opening)
        case "generation":
            hasGeneration = true
            return .generation(try isolated("endgeneration", opening))
        case "break", "continue":
            guard loops > 0 else { throw failure(.outsideLoop(name), at: opening.1) }
            return name == "break" ? .breakLoop : .continueLoop
        default: throw failure(.unsupportedTag(name), at: opening.1)
        }
    }

    /// The body of a tag up to its end, which is taken.
    private mutating func body(_ end: String, _ opening: (String, SourcePosition)) throws(JinjaError) -> [Statement] {
        try refuseSafe()
        try expect(.blockEnd)
        let body = try statements(until: [end], of: opening)
        advance()
        return body
    }

    /// A body that is run as a function, out of which no loop can be left.
    private mutating func isolated(
        _ end: String, _ opening: (String, SourcePosition)
    ) throws(JinjaError) -> [Statement] {
        let outerLoops = loops
        loops = 0
        let body = try body(end, opening)
        loops = outerLoops
        return body
    }

    private mutating func loop(_ opening: (String, SourcePosition)) throws(JinjaError) -> Statement.Kind {
        let target = try target(inLoop: true)
        guard take("in") else { throw unexpected("in") }
        let values = try tuple(withCondition: false)
        let condition = take("if") ? try expression() : nil
        if at("recursive") { throw failure(.unsupported("a recursive loop")) }
        try refuseSafe()
        try expect(.blockEnd)
        loops += 1
        let body = try statements(until: ["endfor", "else"], of: opening)
        loops -= 1
        var otherwise: [Statement] = []
        if take("else") {
            otherwise = try self.body("endfor", opening)
        } else {
            advance()
        }
        return .loop(
            LoopSyntax(target: target, values: values, condition: condition, body: body, otherwise: otherwise))
    }

    private mutating func choice(_ opening: (String, SourcePosition)) throws(JinjaError) -> Statement.Kind {
        var branches: [(test: Expression, body: [Statement])] = []
        while true {
            let test = try tuple(withCondition: false)
            try refuseSafe()
            try expect(.blockEnd)
            branches.append((test, try statements(until: ["elif", "else", "endif"], of: opening)))
            if take("elif") { continue }
            if take("else") { return .choice(branches, otherwise: try body("endif", opening)) }
            advance()
            return .choice(branches, otherwise: [])
        }
    }

    private mutating func assignment(_ opening: (String, SourcePosition)) throws(JinjaError) -> Statement.Kind {
        let target = try target(inLoop: false)
        if take(.assign) { return .assign(target, try tuple()) }
        let filters = try filters(startingInline: false)
        return .assignBlock(target, filters: filters, body: try body("endset", opening))
    }

    private mutating func with(_ opening: (String, SourcePosition)) throws(JinjaError) -> Statement.Kind {
        var values: [(target: Target, value: Expression)] = []
        while current.kind != .blockEnd {
            if !values.isEmpty { try expect(.comma) }
            let name = number(of: try expectName())
            assigned.insert(name)
            try expect(.assign)
            values.append((.name(name), try expression()))
        }
        return .with(values, body: try body("endwith", opening))
    }

    /// Parameters, if there are any, and body of a macro or of the block of a call.
    private mutating func macro(
        _ name: String, _ number: Int?, end: String, _ opening: (String, SourcePosition)
    ) throws(JinjaError) -> MacroSyntax {
        let parameters = try parameters()
        let outerReadsCaller = readsCaller
        readsCaller = false
        assigned.insert(self.number(of: "caller"))
        let body = try isolated(end, opening)
        let usesCaller = readsCaller
        // Jinja counts a macro inside this one, too.
        readsCaller = outerReadsCaller || usesCaller
        return MacroSyntax(name: name, number: number, parameters: parameters, body: body, usesCaller: usesCaller)
    }

    private mutating func parameters() throws(JinjaError) -> [(name: String, number: Int, value: Expression?)] {
        var parameters: [(name: String, number: Int, value: Expression?)] = []
        guard take(.openParenthesis) else { return [] }
        while !at(.closeParenthesis) {
            if !parameters.isEmpty { try expect(.comma) }
            if at("caller") { throw failure(.unsupported("caller as a parameter")) }
            let name = try expectName()
            guard !parameters.contains(where: { $0.name == name }) else {
                throw failure(.notAssignable("\(name) twice"))
            }
            let number = number(of: name)
            assigned.insert(number)
            let value = take(.assign) ? try expression() : nil
            if value == nil, parameters.last?.value != nil { throw unexpected("= and a value") }
            parameters.append((name, number, value))
        }
        advance()
        return parameters
    }

    private mutating func callBlock(_ opening: (String, SourcePosition)) throws(JinjaError) -> Statement.Kind {
        let parameters = try parameters()
        let call = try expression()
        guard case .access(let value, var accesses) = call.kind, let last = accesses.last,
            case .call(let arguments) = last.kind
        else { throw failure(.unexpected(found: "an expression", expected: "a call"), at: call.position) }
        accesses.removeLast()
        let callee = Expression(kind: .access(value, accesses), position: last.position)
        let outerReadsCaller = readsCaller
        readsCaller = false
        let body = try isolated("endcall", opening)
        guard !readsCaller else { throw failure(.unsupported("caller inside the block of a call"), at: opening.1) }
        readsCaller = outerReadsCaller
        let block = MacroSyntax(
            name: "caller", number: nil, parameters: parameters, body: body, usesCaller: false)
        return .call(callee, arguments, block: block)
    }
}

// Runs statements.

import StrictJSON

extension Interpreter {
    /// Runs a body. Where it is left by `break` or `continue`, the rest is not run.
    func run(_ body: [Statement], _ scope: Scope) throws(JinjaError) -> Flow {
        try enter()
        defer { leave() }
        for statement in body {
            let flow = try run(statement, scope)
            guard flow == .next else { return flow }
        }
        return .next
    }

    private func run(_ statement: Statement, _ scope: Scope) throws(JinjaError) -> Flow {
        position = statement.position
        try charge()
        switch statement.kind {
        case .text(let text): try write(text)
        case .output(let expression): try write(text(of: evaluate(expression, scope)))
        case .loop(let loop): return try run(loop, scope)
        case .choice(let branches, let otherwise):
            for (test, body) in branches {
                if try evaluate(test, scope).isTrue { return try run(body, scope) }
            }
            return try run(otherwise, scope)
        case .assign(let target, let expression): try runAssignment(target, expression, scope)
        case .assignBlock(let target, let filters, let body):
            let (value, flow) = try captureBlock(body, filters, scope)
            guard flow == .next else { return flow }
            try assign(value, to: target, scope)
        case .filterBlock(let filters, let body):
            let (value, flow) = try captureBlock(body, filters, scope)
            guard flow == .next else { return flow }
            try write(text(of: value))
        case .with(let values, let body):
            let inner = Scope(parent: scope)
            defer { inner.end() }
            for (target, expression) in values { try assign(evaluate(expression, scope), to: target, inner) }
            return try run(body, inner)
        case .macro(let macro):
            if let number = macro.number { scope.set(number, .macro(Macro(syntax: macro, scope: scope))) }
        case .call(let callee, let syntax, let block):
            let function = try evaluate(callee, scope)
            let arguments = try arguments(syntax, scope)
            position = statement.position
            try write(text(of: call(function, arguments, block: Macro(syntax: block, scope: scope))))
        case .generation(let body):
            let inner = Scope(parent: scope)
            defer { inner.end() }
            try write(capture(body, inner).text.generated())
        case .breakLoop: return .breakLoop
        case .continueLoop: return .continueLoop
        }
        return .next
    }

    /// The text of a body with filters applied to it.
    private func captureBlock(
        _ body: [Statement], _ filters: [Access], _ scope: Scope
    ) throws(JinjaError) -> (value: JinjaValue, flow: Flow) {
        let inner = Scope(parent: scope)
        defer { inner.end() }
        let (text, flow) = try capture(body, inner)
        guard flow == .next else { return (.none, flow) }
        var value = JinjaValue.text(text)
        for filter in filters { value = try access(value, filter, inner) }
        return (value, .next)
    }

    private func run(_ loop: LoopSyntax, _ scope: Scope) throws(JinjaError) -> Flow {
        let start = position
        let source = try iterate(evaluate(loop.values, scope))
        var accepts: ((JinjaValue) throws(JinjaError) -> Bool)?
        if let condition = loop.condition {
            accepts = { [self] (value: JinjaValue) throws(JinjaError) -> Bool in
                try chargeIteration()
                let inner = Scope(parent: scope)
                defer { inner.end() }
                try assign(value, to: loop.target, inner)
                return try evaluate(condition, inner).isTrue
            }
        }
        let cursor = LoopCursor(source, accepts: accepts)
        // Jinja takes a round that was left early for none.
        var hasRun = false
        while let value = try cursor.advance() {
            position = start
            try chargeIteration()
            let inner = Scope(parent: scope)
            defer { inner.end() }
            if let name = program.loopName { inner.set(name, .loop(cursor)) }
            try assign(value, to: loop.target, inner)
            let flow = try run(loop.body, inner)
            if flow == .breakLoop { break }
            if flow == .next { hasRun = true }
        }
        guard !hasRun, !loop.otherwise.isEmpty else { return .next }
        let inner = Scope(parent: scope)
        defer { inner.end() }
        return try run(loop.otherwise, inner)
    }

    private func runAssignment(_ target: Target, _ expression: Expression, _ scope: Scope) throws(JinjaError) {
        try checkNamespaces(target, scope)
        try assign(evaluate(expression, scope), to: target, scope)
    }

    /// Throws where an attribute is to be assigned to something other than a namespace, before anything is evaluated.
    private func checkNamespaces(_ target: Target, _ scope: Scope) throws(JinjaError) {
        switch target {
        case .name: break
        case .attribute(let name, let attribute, let place):
            guard case .namespace? = scope.value(of: name) else {
                throw JinjaError(
                    position: place, defect: .notAssignable("\(program.names[name]).\(attribute): it is no namespace"))
            }
        case .tuple(let targets): for target in targets { try checkNamespaces(target, scope) }
        }
    }

    func assign(_ value: JinjaValue, to target: Target, _ scope: Scope) throws(JinjaError) {
        switch target {
        case .name(let name): scope.set(name, value)
        case .attribute(let name, let attribute, let place):
            guard case .namespace(let namespace)? = scope.value(of: name) else {
                throw JinjaError(
                    position: place, defect: .notAssignable("\(program.names[name]).\(attribute): it is no namespace"))
            }
            guard value.isStorable else { throw failure(.unsupported("\(value.typeName) inside a namespace")) }
            namespace[attribute] = value
        case .tuple(let targets):
            let values = try iterate(value).rest()
            try charge(values.count / 8)
            guard values.count == targets.count else {
                throw failure(.cannotUnpack(values: values.count, names: targets.count))
            }
            for (target, value) in zip(targets, values) { try assign(value, to: target, scope) }
        }
    }
}

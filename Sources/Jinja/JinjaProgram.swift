// The module's face: a template that was read, and its rendering.

import StrictJSON

/// A chat template in Jinja, read and ready to be rendered any number of times, by any number of threads.
///
/// Evaluated is the part of Jinja that models' templates are written in, as Transformers sets it up: white space rules
/// `trim_blocks` and `lstrip_blocks`, loop controls, `{% generation %}`, `raise_exception`, `strftime_now`, JSON without
/// escapes. Everything else is refused by name and place when the template is read, or, where only a value shows it,
/// when it is rendered. No template and no value can trap, run or grow without bounds (`JinjaBounds`).
package struct JinjaProgram: Sendable {
    let statements: [Statement]
    /// The names of variables, by their numbers.
    let names: [String]
    /// The numbers of `loop` and `caller`, where the template says them.
    let loopName: Int?
    let callerName: Int?
    let bounds: JinjaBounds
    /// Whether the template has `{% generation %}`.
    package let hasGeneration: Bool

    /// Reads a template.
    ///
    /// - Throws: what is wrong with it or not supported, with line and column.
    package init(_ source: String, bounds: JinjaBounds = .init()) throws(JinjaError) {
        let bytes = source.utf8.count
        guard bytes <= bounds.templateBytes else {
            throw JinjaError(
                position: SourcePosition(line: 1, column: 1),
                defect: .templateTooLarge(bytes: bytes, limit: bounds.templateBytes))
        }
        var lexer = Lexer(source)
        var parser = Parser(try lexer.run(), bounds)
        statements = try parser.run()
        names = parser.names
        loopName = parser.names.firstIndex(of: "loop")
        callerName = parser.names.firstIndex(of: "caller")
        hasGeneration = parser.hasGeneration
        self.bounds = bounds
    }

    /// The text that the template makes of `variables`.
    ///
    /// - Parameters:
    ///   - variables: by name. A variable that is not there is undefined.
    ///   - date: what `strftime_now` takes for now.
    package func render(
        _ variables: [(name: String, value: JinjaValue)], date: JinjaDate = .init()
    ) throws(JinjaError) -> JinjaText {
        let input = Scope(parent: nil)
        for (name, value) in variables {
            guard value.depth <= bounds.valueDepth else {
                throw JinjaError(
                    position: SourcePosition(line: 1, column: 1), defect: .valueTooDeep(limit: bounds.valueDepth))
            }
            if let number = names.firstIndex(of: name) { input.set(number, value) }
        }
        let interpreter = Interpreter(self, date)
        let scope = Scope(parent: input)
        defer { scope.end() }
        _ = try interpreter.run(statements, scope)
        return interpreter.output
    }
}

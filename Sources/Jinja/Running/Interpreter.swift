// The state of one rendering, and the bounds that every step of it counts towards.

import StrictJSON

/// Renders one template once.
final class Interpreter {
    /// What comes after a statement.
    enum Flow {
        case next, breakLoop, continueLoop
    }

    let program: JinjaProgram
    let bounds: JinjaBounds
    let date: JinjaDate
    /// What has been written; while a block is captured, the block's text.
    var output = JinjaText()
    /// The place of what is being evaluated, for errors.
    var position = SourcePosition(line: 1, column: 1)
    private var steps = 0
    private var iterations = 0
    private var depth = 0

    init(_ program: JinjaProgram, _ date: JinjaDate) {
        self.program = program
        bounds = program.bounds
        self.date = date
    }

    func failure(_ defect: JinjaDefect) -> JinjaError { JinjaError(position: position, defect: defect) }

    /// Counts steps: one for a thing that is evaluated, one for every few characters or elements that are handled.
    func charge(_ count: Int = 1) throws(JinjaError) {
        steps += count
        guard steps <= bounds.steps else { throw failure(.tooManySteps(limit: bounds.steps)) }
    }

    /// Counts the making or comparing of a text of so many characters, which must be within the bound.
    func charge(characters: Int) throws(JinjaError) {
        guard characters <= bounds.textLength else { throw failure(.textTooLong(limit: bounds.textLength)) }
        try charge(characters / 8)
    }

    func chargeIteration() throws(JinjaError) {
        iterations += 1
        guard iterations <= bounds.iterations else { throw failure(.tooManyIterations(limit: bounds.iterations)) }
    }

    /// Goes one level down, where the bound allows it; `leave` must follow.
    func enter() throws(JinjaError) {
        depth += 1
        guard depth <= bounds.evaluationDepth else {
            throw failure(.evaluatedTooDeep(limit: bounds.evaluationDepth))
        }
    }

    func leave() { depth -= 1 }

    func write(_ text: JinjaText) throws(JinjaError) {
        try charge(characters: text.count)
        guard output.count + text.count <= bounds.textLength else {
            throw failure(.textTooLong(limit: bounds.textLength))
        }
        output.append(text)
    }

    /// What a body writes, instead of writing it.
    func capture(
        _ body: [Statement], _ scope: Scope
    ) throws(JinjaError) -> (text: JinjaText, flow: Flow) {
        let outer = output
        output = JinjaText()
        let flow = try run(body, scope)
        let text = output
        output = outer
        return (text, flow)
    }

    /// A list of values that may be stored, within the bound of depth.
    func list(_ elements: [JinjaValue]) throws(JinjaError) -> JinjaList {
        try charge(elements.count / 8)
        for element in elements where !element.isStorable {
            throw failure(.unsupported("\(element.typeName) inside a list or a mapping"))
        }
        let list = JinjaList(elements)
        guard list.depth <= bounds.valueDepth else { throw failure(.valueTooDeep(limit: bounds.valueDepth)) }
        return list
    }

    func iterator(_ elements: [JinjaValue]) throws(JinjaError) -> JinjaValue {
        .iterator(ValueIterator(try list(elements).elements))
    }
}

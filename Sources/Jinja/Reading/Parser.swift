// Reads a template: the state of the reading, and what every part of it needs.

import StrictJSON

/// A recursive descent over a template's tokens.
///
/// Everything that is not evaluated here is refused here, with its name and place, as far as the text shows it: tags,
/// filters, tests, functions, methods, and arguments that Python would spread.
struct Parser {
    private let tokens: [Token]
    private var index = 0
    private let bounds: JinjaBounds
    private var depth = 0

    private(set) var names: [String] = []
    private var numbers: [String: Int] = [:]
    /// Names that something is assigned to anywhere.
    var assigned: Set<Int> = []
    /// Where names are called or read that only an assignment makes known.
    var wanted: [(name: Int, position: SourcePosition)] = []
    /// Where `safe` was read since the tag began.
    var safePositions: [SourcePosition] = []
    /// How many loops are open that `break` would leave.
    var loops = 0
    /// Whether `caller` was read since the macro began.
    var readsCaller = false
    var hasGeneration = false

    init(_ tokens: [Token], _ bounds: JinjaBounds) {
        self.tokens = tokens
        self.bounds = bounds
    }

    var current: Token { tokens[index] }
    var next: Token.Kind { tokens[min(index + 1, tokens.count - 1)].kind }
    var previous: Token.Kind { tokens[max(0, index - 1)].kind }
    var position: SourcePosition { current.position }

    mutating func advance() { if index < tokens.count - 1 { index += 1 } }

    func failure(_ defect: JinjaDefect, at position: SourcePosition? = nil) -> JinjaError {
        JinjaError(position: position ?? self.position, defect: defect)
    }

    func unexpected(_ expected: String) -> JinjaError {
        failure(.unexpected(found: "\(current.kind)", expected: expected))
    }

    /// Goes one level down, where the bound allows it; `leave` must follow.
    mutating func enter() throws(JinjaError) {
        depth += 1
        guard depth <= bounds.nesting else { throw failure(.nestedTooDeep(limit: bounds.nesting)) }
    }

    mutating func leave() { depth -= 1 }

    func at(_ symbol: Symbol) -> Bool { current.kind == .symbol(symbol) }
    func at(_ word: String) -> Bool { current.kind == .name(word) }

    /// Takes the symbol if it is there.
    mutating func take(_ symbol: Symbol) -> Bool {
        guard at(symbol) else { return false }
        advance()
        return true
    }

    mutating func take(_ word: String) -> Bool {
        guard at(word) else { return false }
        advance()
        return true
    }

    mutating func expect(_ symbol: Symbol) throws(JinjaError) {
        guard take(symbol) else { throw unexpected(symbol.rawValue) }
    }

    mutating func expect(_ kind: Token.Kind) throws(JinjaError) {
        guard current.kind == kind else { throw unexpected("\(kind)") }
        advance()
    }

    /// A name that is no word of the language.
    mutating func expectName() throws(JinjaError) -> String {
        guard case .name(let name) = current.kind, !Parser.words.contains(name) else { throw unexpected("a name") }
        advance()
        return name
    }

    /// Words that cannot be names of variables.
    static let words: Set<String> = [
        "and", "else", "elif", "false", "False", "for", "if", "in", "is", "none", "None", "not", "or", "true", "True",
    ]

    /// The number of a name.
    mutating func number(of name: String) -> Int {
        if let number = numbers[name] { return number }
        numbers[name] = names.count
        names.append(name)
        return names.count - 1
    }

    /// Reads the template to its end.
    mutating func run() throws(JinjaError) -> [Statement] {
        let body = try statements(until: [], of: nil)
        for (name, position) in wanted where !assigned.contains(name) {
            throw failure(.unsupportedFunction(names[name]), at: position)
        }
        return body
    }
}

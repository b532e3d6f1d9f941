// Reads expressions by the rank of their operators, and literals.

import StrictJSON

extension Parser {
    /// How tightly an operator binds, loosest first.
    private enum Rank: Int {
        case or, and, not, comparison, addition, concatenation, multiplication, power

        var next: Rank { Rank(rawValue: rawValue + 1) ?? .power }
    }

    /// An expression, or several with commas between them, which make a tuple.
    mutating func tuple(withCondition: Bool = true, inParentheses: Bool = false) throws(JinjaError) -> Expression {
        let start = position
        var elements: [Expression] = []
        var isTuple = inParentheses && at(.closeParenthesis)
        while !endsTuple {
            elements.append(try expression(withCondition: withCondition))
            guard take(.comma) else { break }
            isTuple = true
        }
        if isTuple { return Expression(kind: .tuple(elements), position: start) }
        guard let first = elements.first else { throw unexpected("an expression") }
        return first
    }

    private var endsTuple: Bool {
        current.kind == .outputEnd || current.kind == .blockEnd || at(.closeParenthesis)
    }

    mutating func expression(withCondition: Bool = true) throws(JinjaError) -> Expression {
        try enter()
        defer { leave() }
        var value = try operators(from: .or)
        while withCondition, take("if") {
            let test = try operators(from: .or)
            let otherwise = take("else") ? try expression() : nil
            value = Expression(
                kind: .conditional(test: test, value: value, otherwise: otherwise), position: value.position)
        }
        return value
    }

    /// Reads operands and operators that bind at least as tightly as `lowest`. Each rank is read from left to right.
    private mutating func operators(from lowest: Rank) throws(JinjaError) -> Expression {
        var left: Expression
        if lowest.rawValue <= Rank.not.rawValue, at("not") {
            left = try negation()
        } else {
            left = try unary()
        }
        while let rank = operatorRank(), rank.rawValue >= lowest.rawValue {
            left = try chain(left, rank)
        }
        return left
    }

    /// `not`, any number of times.
    private mutating func negation() throws(JinjaError) -> Expression {
        let start = position
        var isOdd = false
        while take("not") { isOdd.toggle() }
        let operand = try operators(from: .comparison)
        let once = Expression(kind: .not(operand), position: start)
        return isOdd ? once : Expression(kind: .not(once), position: start)
    }

    /// The rank of the operator that is the current token; nil where there is none.
    private func operatorRank() -> Rank? {
        switch current.kind {
        case .name("or"): .or
        case .name("and"): .and
        case .name("in"): .comparison
        case .name("not"): next == .name("in") ? .comparison : nil
        case .symbol(let symbol):
            switch symbol {
            case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual: .comparison
            case .add, .subtract: .addition
            case .join: .concatenation
            case .multiply, .divide, .floorDivide, .remainder: .multiplication
            case .power: .power
            default: nil
            }
        default: nil
        }
    }

    /// All operands of one rank after `first`.
    private mutating func chain(_ first: Expression, _ rank: Rank) throws(JinjaError) -> Expression {
        let start = position
        var plain = [first]
        var compared: [(relation: Relation, operand: Expression)] = []
        var calculated: [(symbol: Symbol, operand: Expression)] = []
        while operatorRank() == rank {
            let relation = rank == .comparison ? takeRelation() : nil
            guard relation == nil else {
                compared.append((relation ?? .equal, try operators(from: .addition)))
                continue
            }
            let token = current.kind
            advance()
            // A power's operand is a sign and a value; its filters belong to that operand.
            let operand = rank == .power ? try unary() : try operators(from: rank.next)
            if case .symbol(let symbol) = token { calculated.append((symbol, operand)) }
            plain.append(operand)
        }
        let kind: Expression.Kind =
            switch rank {
            case .or: .or(plain)
            case .and: .and(plain)
            case .comparison, .not: .comparison(first, compared)
            case .concatenation: .concatenation(plain)
            case .addition, .multiplication, .power: .arithmetic(first, calculated)
            }
        return Expression(kind: kind, position: start)
    }

    private mutating func takeRelation() -> Relation {
        let relation: Relation =
            switch current.kind {
            case .symbol(.notEqual): .notEqual
            case .symbol(.less): .less
            case .symbol(.lessOrEqual): .lessOrEqual
            case .symbol(.greater): .greater
            case .symbol(.greaterOrEqual): .greaterOrEqual
            case .name("in"): .isIn
            case .name("not"): .isNotIn
            default: .equal
            }
        if relation == .isNotIn { advance() }
        advance()
        return relation
    }

    /// A value with its signs and what follows it. Attributes bind tighter than signs, filters do not.
    private mutating func unary() throws(JinjaError) -> Expression {
        var signs: [(isNegative: Bool, position: SourcePosition)] = []
        while at(.subtract) || at(.add) {
            signs.append((at(.subtract), position))
            advance()
        }
        let start = position
        var value = try primary()
        let accesses = try postfix()
        if !accesses.isEmpty { value = Expression(kind: .access(value, accesses), position: start) }
        // Each sign is a level of its own.
        for _ in signs { try enter() }
        for sign in signs.reversed() {
            value = Expression(kind: sign.isNegative ? .negative(value) : .positive(value), position: sign.position)
            leave()
        }
        let filters = try filtersAndTests()
        return filters.isEmpty ? value : Expression(kind: .access(value, filters), position: start)
    }

    mutating func primary() throws(JinjaError) -> Expression {
        let start = position
        let kind = current.kind
        switch kind {
        case .name(let word):
            if let constant = Parser.constants[word] {
                advance()
                return Expression(kind: constant, position: start)
            }
            let name = try expectName()
            let number = number(of: name)
            if name == "caller" { readsCaller = true }
            if Function.unsupported.contains(name) { wanted.append((number, start)) }
            return Expression(kind: .name(number), position: start)
        case .text(var scalars):
            advance()
            while case .text(let more) = current.kind {
                scalars += more
                advance()
            }
            return Expression(kind: .text(JinjaText(scalars)), position: start)
        case .integer(let number):
            advance()
            return Expression(kind: .integer(number), position: start)
        case .number(let number):
            advance()
            return Expression(kind: .number(number), position: start)
        case .symbol(.openParenthesis):
            advance()
            let value = try tuple(inParentheses: true)
            try expect(.closeParenthesis)
            return value
        case .symbol(.openBracket):
            advance()
            return Expression(kind: .list(try list()), position: start)
        case .symbol(.openBrace):
            advance()
            return Expression(kind: .mapping(try mapping()), position: start)
        default: throw unexpected("an expression")
        }
    }

    private static let constants: [String: Expression.Kind] = [
        "true": .boolean(true), "True": .boolean(true), "false": .boolean(false), "False": .boolean(false),
        "none": .none, "None": .none,
    ]

    private mutating func list() throws(JinjaError) -> [Expression] {
        var elements: [Expression] = []
        while !take(.closeBracket) {
            if !elements.isEmpty {
                try expect(.comma)
                if take(.closeBracket) { break }
            }
            elements.append(try expression())
        }
        return elements
    }

    private mutating func mapping() throws(JinjaError) -> [(key: Expression, value: Expression)] {
        var members: [(key: Expression, value: Expression)] = []
        while !take(.closeBrace) {
            if !members.isEmpty {
                try expect(.comma)
                if take(.closeBrace) { break }
            }
            let key = try expression()
            try expect(.colon)
            members.append((key, try expression()))
        }
        return members
    }

    /// What a loop or `set` assigns to: names, in parentheses or not; attributes of namespaces in `set` alone.
    mutating func target(inLoop: Bool, inParentheses: Bool = false) throws(JinjaError) -> Target {
        var targets: [Target] = []
        var isTuple = false
        try enter()
        defer { leave() }
        while !endsTuple, !(inLoop && at("in")) {
            targets.append(try oneTarget(inLoop: inLoop, inParentheses: inParentheses))
            guard take(.comma) else { break }
            isTuple = true
        }
        if isTuple { return .tuple(targets) }
        guard let first = targets.first else { throw unexpected("a name") }
        return first
    }

    private mutating func oneTarget(inLoop: Bool, inParentheses: Bool) throws(JinjaError) -> Target {
        if take(.openParenthesis) {
            let target = try target(inLoop: inLoop, inParentheses: true)
            try expect(.closeParenthesis)
            return target
        }
        let start = position
        let name = try expectName()
        guard name != "loop" else { throw failure(.notAssignable("loop"), at: start) }
        let number = number(of: name)
        if !inLoop, !inParentheses, take(.dot) {
            guard case .name(let attribute) = current.kind else { throw unexpected("a name") }
            guard !attribute.hasPrefix("_") else {
                throw failure(.notAssignable("an attribute that begins with an underscore"))
            }
            advance()
            return .attribute(of: number, attribute, start)
        }
        assigned.insert(number)
        return .name(number)
    }
}

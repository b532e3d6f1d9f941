// A parsed template: statements, expressions, and the names of what they may call.

import StrictJSON

/// An expression and the place that errors in it are reported at.
struct Expression: Sendable {
    indirect enum Kind: Sendable {
        case none
        case boolean(Bool)
        case integer(Int)
        case number(Double)
        case text(JinjaText)
        /// A variable, by its number in the program's list of names.
        case name(Int)
        case list([Expression])
        case tuple([Expression])
        case mapping([(key: Expression, value: Expression)])
        case not(Expression)
        case negative(Expression)
        case positive(Expression)
        /// Operators of one rank, applied from left to right.
        case arithmetic(Expression, [(symbol: Symbol, operand: Expression)])
        case concatenation([Expression])
        case comparison(Expression, [(relation: Relation, operand: Expression)])
        case and([Expression])
        case or([Expression])
        case conditional(test: Expression, value: Expression, otherwise: Expression?)
        /// What is asked of a value, one thing after the other.
        case access(Expression, [Access])
    }

    let kind: Kind
    let position: SourcePosition
}

enum Relation: Sendable {
    case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual, isIn, isNotIn
}

/// One thing that is asked of a value.
struct Access: Sendable {
    indirect enum Kind: Sendable {
        case attribute(String)
        case item(Expression)
        case slice(from: Expression?, to: Expression?, by: Expression?)
        case call(CallSyntax)
        case filter(Filter, CallSyntax)
        case test(Test, CallSyntax, isNegated: Bool)
    }

    let kind: Kind
    let position: SourcePosition
}

/// The arguments of a call.
struct CallSyntax: Sendable {
    var positional: [Expression] = []
    var named: [(name: String, value: Expression)] = []
}

/// What a value is assigned to.
indirect enum Target: Sendable {
    case name(Int)
    /// An attribute of a namespace.
    case attribute(of: Int, String, SourcePosition)
    case tuple([Target])
}

struct Statement: Sendable {
    indirect enum Kind: Sendable {
        case text(JinjaText)
        case output(Expression)
        case loop(LoopSyntax)
        case choice([(test: Expression, body: [Statement])], otherwise: [Statement])
        case assign(Target, Expression)
        case assignBlock(Target, filters: [Access], body: [Statement])
        case filterBlock([Access], body: [Statement])
        case with([(target: Target, value: Expression)], body: [Statement])
        case macro(MacroSyntax)
        /// The macro is the expression between `call` and its arguments.
        case call(Expression, CallSyntax, block: MacroSyntax)
        case generation([Statement])
        case breakLoop
        case continueLoop
    }

    let kind: Kind
    let position: SourcePosition
}

struct LoopSyntax: Sendable {
    let target: Target
    let values: Expression
    /// Which values count.
    let condition: Expression?
    let body: [Statement]
    let otherwise: [Statement]
}

struct MacroSyntax: Sendable {
    let name: String
    /// Its number in the list of names; nil for the block of a call.
    let number: Int?
    let parameters: [(name: String, number: Int, value: Expression?)]
    let body: [Statement]
    /// Whether it says `caller`, so that a call may bring a block.
    let usesCaller: Bool
}

/// The filters that are evaluated here.
enum Filter: String, Sendable, CaseIterable {
    case abs, capitalize, count, d, `default`, dictsort, first, float, indent, int, items, join, last, length, list,
        lower
    case map, max, min, reject, rejectattr, replace, reverse, safe, select, selectattr, sort, string, sum, title, tojson
    case trim, unique, upper
}

/// The tests that are evaluated here. Those with a sign for a name can only be named in a string.
enum Test: String, Sendable, CaseIterable {
    case boolean, callable, defined, divisibleby, even, `false`, float, integer, iterable, lower, mapping, none, number
    case odd, sameas, sequence, string, `true`, undefined, upper
    case `in`, eq, equalto, ne, lt, lessthan, le, gt, greaterthan, ge
    case equals = "=="
    case differs = "!="
    case isLess = "<"
    case isLessOrEqual = "<="
    case isGreater = ">"
    case isGreaterOrEqual = ">="

    /// How it compares, if that is what it does.
    var relation: Relation? {
        switch self {
        case .eq, .equalto, .equals: .equal
        case .ne, .differs: .notEqual
        case .lt, .lessthan, .isLess: .less
        case .le, .isLessOrEqual: .lessOrEqual
        case .gt, .greaterthan, .isGreater: .greater
        case .ge, .isGreaterOrEqual: .greaterOrEqual
        case .in: .isIn
        default: nil
        }
    }

    /// How many arguments it takes besides the value.
    var argumentCount: Int { self == .divisibleby || self == .sameas || relation != nil ? 1 : 0 }
}

/// The functions that a template can call by name.
package enum Function: String, Sendable, CaseIterable {
    case range
    case dict
    case namespace
    case raiseException = "raise_exception"
    case strftimeNow = "strftime_now"

    /// Names that Jinja knows and that are not evaluated here.
    static let unsupported = ["lipsum", "cycler", "joiner", "self", "varargs", "kwargs"]
}

/// The methods of texts, lists and mappings that are evaluated here.
package enum Method: String, Sendable, CaseIterable {
    case capitalize, count, endswith, find, index, isalnum, isalpha, isdigit, islower, isspace, isupper, join, lower
    case lstrip, partition, removeprefix, removesuffix, replace, rfind, rpartition, rsplit, rstrip, split, splitlines
    case startswith, strip, title, upper
    case copy, get, items, keys, values
    case cycle

    static let ofTexts: Set<Method> = Set(allCases).subtracting([.copy, .get, .items, .keys, .values, .cycle])
    static let ofLists: Set<Method> = [.copy, .count, .index]
    static let ofTuples: Set<Method> = [.count, .index]
    static let ofMappings: Set<Method> = [.copy, .get, .items, .keys, .values]
}

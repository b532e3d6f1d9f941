// Arithmetic as Python does it: integers stay integers, division rounds down, texts and lists can be added.

extension Interpreter {
    func calculate(_ left: JinjaValue, _ symbol: Symbol, _ right: JinjaValue) throws(JinjaError) -> JinjaValue {
        if case .text = left, symbol == .remainder { throw failure(.unsupported("formatting a string with %")) }
        for operand in [left, right] {
            if case .undefined(let message) = operand { throw failure(.undefined(message)) }
        }
        if let left = left.numeric, let right = right.numeric { return try calculate(left, symbol, right) }
        switch (left, symbol, right) {
        case (.text(let left), .add, .text(let right)):
            try charge(characters: left.count + right.count)
            var result = left
            result.append(right)
            return .text(result)
        case (.list(let left), .add, .list(let right)): return .list(try list(left.elements + right.elements))
        case (.tuple(let left), .add, .tuple(let right)): return .tuple(try list(left.elements + right.elements))
        case (.text, .multiply, _), (.list, .multiply, _), (.tuple, .multiply, _):
            if let count = right.index { return try `repeat`(left, count) }
        case (_, .multiply, .text), (_, .multiply, .list), (_, .multiply, .tuple):
            if let count = left.index { return try `repeat`(right, count) }
        default: break
        }
        throw failure(
            .wrongValue("\(symbol.rawValue) does not take \(left.typeName) and \(right.typeName)"))
    }

    /// A text or list several times.
    private func `repeat`(_ value: JinjaValue, _ count: Int) throws(JinjaError) -> JinjaValue {
        let count = max(0, count)
        func total(_ length: Int) throws(JinjaError) -> Int {
            let (product, overflows) = length.multipliedReportingOverflow(by: count)
            guard !overflows, product <= bounds.textLength else {
                throw failure(.textTooLong(limit: bounds.textLength))
            }
            return product
        }
        switch value {
        case .text(let text):
            try charge(characters: total(text.count) + count)
            var result = JinjaText()
            if !text.isEmpty { for _ in 0..<count { result.append(text) } }
            return .text(result)
        case .list(let list), .tuple(let list):
            try charge(total(list.elements.count) + count / 8)
            var result: [JinjaValue] = []
            if !list.elements.isEmpty { for _ in 0..<count { result += list.elements } }
            if case .list = value { return .list(try self.list(result)) }
            return .tuple(try self.list(result))
        default: return value
        }
    }

    private func calculate(_ left: Numeric, _ symbol: Symbol, _ right: Numeric) throws(JinjaError) -> JinjaValue {
        if case .integer(let left) = left, case .integer(let right) = right {
            return try calculate(left, symbol, right)
        }
        let (left, right) = (left.double, right.double)
        switch symbol {
        case .add: return .number(left + right)
        case .subtract: return .number(left - right)
        case .multiply: return .number(left * right)
        case .divide:
            guard right != 0 else { throw failure(.divisionByZero) }
            return .number(left / right)
        case .floorDivide, .remainder:
            guard right != 0 else { throw failure(.divisionByZero) }
            let (quotient, remainder) = Interpreter.divide(left, right)
            return .number(symbol == .floorDivide ? quotient : remainder)
        default: throw failure(.unsupported("** with other than integers"))
        }
    }

    /// Quotient, rounded down, and remainder, which has the sign of the divisor: Python's `divmod`.
    private static func divide(_ left: Double, _ right: Double) -> (quotient: Double, remainder: Double) {
        var remainder = left.truncatingRemainder(dividingBy: right)
        var quotient = (left - remainder) / right
        if remainder == 0 {
            remainder = right < 0 ? -0.0 : 0.0
        } else if (right < 0) != (remainder < 0) {
            remainder += right
            quotient -= 1
        }
        guard quotient != 0 else { return ((left / right).sign == .minus ? -0.0 : 0.0, remainder) }
        // The quotient is an integer up to rounding.
        let floor = quotient.rounded(.down)
        return (quotient - floor > 0.5 ? floor + 1 : floor, remainder)
    }

    private func calculate(_ left: Int, _ symbol: Symbol, _ right: Int) throws(JinjaError) -> JinjaValue {
        var result: (partialValue: Int, overflow: Bool)
        switch symbol {
        case .add: result = left.addingReportingOverflow(right)
        case .subtract: result = left.subtractingReportingOverflow(right)
        case .multiply: result = left.multipliedReportingOverflow(by: right)
        case .divide:
            guard right != 0 else { throw failure(.divisionByZero) }
            // Python rounds the exact quotient once; this is the same where both numbers are doubles.
            guard let dividend = Double(exactly: left), let divisor = Double(exactly: right) else {
                throw failure(.overflow)
            }
            return .number(dividend / divisor)
        case .floorDivide, .remainder:
            guard right != 0 else { throw failure(.divisionByZero) }
            guard left != .min || right != -1 else { throw failure(.overflow) }
            let (quotient, remainder) = left.quotientAndRemainder(dividingBy: right)
            let isRounded = remainder != 0 && (remainder < 0) != (right < 0)
            guard symbol == .floorDivide else { return .integer(isRounded ? remainder + right : remainder) }
            return .integer(isRounded ? quotient - 1 : quotient)
        default:
            guard right >= 0 else { throw failure(.unsupported("** with a negative exponent")) }
            result = try power(left, right)
        }
        guard !result.overflow else { throw failure(.overflow) }
        return .integer(result.partialValue)
    }

    private func power(_ base: Int, _ exponent: Int) throws(JinjaError) -> (partialValue: Int, overflow: Bool) {
        if base == 0 || base == 1 { return (exponent == 0 ? 1 : base, false) }
        if base == -1 { return (exponent % 2 == 0 ? 1 : -1, false) }
        var result = 1
        // A base of two or more passes 64 bits soon.
        for _ in 0..<min(exponent, 64) {
            let (product, overflow) = result.multipliedReportingOverflow(by: base)
            if overflow { return (0, true) }
            result = product
        }
        return (result, exponent > 64)
    }
}

// Python's methods of strings, as far as templates use them. What they take of a text keeps its origins.

extension Interpreter {
    func call(_ method: Method, of value: JinjaValue, _ arguments: Arguments) throws(JinjaError) -> JinjaValue {
        // Python's methods take their arguments by place, with few exceptions.
        let named = Set(arguments.named.map(\.name))
        let allowed: Set<String> = method == .split || method == .rsplit ? ["sep", "maxsplit"] : ["keepends"]
        guard named.isEmpty || named.isSubset(of: allowed) && Method.ofTexts.contains(method) else {
            throw failure(.wrongValue("\(method.rawValue) takes no argument by name"))
        }
        switch value {
        case .text(let text):
            try charge(characters: text.count)
            return try call(method, of: text, arguments)
        case .list(let list), .tuple(let list): return try call(method, of: list, value, arguments)
        case .mapping(let mapping): return try call(method, of: mapping, arguments)
        case .loop(let cursor):
            guard !arguments.positional.isEmpty else { throw failure(.wrongValue("cycle takes values")) }
            return arguments.positional[cursor.index % arguments.positional.count]
        default: throw failure(.unsupportedMethod(method.rawValue))
        }
    }

    private func call(_ method: Method, of text: JinjaText, _ arguments: Arguments) throws(JinjaError) -> JinjaValue {
        switch method {
        case .strip, .lstrip, .rstrip:
            let characters = try bind(arguments, ["chars"], of: method.rawValue)[0]
            return .text(
                try strip(text, characters, left: method != .rstrip, right: method != .lstrip, method.rawValue))
        case .split, .rsplit: return try split(text, arguments, fromEnd: method == .rsplit)
        case .splitlines:
            let keepsEnds = try bind(arguments, ["keepends"], of: method.rawValue)[0]?.isTrue ?? false
            return .list(try list(text.lines(keepingEnds: keepsEnds).map { .text($0) }))
        case .partition, .rpartition:
            let separator = try oneText(arguments, method)
            guard !separator.isEmpty else { throw failure(.wrongValue("the separator is empty")) }
            return .tuple(try list(partition(text, separator, atEnd: method == .rpartition)))
        case .startswith, .endswith: return .boolean(try hasAffix(text, arguments, method))
        case .removeprefix:
            let prefix = try oneText(arguments, method)
            return .text(text.starts(with: prefix) ? text[prefix.count..<text.count] : text)
        case .removesuffix:
            let suffix = try oneText(arguments, method)
            let ends = !suffix.isEmpty && text.ends(with: suffix)
            return .text(ends ? text[0..<text.count - suffix.count] : text)
        case .find, .rfind, .index, .count: return .integer(try search(text, oneText(arguments, method), method))
        case .replace:
            let values = try bind(arguments, ["old", "new", "count"], required: 2, of: "replace")
            return .text(
                try replace(
                    text, self.text(values[0], of: "replace"), self.text(values[1], of: "replace"),
                    integer(values[2], of: "replace", or: -1)))
        case .join:
            let parts = try bind(arguments, ["parts"], required: 1, of: "join")[0] ?? .none
            var texts: [JinjaText] = []
            for part in try iterate(parts).rest() { texts.append(try self.text(part, of: "join")) }
            return .text(try joined(texts, text))
        default: return try describe(text, method, arguments)
        }
    }

    /// Methods without arguments.
    private func describe(_ text: JinjaText, _ method: Method, _ arguments: Arguments) throws(JinjaError) -> JinjaValue
    {
        _ = try bind(arguments, [], of: method.rawValue)
        func all(_ holds: (Unicode.Scalar) -> Bool) -> JinjaValue {
            .boolean(!text.isEmpty && text.scalars.allSatisfy(holds))
        }
        switch method {
        case .upper: return .text(text.uppercased())
        case .lower: return .text(text.lowercased())
        case .title: return .text(text.titlecased())
        case .capitalize: return .text(text.capitalized())
        case .isspace: return all(\.isSpace)
        case .isdigit: return all(\.isAnyDigit)
        case .isalpha: return all(\.isLetter)
        case .isalnum: return all { $0.isLetter || $0.isNumeral }
        case .isupper: return .boolean(text.isAll(upper: true))
        case .islower: return .boolean(text.isAll(upper: false))
        default: throw failure(.unsupportedMethod(method.rawValue))
        }
    }

    /// The one text that a method takes.
    private func oneText(_ arguments: Arguments, _ method: Method) throws(JinjaError) -> JinjaText {
        try text(bind(arguments, ["text"], required: 1, of: method.rawValue)[0], of: method.rawValue)
    }

    /// A text without the given characters, or without white space, at its ends.
    func strip(
        _ text: JinjaText, _ characters: JinjaValue?, left: Bool, right: Bool, _ function: String
    ) throws(JinjaError) -> JinjaText {
        try charge(characters: text.count)
        var set: Set<Unicode.Scalar>?
        switch characters {
        case nil, JinjaValue.none?: break
        case let characters?: set = Set(try self.text(characters, of: function).scalars)
        }
        func isStripped(_ scalar: Unicode.Scalar) -> Bool { set.map { $0.contains(scalar) } ?? scalar.isSpace }
        var (start, end) = (0, text.count)
        if left { while start < end, isStripped(text.scalars[start]) { start += 1 } }
        if right { while end > start, isStripped(text.scalars[end - 1]) { end -= 1 } }
        return text[start..<end]
    }

    private func hasAffix(_ text: JinjaText, _ arguments: Arguments, _ method: Method) throws(JinjaError) -> Bool {
        let affix = try bind(arguments, ["text"], required: 1, of: method.rawValue)[0]
        var choices: [JinjaText] = []
        if case .tuple(let tuple)? = affix {
            for choice in tuple.elements { choices.append(try self.text(choice, of: method.rawValue)) }
        } else {
            choices = [try self.text(affix, of: method.rawValue)]
        }
        return choices.contains { method == .startswith ? text.starts(with: $0) : text.ends(with: $0) }
    }

    /// Where a text begins in another, or how often it occurs.
    private func search(_ text: JinjaText, _ part: JinjaText, _ method: Method) throws(JinjaError) -> Int {
        try charge(characters: part.count)
        guard !part.isEmpty else { return method == .count ? text.count + 1 : method == .rfind ? text.count : 0 }
        let search = TextSearch(part.scalars)
        switch method {
        case .count: return search.places(in: text.scalars).count
        case .rfind: return search.places(in: text.scalars, overlapping: true).last ?? -1
        default:
            let place = search.places(in: text.scalars, limit: 1).first
            guard place != nil || method == .find else { throw failure(.wrongValue("the string has no such part")) }
            return place ?? -1
        }
    }

    private func partition(
        _ text: JinjaText, _ separator: JinjaText, atEnd: Bool
    ) throws(JinjaError) -> [JinjaValue] {
        try charge(characters: separator.count)
        let places = TextSearch(separator.scalars).places(in: text.scalars, overlapping: atEnd)
        guard let place = atEnd ? places.last : places.first else {
            let empty = JinjaValue.text(JinjaText())
            return atEnd ? [empty, empty, .text(text)] : [.text(text), empty, empty]
        }
        return [
            .text(text[0..<place]), .text(text[place..<place + separator.count]),
            .text(text[place + separator.count..<text.count]),
        ]
    }

    /// `split` and `rsplit`.
    private func split(_ text: JinjaText, _ arguments: Arguments, fromEnd: Bool) throws(JinjaError) -> JinjaValue {
        let values = try bind(arguments, ["sep", "maxsplit"], of: fromEnd ? "rsplit" : "split")
        var limit = try integer(values[1], of: "split", or: -1)
        if limit < 0 { limit = .max }
        var ranges: [Range<Int>]
        switch values[0] {
        case nil, JinjaValue.none?: ranges = text.words(limit: limit, fromEnd: fromEnd)
        case let separator?:
            let separator = try self.text(separator, of: "split")
            guard !separator.isEmpty else { throw failure(.wrongValue("the separator is empty")) }
            try charge(characters: separator.count)
            ranges = text.parts(between: separator, limit: limit, fromEnd: fromEnd)
        }
        return .list(try list(ranges.map { .text(text[$0]) }))
    }

    /// The text with `new` for `old`, at most `limit` times; without a limit where that is negative.
    func replace(
        _ text: JinjaText, _ old: JinjaText, _ new: JinjaText, _ limit: Int
    ) throws(JinjaError) -> JinjaText {
        try charge(characters: text.count + old.count)
        let limit = limit < 0 ? Int.max : limit
        let places =
            old.isEmpty
            ? Array((0...text.count).prefix(limit)) : TextSearch(old.scalars).places(in: text.scalars, limit: limit)
        let (added, overflows) = places.count.multipliedReportingOverflow(by: new.count)
        guard !overflows, added <= bounds.textLength else { throw failure(.textTooLong(limit: bounds.textLength)) }
        try charge(characters: text.count - places.count * old.count + added)
        try charge(places.count)
        var result = JinjaText()
        var start = 0
        for place in places {
            result.append(text[start..<place])
            result.append(new)
            start = place + old.count
        }
        result.append(text[start..<text.count])
        return result
    }

    /// The texts with another between them.
    func joined(_ texts: [JinjaText], _ separator: JinjaText) throws(JinjaError) -> JinjaText {
        var result = JinjaText()
        for (place, text) in texts.enumerated() {
            try charge(characters: text.count + separator.count)
            guard result.count + text.count + separator.count <= bounds.textLength else {
                throw failure(.textTooLong(limit: bounds.textLength))
            }
            if place > 0 { result.append(separator) }
            result.append(text)
        }
        return result
    }
}

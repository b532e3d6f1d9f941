// Filters of sequences: parts, orders and sums of them.

extension Interpreter {
    func sequence(_ filter: Filter, _ value: JinjaValue, _ arguments: Arguments) throws(JinjaError) -> JinjaValue {
        switch filter {
        case .join: return .text(try join(value, arguments))
        case .sum: return try sum(value, arguments)
        case .unique: return try unique(value, arguments)
        case .sort: return .list(try list(sort(value, arguments)))
        case .min, .max: return try extreme(value, arguments, isLeast: filter == .min)
        case .dictsort: return .list(try list(sortedItems(value, arguments)))
        default: break
        }
        _ = try bind(arguments, [], of: filter.rawValue)
        switch filter {
        case .first: return try iterate(value).next() ?? .undefined("there is no first element")
        case .last:
            if case .iterator = value { throw failure(.wrongValue("an iterator has no last element")) }
            return try iterate(value).rest().last ?? .undefined("there is no last element")
        case .list: return .list(try list(iterate(value).rest()))
        case .items:
            if case .undefined = value { return try iterator([]) }
            guard case .mapping(let mapping) = value else {
                throw failure(.wrongValue("\(value.typeName) has no items"))
            }
            return try iterator(mapping.items)
        default: return try reversed(value)
        }
    }

    private func reversed(_ value: JinjaValue) throws(JinjaError) -> JinjaValue {
        switch value {
        case .text(let text):
            try charge(characters: text.count)
            return .text(text.picking((0..<text.count).reversed()))
        case .iterator: return .list(try list(iterate(value).rest().reversed()))
        default: return try iterator(iterate(value).rest().reversed())
        }
    }

    private func join(_ value: JinjaValue, _ arguments: Arguments) throws(JinjaError) -> JinjaText {
        let values = try bind(arguments, ["d", "attribute"], of: "join")
        let parts = AttributePath(values[1], in: self)
        var texts: [JinjaText] = []
        let elements = try iterate(value)
        while let element = elements.next() { texts.append(try text(of: parts.value(of: element))) }
        return try joined(texts, text(of: values[0] ?? .text(JinjaText())))
    }

    private func sum(_ value: JinjaValue, _ arguments: Arguments) throws(JinjaError) -> JinjaValue {
        let values = try bind(arguments, ["attribute", "start"], of: "sum")
        let parts = AttributePath(values[0], in: self)
        var total = values[1] ?? .integer(0)
        if case .text = total { throw failure(.wrongValue("sum does not take strings")) }
        let elements = try iterate(value)
        while let element = elements.next() { total = try calculate(total, .add, parts.value(of: element)) }
        return total
    }

    /// A value as it is compared: texts in small letters, unless capitals count.
    private func comparable(_ value: JinjaValue, caseSensitive: Bool) throws(JinjaError) -> JinjaValue {
        guard !caseSensitive, case .text(let text) = value else { return value }
        try charge(characters: text.count)
        return .text(text.lowercased())
    }

    private func unique(_ value: JinjaValue, _ arguments: Arguments) throws(JinjaError) -> JinjaValue {
        let values = try bind(arguments, ["case_sensitive", "attribute"], of: "unique")
        let parts = AttributePath(values[1], in: self)
        var seen: Set<JinjaMapping.Key> = []
        var kept: [JinjaValue] = []
        let elements = try iterate(value)
        while let element = elements.next() {
            let compared = try comparable(parts.value(of: element), caseSensitive: values[0]?.isTrue ?? false)
            if seen.insert(try key(of: compared)).inserted { kept.append(element) }
        }
        return try iterator(kept)
    }

    private func sort(_ value: JinjaValue, _ arguments: Arguments) throws(JinjaError) -> [JinjaValue] {
        let values = try bind(arguments, ["reverse", "case_sensitive", "attribute"], of: "sort")
        var paths: [AttributePath] = []
        if case .text(let names)? = values[2] {
            for name in names.string.split(separator: ",", omittingEmptySubsequences: false) {
                paths.append(AttributePath(JinjaValue(String(name)), in: self))
            }
        } else {
            paths = [AttributePath(values[2], in: self)]
        }
        var keyed: [(keys: JinjaValue, value: JinjaValue)] = []
        let elements = try iterate(value)
        while let element = elements.next() {
            var keys: [JinjaValue] = []
            for path in paths {
                keys.append(try comparable(path.value(of: element), caseSensitive: values[1]?.isTrue ?? false))
            }
            keyed.append((.list(try list(keys)), element))
        }
        return try sorted(keyed, isReversed: values[0]?.isTrue ?? false) { (left, right) throws(JinjaError) in
            try order(left.keys, right.keys, "<") == .before
        }.map(\.value)
    }

    private func extreme(_ value: JinjaValue, _ arguments: Arguments, isLeast: Bool) throws(JinjaError) -> JinjaValue {
        let name = isLeast ? "min" : "max"
        let values = try bind(arguments, ["case_sensitive", "attribute"], of: name)
        let path = AttributePath(values[1], in: self)
        var best: (key: JinjaValue, value: JinjaValue)?
        let elements = try iterate(value)
        while let element = elements.next() {
            let key = try comparable(path.value(of: element), caseSensitive: values[0]?.isTrue ?? false)
            if let current = best {
                let isBetter = try order(key, current.key, isLeast ? "<" : ">") == (isLeast ? .before : .after)
                guard isBetter else { continue }
            }
            best = (key, element)
        }
        return best?.value ?? .undefined("\(name) of nothing")
    }

    private func sortedItems(_ value: JinjaValue, _ arguments: Arguments) throws(JinjaError) -> [JinjaValue] {
        let values = try bind(arguments, ["case_sensitive", "by", "reverse"], of: "dictsort")
        let by = try text(values[1], of: "dictsort", or: JinjaText("key")).string
        guard by == "key" || by == "value" else { throw failure(.wrongValue("dictsort sorts by key or by value")) }
        guard case .mapping(let mapping) = value else {
            if case .undefined(let message) = value { throw failure(.undefined(message)) }
            throw failure(.wrongValue("\(value.typeName) has no items"))
        }
        var keyed: [(key: JinjaValue, item: JinjaValue)] = []
        for (place, item) in mapping.items.enumerated() {
            let compared = by == "key" ? mapping.keys[place] : mapping.values[place]
            keyed.append((try comparable(compared, caseSensitive: values[0]?.isTrue ?? false), item))
        }
        return try sorted(keyed, isReversed: values[2]?.isTrue ?? false) { (left, right) throws(JinjaError) in
            try order(left.key, right.key, "<") == .before
        }.map(\.item)
    }

    /// Python's `sorted`: equal elements keep their order, also in reverse.
    func sorted<Element>(
        _ elements: [Element], isReversed: Bool = false, by precedes: (Element, Element) throws(JinjaError) -> Bool
    ) throws(JinjaError) -> [Element] {
        var elements = elements
        var width = 1
        while width < elements.count {
            var merged: [Element] = []
            merged.reserveCapacity(elements.count)
            for start in stride(from: 0, to: elements.count, by: 2 * width) {
                let middle = min(start + width, elements.count)
                let end = min(start + 2 * width, elements.count)
                var (left, right) = (start, middle)
                while left < middle, right < end {
                    let takesRight =
                        isReversed
                        ? try precedes(elements[left], elements[right]) : try precedes(elements[right], elements[left])
                    merged.append(elements[takesRight ? right : left])
                    if takesRight { right += 1 } else { left += 1 }
                }
                merged += elements[left..<middle]
                merged += elements[right..<end]
            }
            elements = merged
            width *= 2
        }
        return elements
    }
}

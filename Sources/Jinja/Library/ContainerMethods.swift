// Python's methods of lists, tuples and mappings that do not change them.

extension Interpreter {
    func call(
        _ method: Method, of list: JinjaList, _ value: JinjaValue, _ arguments: Arguments
    ) throws(JinjaError) -> JinjaValue {
        guard method != .copy else {
            _ = try bind(arguments, [], of: "copy")
            return value
        }
        let wanted = try bind(arguments, ["value"], required: 1, of: method.rawValue)[0] ?? .none
        var count = 0
        for (place, element) in list.elements.enumerated() {
            guard try equal(element, wanted) else { continue }
            if method == .index { return .integer(place) }
            count += 1
        }
        guard method == .count else { throw failure(.wrongValue("the list has no such element")) }
        return .integer(count)
    }

    func call(_ method: Method, of mapping: JinjaMapping, _ arguments: Arguments) throws(JinjaError) -> JinjaValue {
        guard method != .get else {
            let values = try bind(arguments, ["key", "default"], required: 1, of: "get")
            return mapping[try key(of: values[0] ?? .none)] ?? values[1] ?? .none
        }
        _ = try bind(arguments, [], of: method.rawValue)
        try charge(mapping.count / 8)
        switch method {
        case .keys: return .view(JinjaList(mapping.keys), ofKeys: true)
        case .values: return .view(JinjaList(mapping.values), ofKeys: false)
        case .items: return .view(JinjaList(mapping.items), ofKeys: false)
        case .copy: return .mapping(mapping)
        default: throw failure(.unsupportedMethod(method.rawValue))
        }
    }
}

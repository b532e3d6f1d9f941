// Random changes of a row's keys and structure, as people and programs make them.

import Kernels
import StrictJSON

struct RowMutation {
    var generator: SplitMix64

    private static let keys = [
        "prompt", "completion", "input", "output", "instruction", "system", "history", "messages", "text", "label",
        "role",
        "content", "weight", "source", "id", "mood", "images", "tools", "context", "response", "name", "chosen",
    ]

    /// The row with one change at a random place.
    mutating func changed(_ row: JSONOutput) -> JSONOutput {
        var place = generator.below(RowMutation.nodeCount(row))
        return changed(row, &place) ?? row
    }

    private static func nodeCount(_ node: JSONOutput) -> Int {
        switch node {
        case .array(let list): list.reduce(1) { $0 + nodeCount($1) }
        case .object(let members): members.reduce(1) { $0 + nodeCount($1.value) }
        default: 1
        }
    }

    /// Changes the node whose number `place` counts down to.
    private mutating func changed(_ node: JSONOutput, _ place: inout Int) -> JSONOutput? {
        if place == 0 {
            place = -1
            return mutated(node)
        }
        place -= 1
        switch node {
        case .array(var list):
            for index in list.indices where place >= 0 {
                if let new = changed(list[index], &place) { list[index] = new }
            }
            return .array(list)
        case .object(var members):
            for index in members.indices where place >= 0 {
                if let new = changed(members[index].value, &place) { members[index].value = new }
            }
            return .object(members)
        default: return node
        }
    }

    private mutating func mutated(_ node: JSONOutput) -> JSONOutput {
        switch node {
        case .object(let members) where !members.isEmpty: return object(members)
        case .array(let list) where !list.isEmpty:
            let index = generator.below(list.count)
            switch generator.below(4) {
            case 0: return .array(list + [list[index]])
            case 1: return .object(list.enumerated().map { (String($0.offset), $0.element) })
            case 2: return .array([.array(list)])
            default:
                return .array(Array(list[..<index]) + [.string("fresh \(generator.below(1 << 30))")] + list[index...])
            }
        default:
            switch generator.below(6) {
            case 0: return .array([node])
            case 1: return .object([("value", node)])
            case 2: return .integer(generator.below(1 << 30))
            case 3: return .bool(true)
            case 4: return .object([("text", node), ("mood", .string("fresh \(generator.below(1 << 30))"))])
            default: return .array([node, .string("fresh \(generator.below(1 << 30))")])
            }
        }
    }

    private mutating func object(_ old: [(key: String, value: JSONOutput)]) -> JSONOutput {
        var members = old
        let index = generator.below(members.count)
        switch generator.below(7) {
        case 0: members[index].key = misspelt(members[index].key)
        case 1: members[index].key = Self.keys[generator.below(Self.keys.count)]
        case 2: members.append((misspelt(members[index].key), members[index].value))
        case 3:
            members.append((Self.keys[generator.below(Self.keys.count)], .string("fresh \(generator.below(1 << 30))")))
        case 4: members.append((Self.keys[generator.below(Self.keys.count)], .integer(generator.below(2))))
        case 5: members.remove(at: index)
        default:
            let other = generator.below(members.count)
            (members[index].value, members[other].value) = (members[other].value, members[index].value)
        }
        // A key that is given twice is another test's.
        var seen = Set<String>()
        return .object(members.filter { seen.insert($0.key).inserted })
    }

    private mutating func misspelt(_ key: String) -> String {
        var letters = Array(key)
        let index = generator.below(max(1, letters.count))
        switch generator.below(4) {
        case 0 where letters.count > 1: letters.remove(at: index)
        case 1 where letters.count > 1: letters.swapAt(index, (index + 1) % letters.count)
        case 2: letters.insert("q", at: index)
        default: return key.uppercased()
        }
        return String(letters)
    }
}

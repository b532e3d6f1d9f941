// Two checkpoints, array by array and text by text: what differs, and by how much.

import Checkpoint
import Kernels
import StrictJSON

/// What a repetition's checkpoint has that the recorded one has not. Equal files are not looked into.
package struct CheckpointComparison: Sendable {
    /// The arrays of one kind.
    package struct Arrays: Sendable, Equatable {
        package var count = 0
        /// The names of those with other bits, of another shape, or in one file only.
        package var different: [String] = []
        /// Over all arrays of the same shape; nil where no number differs.
        package var largestDifference: Float?

        package var isEqual: Bool { different.isEmpty }
    }

    /// Whether the files have the same bytes.
    package let hasEqualBytes: Bool
    /// Weights, or adapters.
    package private(set) var weights = Arrays()
    package private(set) var optimizer = Arrays()
    /// Members of `/state`, and other texts by their names.
    package private(set) var texts: [RecordedDifference] = []

    package init(recorded: String, repeated: String) throws {
        let (first, second) = (try CheckpointReader(path: recorded), try CheckpointReader(path: repeated))
        hasEqualBytes = first.hash == second.hash
        for array in first.arrays {
            if hasEqualBytes {
                add(array.name, .equal)
            } else {
                add(array.name, try CheckpointComparison.difference(array, first, second))
            }
        }
        for array in second.arrays where !first.arrays.contains(where: { $0.name == array.name }) {
            add(array.name, .shape)
        }
        guard !hasEqualBytes else { return }
        for name in first.texts + second.texts.filter({ !first.texts.contains($0) }) {
            texts += try CheckpointComparison.difference(ofText: name, first, second)
        }
    }

    private enum Difference {
        case equal
        case shape
        case values(largest: Float)
    }

    private mutating func add(_ name: String, _ difference: Difference) {
        let path: WritableKeyPath<CheckpointComparison, Arrays> =
            name.hasPrefix("/optimizer/") ? \.optimizer : \.weights
        self[keyPath: path].count += 1
        switch difference {
        case .equal: return
        case .shape: break
        case .values(let largest):
            self[keyPath: path].largestDifference = max(largest, self[keyPath: path].largestDifference ?? 0)
        }
        self[keyPath: path].different.append(name)
    }

    private static func difference(
        _ array: ArrayInfo, _ first: CheckpointReader, _ second: CheckpointReader
    ) throws -> Difference {
        guard second.arrays.contains(array) else { return .shape }
        let (left, right) = (FloatArena(count: array.count), FloatArena(count: array.count))
        try first.read(array.name, shape: array.shape, into: left.buffer, allowingNonFinite: true)
        try second.read(array.name, shape: array.shape, into: right.buffer, allowingNonFinite: true)
        var (largest, isEqual) = (Float(0), true)
        for (one, other) in zip(left.buffer, right.buffer) where one.bitPattern != other.bitPattern {
            isEqual = false
            let distance = abs(one - other)
            largest = distance.isNaN ? .infinity : max(largest, distance)
        }
        withExtendedLifetime((left, right)) {}
        return isEqual ? .equal : .values(largest: largest)
    }

    private static func difference(
        ofText name: String, _ first: CheckpointReader, _ second: CheckpointReader
    ) throws -> [RecordedDifference] {
        let left = try first.texts.contains(name) ? first.text(name) : nil
        let right = try second.texts.contains(name) ? second.text(name) : nil
        guard left != right else { return [] }
        guard let left, let right, let one = try? JSONText.parse(left).object,
            let other = try? JSONText.parse(right).object
        else {
            func size(_ bytes: [UInt8]?) -> String { bytes.map { "\($0.count) bytes" } ?? "missing" }
            return [RecordedDifference(name, size(left), size(right))]
        }
        return differences(one, other, prefix: name + ": ")
    }

    /// Members with different values, those of objects inside by their paths.
    private static func differences(_ one: JSONObject, _ other: JSONObject, prefix: String) -> [RecordedDifference] {
        let keys = one.members.map(\.key) + other.members.map(\.key).filter { one[$0] == nil }
        return keys.flatMap { key -> [RecordedDifference] in
            if let left = one[key]?.object, let right = other[key]?.object {
                return differences(left, right, prefix: "\(prefix)\(key).")
            }
            func text(_ node: JSONNode?) -> String { node.map { JSONOutput($0).serialized() } ?? "missing" }
            let (left, right) = (text(one[key]), text(other[key]))
            return left == right ? [] : [RecordedDifference(prefix + key, left, right)]
        }
    }
}

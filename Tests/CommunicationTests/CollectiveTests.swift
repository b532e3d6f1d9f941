// What the ranks do together gives each of them the same, in an order that does not depend on chance.

import Communication
import Foundation
import TestSupport
import Testing

@Suite struct CollectiveTests {
    @Test(arguments: 1...5)
    func everyRankGetsWhatEveryRankGives(count: Int) throws {
        let results = try withRanks(count) { group in
            #expect(group.count == count && group.members.map(\.rank) == Array(0..<count))
            #expect(group.own.processID == getpid())
            // Of different lengths, one of them empty.
            let first = try group.gather([UInt8](repeating: UInt8(group.rank), count: group.rank))
            let second = try group.gather(numbers: [Double(group.rank), -0.5])
            return (group.rank, first, second)
        }
        #expect(results.map(\.0) == Array(0..<count))
        for (_, first, second) in results {
            #expect(first == (0..<count).map { [UInt8](repeating: UInt8($0), count: $0) })
            #expect(second == (0..<count).map { [Double($0), -0.5] })
        }
    }

    /// Numbers whose sum depends on the order of the additions.
    static func numbers(_ rank: Int, _ count: Int) -> [Float] {
        (0..<count).map { Float(((rank + 1) * 7919 + $0 * 10_473) % 10_007 - 5_000) / 3 }
    }

    /// The first half of the ranks and the second half, each likewise.
    static func tree(_ values: ArraySlice<Float>) -> Float {
        guard values.count > 1 else { return values.first ?? 0 }
        let middle = values.startIndex + (values.count + 1) / 2
        return tree(values[..<middle]) + tree(values[middle...])
    }

    @Test(arguments: [1, 2, 3, 4, 7], [true, false])
    func sumsAreAFixedTree(count: Int, spreads: Bool) throws {
        let length = 1_000
        // Of different lengths, the last one empty.
        let ends = (0...count).map { $0 == count ? length : min(length, $0 * (length / max(1, count - 1))) }
        let segments = (0..<count).map { ends[$0]..<max(ends[$0], ends[$0 + 1]) }
        let inputs = (0..<count).map { Self.numbers($0, length) }
        let expected = (0..<length).map { index in Self.tree(inputs.map { $0[index] }[...]) }
        #expect(expected != (0..<length).map { index in inputs.reduce(0) { $0 + $1[index] } } || count < 4)
        let results = try withRanks(count) { group in
            let memory = UnsafeMutablePointer<Float>.allocate(capacity: length)
            defer { memory.deallocate() }
            memory.update(from: inputs[group.rank], count: length)
            group.beginSum(memory, segments, spreads: spreads)
            try group.finish()
            return Array(UnsafeBufferPointer(start: memory, count: length))
        }
        for (rank, result) in results.enumerated() {
            for (other, segment) in segments.enumerated() {
                let isSum = spreads || other == rank
                #expect(result[segment].elementsEqual(isSum ? expected[segment] : inputs[rank][segment]))
            }
        }
    }

    @Test func theFirstRankCollects() throws {
        let segments = [0..<3, 3..<3, 3..<10]
        let results = try withRanks(3) { group in
            var own = [Float](repeating: Float(group.rank + 1), count: segments[group.rank].count + 1)
            var all = [Float](repeating: 0, count: 10)
            try own.withUnsafeMutableBufferPointer { own in
                let part = UnsafeMutableBufferPointer(rebasing: own.dropLast())
                try all.withUnsafeMutableBufferPointer { all in
                    try group.collect(part, into: group.rank == 0 ? all.baseAddress : nil, segments)
                }
            }
            return all
        }
        #expect(results[0] == [1, 1, 1, 3, 3, 3, 3, 3, 3, 3])
        #expect(results[1].allSatisfy { $0 == 0 } && results[2].allSatisfy { $0 == 0 })
    }
}

// Attention without a mask against the double-precision reference.

import Foundation
import Kernels
import TestSupport
import Testing

@Suite struct TwoWayAttentionTests {
    /// 64 queries are a block of the kernel.
    @Test(arguments: [
        ([1], 1, 1), ([5], 1, 7), ([17, 1, 3], 3, 5), ([63, 64, 65], 2, 3), ([131], 4, 2), ([16, 33], 2, 16),
    ])
    func forward(lengths: [Int], headCount: Int, headWidth: Int) {
        let (N, C) = (lengths.reduce(0, +), headCount * headWidth)
        let qkv = Grid.random(N, 3 * C, seed: 9, deviation: 1.5)
        let output = Grid(N, C, filledWith: .nan)
        var (sequences, start) = ([Range<Int>](), 0)
        for length in lengths {
            sequences.append(start..<(start + length))
            start += length
        }
        TwoWayAttention.forward(into: output.matrix, of: qkv.matrix, sequences: sequences, headCount: headCount)
        #expect(relativeError(output.values, Self.reference(qkv.doubles, sequences, headCount, headWidth)) < tolerance)
        #expect(output.isIntact && qkv.isIntact)
    }

    private static func reference(
        _ qkv: [Double], _ sequences: [Range<Int>], _ H: Int, _ D: Int
    ) -> [Double] {
        let C = H * D
        func element(_ row: Int, _ part: Int, _ column: Int) -> Double { qkv[row * 3 * C + part * C + column] }
        return sequences.flatMap { rows in
            rows.flatMap { query in
                (0..<H).flatMap { head -> [Double] in
                    let columns = (head * D)..<((head + 1) * D)
                    let scores = rows.map { key in
                        columns.reduce(0) { $0 + element(query, 0, $1) * element(key, 1, $1) } / Double(D).squareRoot()
                    }
                    let largest = scores.max() ?? 0
                    let weights = scores.map { exp($0 - largest) }
                    let sum = weights.reduce(0, +)
                    return columns.map { column in
                        zip(rows, weights).reduce(0) { $0 + $1.1 / sum * element($1.0, 2, column) }
                    }
                }
            }
        }
    }
}

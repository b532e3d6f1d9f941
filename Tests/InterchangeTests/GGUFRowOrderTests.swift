// The orders of rows in GGUF files, against the array operations of llama.cpp's converter.

import Interchange
import Testing

@Suite("GGUF row orders") struct GGUFRowOrderTests {
    /// Rows of an array, whose axes are exchanged: row numbers as `reshape(sizes).swapaxes(first, first + 1)` leaves them.
    private static func swapped(_ sizes: [Int], _ first: Int) -> [Int] {
        var result: [Int] = []
        let (a, b) = (sizes[first], sizes[first + 1])
        let (outer, inner) = (sizes[..<first].reduce(1, *), sizes[(first + 2)...].reduce(1, *))
        for before in 0..<outer {
            for j in 0..<b {
                for i in 0..<a { for after in 0..<inner { result.append(((before * a + i) * b + j) * inner + after) } }
            }
        }
        return result
    }

    /// The converter writes `w.reshape(heads, 2, d / 2, columns).swapaxes(1, 2)`.
    @Test(arguments: [(1, 2), (1, 64), (3, 8), (9, 64)])
    func pairsOfRotaryEmbedding(heads: Int, width: Int) {
        let order = GGUFRowOrder.rotaryPairs(headWidth: width)
        let modelRows = Self.swapped([heads, 2, width / 2], 1)
        check(order, modelRows)
        // The first head's second row pairs with its first.
        #expect(modelRows[1] == width / 2)
    }

    /// The converter puts the rows of `w.reshape(heads, 3, d, columns)` together by the second axis.
    @Test(arguments: [(1, 1), (1, 5), (4, 3), (8, 64)])
    func queriesKeysAndValues(heads: Int, width: Int) {
        check(.queriesKeysValues(headWidth: width), Self.swapped([heads, 3, width], 0))
    }

    /// - Parameter modelRows: the row of the model that each row of the file is.
    private func check(_ order: GGUFRowOrder, _ modelRows: [Int]) {
        let count = modelRows.count
        #expect(order.fits(rowCount: count))
        #expect((0..<count).map { order.modelRow(ofFileRow: $0, rowCount: count) } == modelRows)
        for row in 0..<count {
            #expect(modelRows[order.fileRow(ofModelRow: row, rowCount: count)] == row)
        }
    }

    private static func triples(_ a: Int, _ b: Int, _ c: Int) -> [(Int, Int, Int)] {
        (0..<(a * b * c)).map { ($0 / (b * c), $0 / c % b, $0 % c) }
    }

    @Test func theFormulas() {
        let pairs = GGUFRowOrder.rotaryPairs(headWidth: 6)
        for (head, c, i) in Self.triples(2, 2, 3) {
            #expect(pairs.fileRow(ofModelRow: 6 * head + 3 * c + i, rowCount: 12) == 6 * head + 2 * i + c)
        }
        let fused = GGUFRowOrder.queriesKeysValues(headWidth: 5)
        for (head, c, j) in Self.triples(4, 3, 5) {
            #expect(fused.fileRow(ofModelRow: head * 15 + c * 5 + j, rowCount: 60) == c * 20 + head * 5 + j)
        }
        #expect(GGUFRowOrder.same.fileRow(ofModelRow: 7, rowCount: 9) == 7)
        #expect(GGUFRowOrder.same.modelRow(ofFileRow: 7, rowCount: 9) == 7)
    }

    @Test func numbersOfRowsThatDoNotFit() {
        #expect(GGUFRowOrder.same.fits(rowCount: 0) && GGUFRowOrder.same.fits(rowCount: 7))
        for width in [0, -2, 3, 8] { #expect(!GGUFRowOrder.rotaryPairs(headWidth: width).fits(rowCount: 12)) }
        for width in [0, -4, 5, 3] { #expect(!GGUFRowOrder.queriesKeysValues(headWidth: width).fits(rowCount: 12)) }
    }
}

// Rotary positions: the frequencies against Hugging Face's, the rotation against complex multiplication.

import Foundation
import Kernels
import TestSupport
import Testing

@Suite struct RotaryTests {
    /// Head width, rotary width, heads: pairs that are no multiple of sixteen, and heads of which a part is rotated.
    static let shapes = [(2, 2, 1), (4, 4, 3), (10, 6, 2), (38, 34, 3), (64, 64, 3), (80, 20, 2), (48, 32, 5)]
    private static let positions: [Int32] = [0, 1, 2, 0, 17, 5, 23]

    private static func frequencies(_ width: Int) throws -> RotaryFrequencies {
        try RotaryFrequencies(base: 100, width: width)
    }

    @Test(arguments: shapes) func forward(headWidth: Int, width: Int, heads: Int) throws {
        let (frequencies, columns) = (try Self.frequencies(width), heads * headWidth)
        let x = Grid.random(Self.positions.count, columns, seed: 1)
        let before = x.copy()
        Rotary.forward(
            inPlace: x.matrix, headWidth: headWidth, positions: Self.positions,
            RotaryTable(frequencies, context: 24))
        let expected = Reference.rotary(
            before.doubles, columns: columns, headWidth: headWidth, positions: Self.positions,
            frequencies: frequencies.inverse)
        #expect(relativeError(x.values, expected) < tolerance)
        // What is not rotated keeps its bits.
        for (index, value) in x.values.enumerated() where index % headWidth >= width {
            #expect(value == before.values[index])
        }
        #expect(x.isIntact)
    }

    @Test(arguments: shapes) func backward(headWidth: Int, width: Int, heads: Int) throws {
        let (frequencies, columns) = (try Self.frequencies(width), heads * headWidth)
        let (x, dy) = (
            Grid.random(Self.positions.count, columns, seed: 2), Grid.random(Self.positions.count, columns, seed: 3)
        )
        let g0 = dy.doubles
        Rotary.backward(
            inPlace: dy.matrix, headWidth: headWidth, positions: Self.positions, RotaryTable(frequencies, context: 24))
        // A row's output depends on that row alone.
        let expected = Self.positions.indices.flatMap { row in
            let range = (row * columns)..<((row + 1) * columns)
            return centralDifference(
                of: { x in
                    let y = Reference.rotary(
                        x, columns: columns, headWidth: headWidth, positions: [Self.positions[row]],
                        frequencies: frequencies.inverse)
                    return inner(y, Array(g0[range]))
                }, at: Array(x.doubles[range]))
        }
        #expect(relativeError(dy.values, expected) < tolerance)
        #expect(dy.isIntact)
    }

    @Test(arguments: shapes) func backwardUndoesForward(headWidth: Int, width: Int, heads: Int) throws {
        let table = RotaryTable(try Self.frequencies(width), context: 24)
        let x = Grid.random(Self.positions.count, heads * headWidth, seed: 4)
        let before = x.doubles
        Rotary.forward(inPlace: x.matrix, headWidth: headWidth, positions: Self.positions, table)
        Rotary.backward(inPlace: x.matrix, headWidth: headWidth, positions: Self.positions, table)
        #expect(relativeError(x.values, before) < 1e-6)
    }

    /// What the rotation is for: the product of a query and a key depends on their distance alone.
    @Test func productsDependOnTheDistance() throws {
        let table = RotaryTable(try Self.frequencies(64), context: 900)
        let row = Grid.random(1, 64, seed: 5).values
        func product(_ positions: [Int32]) -> Double {
            let x = Grid(2, 64) { row[($0 * 7) % 64] }
            Rotary.forward(inPlace: x.matrix, headWidth: 64, positions: positions, table)
            return inner(Array(x.doubles[..<64]), Array(x.doubles[64...]))
        }
        #expect(abs(product([3, 10]) - product([803, 810])) < 1e-4)
        #expect(abs(product([3, 10]) - product([3, 11])) > 1e-2)
    }

    /// Angles in single precision would be wrong by up to 4e-3 there.
    @Test func tableFarOut() throws {
        let frequencies = try RotaryFrequencies(base: 500_000, width: 8)
        let table = RotaryTable(frequencies, context: 131_072)
        #expect(table.width == 8 && table.context == 131_072)
        for position in [0, 1, 99_991, 131_071] {
            for (index, frequency) in frequencies.inverse.enumerated() {
                let angle = Double(position) * frequency
                #expect(abs(Double(table.cosines.row(position)[index]) - cos(angle)) < 1e-7)
                #expect(abs(Double(table.sines.row(position)[index]) - sin(angle)) < 1e-7)
            }
        }
    }

    @Test func largeInputsStayFinite() throws {
        let x = Grid(Self.positions.count, 10) { $0 % 2 == 0 ? 1e38 : -1e38 }
        Rotary.forward(
            inPlace: x.matrix, headWidth: 10, positions: Self.positions,
            RotaryTable(try Self.frequencies(10), context: 24))
        #expect(x.values.allSatisfy { $0.isFinite })
    }

    @Test func positionsBeyondTheTable() async {
        await #expect(processExitsWith: .failure) { try RotaryTests.rotate(position: 24) }
        await #expect(processExitsWith: .failure) { try RotaryTests.rotate(position: -1) }
        await #expect(processExitsWith: .success) { try RotaryTests.rotate(position: 23) }
    }

    private static func rotate(position: Int32) throws {
        Rotary.forward(
            inPlace: Grid(1, 8, filledWith: 1).matrix, headWidth: 4, positions: [position],
            RotaryTable(try frequencies(4), context: 24))
    }
}

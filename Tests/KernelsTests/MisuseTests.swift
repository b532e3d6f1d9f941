// Calls that would read or write outside their memory end the process instead.

import Kernels
import TestSupport
import Testing

/// Every expectation is a separate process that must not end well.
@Suite struct MisuseTests {
    @Test func tokensAndPositionsBeyondTheirTables() async {
        await #expect(processExitsWith: .failure) { MisuseTests.embed(token: 4, position: 0) }
        await #expect(processExitsWith: .failure) { MisuseTests.embed(token: -1, position: 0) }
        await #expect(processExitsWith: .failure) { MisuseTests.embed(token: 0, position: 3) }
        await #expect(processExitsWith: .failure) { MisuseTests.embed(token: 0, position: -1) }
        await #expect(processExitsWith: .success) { MisuseTests.embed(token: 3, position: 2) }
    }

    private static func embed(token: Int32, position: Int32) {
        Embedding.forward(
            into: Grid(1, 5, filledWith: 0).matrix, tokens: [token], positions: [position],
            tokenTable: Grid(4, 5, filledWith: 0).matrix, positionTable: Grid(3, 5, filledWith: 0).matrix)
    }

    @Test func targetsBeyondTheVocabulary() async {
        await #expect(processExitsWith: .failure) { MisuseTests.loss(target: 7) }
        await #expect(processExitsWith: .failure) { MisuseTests.loss(target: -1) }
        await #expect(processExitsWith: .success) { MisuseTests.loss(target: 6) }
    }

    private static func loss(target: Int32) {
        var rows = [CrossEntropy.Row()]
        CrossEntropy.forward(into: &rows, logits: Grid(1, 7, filledWith: 0).matrix, targets: [target])
    }

    @Test func shapesThatDoNotFit() async {
        await #expect(processExitsWith: .failure) {
            let (a, b) = (Grid(3, 4, filledWith: 0), Grid(5, 3, filledWith: 0))
            MatrixMultiply.run(into: Grid(3, 3, filledWith: 0).matrix, a.matrix, b.matrix)
        }
        await #expect(processExitsWith: .failure) {
            let (x, y) = (Grid(3, 4, filledWith: 0), Grid(3, 5, filledWith: 0))
            GELU.forward(into: y.matrix, of: x.matrix, exact: true)
        }
        await #expect(processExitsWith: .failure) {
            Elementwise.add(to: Grid(2, 4, filledWith: 0).matrix, Grid(3, 4, filledWith: 0).matrix)
        }
        await #expect(processExitsWith: .failure) { _ = Matrix(FloatArena(count: 11), rows: 3, columns: 4) }
        await #expect(processExitsWith: .failure) { _ = Grid(3, 4, filledWith: 0).matrix.rows(2..<4) }
        await #expect(processExitsWith: .failure) { _ = Grid(3, 4, filledWith: 0).matrix.columns(0..<5) }
    }

    @Test func rateOfOne() async {
        await #expect(processExitsWith: .failure) { _ = DropoutKey(rate: 1, seed: 1, step: 1, site: 1) }
        await #expect(processExitsWith: .failure) { _ = DropoutKey(rate: .nan, seed: 1, step: 1, site: 1) }
    }
}

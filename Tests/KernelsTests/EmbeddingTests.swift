// The sum of two embeddings, and the gradients of tables whose rows were used several times.

import Kernels
import TestSupport
import Testing

@Suite struct EmbeddingTests {
    static let tokens: [Int32] = [3, 0, 3, 10, 3, 7, 0]
    static let positions: [Int32] = [0, 1, 2, 3, 0, 1, 4]

    @Test(arguments: [1, 7, 16, 33, 100]) func forward(width: Int) {
        let (tokenTable, positionTable) = (Grid.random(11, width, seed: 1), Grid.random(5, width, seed: 2))
        let output = Grid(Self.tokens.count, width, filledWith: .nan)
        Embedding.forward(
            into: output.matrix, tokens: Self.tokens, positions: Self.positions, tokenTable: tokenTable.matrix,
            positionTable: positionTable.matrix)
        let expected = Reference.embedding(
            tokens: Self.tokens, positions: Self.positions, tokenTable: tokenTable.doubles,
            positionTable: positionTable.doubles, width: width)
        #expect(relativeError(output.values, expected) < tolerance)
        #expect(output.isIntact)
    }

    /// Only the tokens' rows are scaled, and their gradients.
    @Test(arguments: [1, 16, 33], [false, true]) func scaled(width: Int, learnsPositions: Bool) {
        let (tokenTable, positionTable) = (Grid.random(11, width, seed: 1), Grid.random(5, width, seed: 2))
        let output = Grid(Self.tokens.count, width, filledWith: .nan)
        Embedding.forward(
            into: output.matrix, tokens: Self.tokens, positions: Self.positions, tokenTable: tokenTable.matrix,
            positionTable: learnsPositions ? positionTable.matrix : nil, scale: 2.5)
        let expected = Reference.embedding(
            tokens: Self.tokens, positions: Self.positions, tokenTable: tokenTable.doubles.map { 2.5 * $0 },
            positionTable: positionTable.doubles.map { learnsPositions ? $0 : 0 }, width: width)
        #expect(relativeError(output.values, expected) < tolerance)
        let dOutput = Grid.random(Self.tokens.count, width, seed: 3)
        let (plain, scaled) = (Grid(11, width, filledWith: 0), Grid.random(11, width, seed: 4))
        let before = scaled.doubles
        Embedding.backward(
            dTokenTable: plain.matrix, dPositionTable: nil, dOutput: dOutput.matrix, tokens: Self.tokens,
            positions: Self.positions)
        Embedding.backward(
            dTokenTable: scaled.matrix, dPositionTable: nil, dOutput: dOutput.matrix, tokens: Self.tokens,
            positions: Self.positions, scale: 2.5)
        #expect(relativeError(scaled.values, sum(before, plain.doubles.map { 2.5 * $0 })) < tolerance)
        #expect(output.isIntact && scaled.isIntact)
    }

    @Test(arguments: [1, 7, 16, 33, 100]) func backwardAddsRepeatedTokens(width: Int) {
        let dOutput = Grid.random(Self.tokens.count, width, seed: 3)
        let (dTokens, dPositions) = (Grid.random(11, width, seed: 4), Grid.random(5, width, seed: 5))
        let before = (dTokens.doubles, dPositions.doubles)
        Embedding.backward(
            dTokenTable: dTokens.matrix, dPositionTable: dPositions.matrix, dOutput: dOutput.matrix,
            tokens: Self.tokens, positions: Self.positions)

        func loss(_ tokenTable: [Double], _ positionTable: [Double]) -> Double {
            inner(
                Reference.embedding(
                    tokens: Self.tokens, positions: Self.positions, tokenTable: tokenTable,
                    positionTable: positionTable, width: width), dOutput.doubles)
        }
        let (t0, p0) = ([Double](repeating: 0.5, count: 11 * width), [Double](repeating: 0.25, count: 5 * width))
        let tokenSlopes = centralDifference(of: { loss($0, p0) }, at: t0)
        let positionSlopes = centralDifference(of: { loss(t0, $0) }, at: p0)
        #expect(relativeError(dTokens.values, sum(before.0, tokenSlopes)) < tolerance)
        #expect(relativeError(dPositions.values, sum(before.1, positionSlopes)) < tolerance)
        #expect(dTokens.isIntact && dPositions.isIntact)
    }
}

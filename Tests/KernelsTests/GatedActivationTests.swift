// Gated activations and their gradients, over the whole range that activations reach.

import Kernels
import TestSupport
import Testing

@Suite struct GatedActivationTests {
    static let gates: [GatedActivation.Gate] = [.silu, .geluTanh]

    /// -60 … 60, densest where the curves bend.
    private static let line: [Float] =
        (-2_000...2_000).map { Float($0) * 0.004 } + (-600...600).map { Float($0) * 0.1 } + [-1e-20, 0, 1e-20]

    /// The line as gates, beside so many times the same factor.
    private static func lineGrid(factor: Float) -> Grid {
        let count = line.count
        return Grid(1, 2 * count) { $0 < count ? line[$0] : factor }
    }

    /// The reference derivative, on which backward's tests stand, is the slope of the reference function.
    @Test(arguments: gates) func referenceDerivative(gate: GatedActivation.Gate) {
        for x in stride(from: -8.0, through: 8, by: 0.25) {
            let slope = centralDifference(of: { Reference.gate($0[0], gate) }, at: [x])[0]
            #expect(abs(slope - Reference.gateDerivative(x, gate)) < 1e-9)
        }
    }

    @Test(arguments: gates) func forwardOnTheLine(gate: GatedActivation.Gate) {
        let y = Grid(1, Self.line.count, filledWith: .nan)
        GatedActivation.forward(into: y.matrix, of: Self.lineGrid(factor: 1).matrix, gate)
        let expected = Self.line.map { Reference.gate(Double($0), gate) }
        let worst = zip(zip(y.doubles, expected), Self.line).map { abs($0.0 - $0.1) / Double(max(1, abs($1))) }.max()
        #expect(worst ?? .infinity < 5e-7)
        #expect(relativeError(y.values, expected) < 1e-6)
        #expect(y.isIntact)
    }

    @Test(arguments: gates) func backwardOnTheLine(gate: GatedActivation.Gate) {
        let (hidden, dy) = (Self.lineGrid(factor: 1), Grid(1, Self.line.count, filledWith: 1))
        GatedActivation.backward(inPlace: hidden.matrix, dOutput: dy.matrix, gate)
        let dz = hidden.doubles[..<Self.line.count]
        let worst = zip(dz, Self.line).map { abs($0 - Reference.gateDerivative(Double($1), gate)) }.max()
        #expect(worst ?? .infinity < 2e-6)
        #expect(hidden.isIntact)
    }

    @Test(arguments: [1, 5, 17], [1, 7, 16, 33, 100]) func shapes(rows: Int, F: Int) {
        for gate in Self.gates {
            let hidden = Grid.random(rows, 2 * F, seed: 1, deviation: 2)
            let (y, dy) = (Grid(rows, F, filledWith: .nan), Grid.random(rows, F, seed: 2, gap: 9))
            GatedActivation.forward(into: y.matrix, of: hidden.matrix, gate)
            let (h0, g0) = (hidden.doubles, dy.doubles)
            #expect(relativeError(y.values, Reference.gated(h0, columns: F, gate)) < tolerance)
            GatedActivation.backward(inPlace: hidden.matrix, dOutput: dy.matrix, gate)
            // Each output depends on two elements: differences for one output's pair at a time.
            var expected = h0
            for index in g0.indices {
                let start = index / F * 2 * F + index % F
                let pair = centralDifference(
                    of: { g0[index] * Reference.gate($0[0], gate) * $0[1] }, at: [h0[start], h0[start + F]])
                (expected[start], expected[start + F]) = (pair[0], pair[1])
            }
            #expect(relativeError(hidden.values, expected) < tolerance)
            #expect(y.isIntact && hidden.isIntact && dy.isIntact)
        }
    }

    /// Backward can give forward's output again, bit for bit, and in the place of its gradient too.
    @Test(arguments: gates, [1, 7, 16, 33, 100]) func backwardRestoresTheOutput(gate: GatedActivation.Gate, F: Int) {
        let (hidden, y) = (Grid.random(5, 2 * F, seed: 3), Grid(5, F, filledWith: .nan))
        GatedActivation.forward(into: y.matrix, of: hidden.matrix, gate)
        let (other, dy) = (hidden.copy(), Grid.random(5, F, seed: 4))
        let (same, restored) = (dy.copy(), Grid(5, F, filledWith: .nan))
        let plain = hidden.copy()
        GatedActivation.backward(inPlace: plain.matrix, dOutput: dy.matrix, gate)
        GatedActivation.backward(inPlace: hidden.matrix, dOutput: dy.matrix, restoring: restored.matrix, gate)
        GatedActivation.backward(inPlace: other.matrix, dOutput: same.matrix, restoring: same.matrix, gate)
        #expect(restored.values == y.values && same.values == y.values)
        #expect(hidden.values == plain.values && other.values == plain.values)
        #expect(restored.isIntact && same.isIntact)
    }

    /// Far out a gate is open or shut, and its slope one or zero: nothing there may become zero times infinity.
    @Test(arguments: gates) func largeInputs(gate: GatedActivation.Gate) {
        let z: [Float] = [60, 1e4, 3e4, 1e15, 1e30, 3e38, -60, -1e4, -3e4, -1e15, -1e30, -3e38]
        let count = z.count
        let hidden = Grid(1, 2 * count) { $0 < count ? z[$0] : 0.5 }
        let (y, dy) = (Grid(1, count, filledWith: .nan), Grid(1, count, filledWith: 1))
        GatedActivation.forward(into: y.matrix, of: hidden.matrix, gate)
        #expect(relativeError(Array(y.values[..<6]), z[..<6].map { Double($0) / 2 }) < 1e-6)
        #expect(y.values[6...].allSatisfy { abs($0) < 1 })
        GatedActivation.backward(inPlace: hidden.matrix, dOutput: dy.matrix, gate)
        #expect(hidden.values[..<6].allSatisfy { $0 == 0.5 })
        #expect(hidden.values[6..<12].allSatisfy { abs($0) < 1e-6 })
        #expect(hidden.values.allSatisfy { $0.isFinite })
    }
}

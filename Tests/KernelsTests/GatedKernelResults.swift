// What the kernels of the Llama family give for one fixed problem, for comparisons between numbers of threads.

import Kernels
import TestSupport

extension KernelResults {
    static func gatedFamily() -> [(name: String, values: [Float])] {
        rmsNorm(groups: 1) + rmsNorm(groups: 3) + rotary() + gated() + softCap()
    }

    /// Enough rows for more blocks of the weight's gradient than one.
    private static func rmsNorm(groups: Int) -> [(String, [Float])] {
        let (rows, width) = (133, 43)
        let (x, dy) = (Grid.random(rows, groups * width, seed: 31), Grid.random(rows, groups * width, seed: 32))
        let (weight, scales) = (Grid.random(1, width, seed: 33), Grid(1, rows * groups, filledWith: 0))
        let (y, dx) = (Grid(rows, groups * width, filledWith: 0), Grid(rows, groups * width, filledWith: 0))
        let dWeight = Grid(1, width, filledWith: 0)
        RMSNorm.forward(into: y.matrix, saving: scales.vector, of: x.matrix, weight: weight.vector, epsilon: 1e-5)
        RMSNorm.backward(
            dInput: dx.matrix, dWeight: dWeight.vector, dOutput: dy.matrix, input: x.matrix, weight: weight.vector,
            saved: scales.vector)
        return [
            ("RMSNorm forward of \(groups)", y.values), ("RMSNorm dInput of \(groups)", dx.values),
            ("RMSNorm dWeight of \(groups)", dWeight.values),
        ]
    }

    private static func rotary() -> [(String, [Float])] {
        guard let frequencies = try? RotaryFrequencies(base: 100, width: 22) else { return [("rotary", [.nan])] }
        let (x, positions) = (Grid.random(37, 72, seed: 34), (0..<37).map { Int32($0 * $0 % 31) })
        let table = RotaryTable(frequencies, context: 31)
        Rotary.forward(inPlace: x.matrix, headWidth: 24, positions: positions, table)
        let forward = x.values
        Rotary.backward(inPlace: x.matrix, headWidth: 24, positions: positions, table)
        return [("rotary forward", forward), ("rotary backward", x.values)]
    }

    private static func gated() -> [(String, [Float])] {
        [GatedActivation.Gate.silu, .geluTanh].flatMap { gate in
            let (hidden, dy) = (Grid.random(37, 130, seed: 35), Grid.random(37, 65, seed: 36))
            let (y, one) = (Grid(37, 65, filledWith: 0), Grid(1, 65, filledWith: 0))
            GatedActivation.forward(into: y.matrix, of: hidden.matrix, gate)
            // One row, whose columns are shared out where there are threads.
            GatedActivation.forward(into: one.matrix, of: hidden.matrix.rows(0..<1), gate)
            GatedActivation.backward(inPlace: hidden.matrix, dOutput: dy.matrix, gate)
            return [
                ("\(gate) forward", y.values), ("\(gate) of one row", one.values), ("\(gate) backward", hidden.values),
            ]
        }
    }

    private static func softCap() -> [(String, [Float])] {
        let (x, dy) = (Grid.random(37, 130, seed: 37), Grid.random(37, 130, seed: 38))
        let (y, one) = (Grid(37, 130, filledWith: 0), Grid(1, 130, filledWith: 0))
        SoftCap.forward(into: y.matrix, of: x.matrix, cap: 2)
        SoftCap.forward(into: one.matrix, of: x.matrix.rows(0..<1), cap: 2)
        SoftCap.backward(inPlace: dy.matrix, input: x.matrix, cap: 2)
        return [("soft cap", y.values), ("soft cap of one row", one.values), ("soft cap's gradient", dy.values)]
    }
}

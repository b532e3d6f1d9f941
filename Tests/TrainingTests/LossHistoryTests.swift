// Spikes of the loss: which they are, what the trainer does, and what a checkpoint keeps.

import Testing
import Training

@Suite struct LossHistoryTests {
    /// Losses around 2 with a standard deviation near 0.1.
    private static let calm = (0..<64).map { 2 + 0.1 * [-1.5, -0.8, -0.3, 0, 0.2, 0.7, 1.6, 0.1][$0 % 8] }

    @Test func aLossFarAboveIsASpike() throws {
        let history = LossHistory(Self.calm)
        let spike = try #require(history.spike(8, above: 10))
        #expect(spike.loss == 8 && abs(spike.median - 2.005) < 1e-9)
        #expect(spike.deviations > 30 && spike.deviations < 60)
        #expect(history.spike(2.4, above: 10) == nil && history.spike(0, above: 10) == nil)
        #expect(history.spike(2.4, above: 1) != nil)
        // After fewer steps nobody can say.
        #expect(LossHistory(Array(Self.calm.prefix(15))).spike(8, above: 10) == nil)
        #expect(LossHistory(Array(Self.calm.prefix(16))).spike(8, above: 10) != nil)
    }

    /// Six spikes among 64 losses do not hide a seventh.
    @Test func spikesDoNotHideSpikes() {
        var history = LossHistory(Self.calm)
        for _ in 0..<6 { history.add(8) }
        #expect(history.losses.count == LossHistory.length)
        #expect(history.spike(8, above: 10) != nil)
        for _ in 0..<6 { history.add(8) }
        #expect(history.spike(8, above: 10) == nil, "a new level is none")
    }

    /// Losses of single short answers reach far upwards by themselves, and equal ones have no spread.
    @Test func ordinaryUnrestIsNone() {
        let skewed = LossHistory((0..<64).map { $0 % 6 == 0 ? 2.5 : 0.05 })
        #expect(skewed.spike(4, above: 10) == nil && skewed.spike(40, above: 10) != nil)
        let equal = LossHistory([Double](repeating: 1, count: 64))
        #expect(equal.spike(1.15, above: 10) == nil && equal.spike(1.25, above: 10) != nil)
        #expect(LossHistory([Double](repeating: 0, count: 64)).spike(1e-6, above: 10) == nil)
    }

    @Test func theStateKeepsLossesOnlyWhereTheyDecide() throws {
        var state = TrainingState()
        let plain = state.serialized()
        #expect(!plain.contains("recentLosses"))
        #expect(try TrainingState(serialized: Array(plain.utf8)) == state)
        state.recentLosses = [2.5, 0.1 + 0.2]
        let text = state.serialized()
        #expect(try TrainingState(serialized: Array(text.utf8)) == state)
        for broken in ["[1, \"2\"]", "{}", "null", "[" + (0...64).map(String.init).joined(separator: ",") + "]"] {
            let changed = plain.replacing("\"seed\"", with: "\"recentLosses\": \(broken), \"seed\"")
            #expect(throws: TrainingError.self, "\(broken)") { try TrainingState(serialized: Array(changed.utf8)) }
        }
    }
}

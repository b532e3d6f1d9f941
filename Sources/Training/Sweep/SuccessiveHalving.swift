// Which trials of a sweep train on, and for how long: the worse half is stopped at every rung.

/// Successive halving (Jamieson & Talwalkar 2016, "Non-stochastic Best Arm Identification and Hyperparameter Optimization",
/// AISTATS, arXiv 1502.07943): all trials train to the first rung; the better half, rounded up, trains to the next, which
/// is twice as far. Here the last rung has two trials, so that the winner has somebody to be compared with.
package struct SuccessiveHalving: Sendable, Equatable {
    package struct Rung: Sendable, Equatable {
        /// Steps that its trials have taken at its end.
        package var steps: Int
        package var trials: Int

        package init(steps: Int, trials: Int) { (self.steps, self.trials) = (steps, trials) }
    }

    /// Share of trials that continue from a rung.
    package static let keptShare = 0.5

    /// With ascending steps.
    package let rungs: [Rung]

    /// - Parameter steps: of a trial that is never stopped.
    package init(trials: Int, steps: Int) {
        var counts = [trials]
        while let last = counts.last, last > 2 { counts.append((last + 1) / 2) }
        var rungs: [Rung] = []
        for (index, count) in counts.enumerated() {
            let reached = steps >> (counts.count - 1 - index)
            // Very short runs have fewer rungs.
            guard reached > rungs.last?.steps ?? 0 else { continue }
            rungs.append(Rung(steps: reached, trials: rungs.isEmpty ? trials : count))
        }
        self.rungs = rungs
    }

    /// Of all trials together.
    package var totalSteps: Int {
        zip([0] + rungs.map(\.steps), rungs).reduce(0) { $0 + ($1.1.steps - $1.0) * $1.1.trials }
    }

    /// What the same trials would take without stopping any.
    package var stepsWithoutStopping: Int { (rungs.first?.trials ?? 0) * (rungs.last?.steps ?? 0) }
}

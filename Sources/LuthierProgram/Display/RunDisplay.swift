// How a training run goes, as three lines for a terminal.

/// What the lines show. They depend on nothing else.
package struct RunDisplay: Sendable {
    package var step: Int
    package var totalSteps: Int
    /// Epochs passed, as a fraction.
    package var epoch: Double
    /// Mean loss per token of the last step, in nats.
    package var loss: Double
    package var curve: LossCurve
    /// Of the newest evaluation; nil before the first.
    package var validationLoss: Double?
    package var learningRate: Double
    package var tokensPerSecond: Double
    /// Model FLOPs utilisation: the share of what the machine could compute at the very most.
    package var shareOfPeak: Double
    /// The most that the process has held.
    package var memoryBytes: Int
    package var secondsLeft: Double

    package init(
        step: Int, totalSteps: Int, epoch: Double, loss: Double, curve: LossCurve, validationLoss: Double?,
        learningRate: Double, tokensPerSecond: Double, shareOfPeak: Double, memoryBytes: Int, secondsLeft: Double
    ) {
        (self.step, self.totalSteps, self.epoch, self.loss, self.curve) = (step, totalSteps, epoch, loss, curve)
        (self.validationLoss, self.learningRate, self.secondsLeft) = (validationLoss, learningRate, secondsLeft)
        (self.tokensPerSecond, self.shareOfPeak) = (tokensPerSecond, shareOfPeak)
        self.memoryBytes = memoryBytes
    }

    /// Always three lines, none longer than `width` columns.
    ///
    /// Where a line is too narrow it omits, in this order: the bar, the epoch, the percentage, the time left; the
    /// curve, the validation loss; the memory, the share of the peak, the learning rate. Step, loss and tokens per second
    /// stay.
    package func lines(width: Int, color: Bool) -> [String] {
        [progress, losses, machine].map { $0.line(width: width, color: color) }
    }

    private var share: Double { totalSteps > 0 ? min(1, max(0, Double(step) / Double(totalSteps))) : 0 }

    private var progress: DisplayRow {
        let total = "\(totalSteps)"
        // As wide as it will be at the end, so that nothing to the right of it moves.
        let padding = String(repeating: " ", count: max(0, total.count - "\(step)".count))
        return DisplayRow(fields: [
            .init(content: .text("step \(padding)\(step)/\(total)"), style: .bold, rank: 0),
            .init(
                content: .elastic(minimum: 10, maximum: 60) { [share] width in
                    let full = Int(share * Double(width))
                    return String(repeating: "━", count: full) + String(repeating: "─", count: width - full)
                }, style: .green, rank: 4),
            .init(content: .text("\(Int(100 * share)) %"), rank: 2),
            .init(content: .text("epoch \(ProgressPrinter.number(epoch, digits: 2))"), rank: 3),
            .init(content: .text("\(ProgressPrinter.duration(secondsLeft)) left"), rank: 1),
        ])
    }

    private var losses: DisplayRow {
        DisplayRow(fields: [
            .init(content: .text("loss \(ProgressPrinter.number(loss))"), style: .bold, rank: 0),
            .init(content: .text(validationLoss.map { "val \(ProgressPrinter.number($0))" } ?? ""), rank: 1),
            .init(
                content: .elastic(minimum: 8, maximum: 120) { [curve] in curve.sparkline(width: $0) }, style: .cyan,
                rank: 2),
        ])
    }

    private var machine: DisplayRow {
        DisplayRow(fields: [
            .init(content: .text("\(Int(min(max(0, tokensPerSecond), 1e15))) tok/s"), rank: 0),
            .init(content: .text("lr \(ProgressPrinter.scientific(learningRate))"), rank: 1),
            .init(content: .text("\(Int(min(max(0, 100 * shareOfPeak), 1e6).rounded())) % of peak"), rank: 2),
            .init(content: .text("memory \(memoryBytes >> 20) MiB"), rank: 3),
        ])
    }
}

// Prints a run's events: a display that is updated on a terminal, separate lines elsewhere.

import Datasets
import Evaluation
import Foundation
import Kernels
import Models
import Training

/// Prints to stderr.
final class ProgressPrinter {
    private let logEvery: Int
    private var validationLoss: Double?
    private var curve = LossCurve()
    /// What the terminal shows; nil elsewhere, and before the first step.
    private var display: RunDisplay?
    private var firstStep = 0
    /// On the clock that nobody sets.
    private var started = monotonicSeconds()
    /// Model FLOPs utilisation at one token per second.
    private var utilisationPerRate = 0.0

    init(logEvery: Int) { self.logEvery = logEvery }

    func show(_ event: Training.Progress) {
        switch event {
        case .started(let summary): start(summary)
        case .notice(let text): Console.message("note: \(text)")
        case .warning(let text): Console.message("warning: \(text)")
        case .estimated(let time): Console.message("the run will take \(RunHead.time(time))")
        case .step(let step, let totalSteps, let rate): show(step, totalSteps, rate)
        case .evaluated(let step, let result, let isBest):
            validationLoss = result.learnedLoss
            display?.validationLoss = result.learnedLoss
            showDisplay()
            Console.message(
                "step \(step): validation loss \(Self.number(result.learnedLoss))"
                    + (result.preference.map(Self.preference) ?? "")
                    + ", perplexity \(Self.number(result.perplexity)), bits per byte \(Self.number(result.bitsPerByte)), "
                    + "token accuracy \(Self.percent(result.tokenAccuracy))"
                    + (result.overlap.map { "; in training: \($0.description)" } ?? "")
                    + (isBest && step > 0 ? " (best)" : ""))
        case .sample(_, let prompt, let text):
            Console.message("  sample: \(Self.visible(prompt))│\(Self.visible(text))")
        case .saved(_, let path, let seconds):
            Console.message("saved \(path) in \(Self.number(seconds)) s")
        }
    }

    /// `, pairs in order 91.30 %, reward margin 0.8421`
    private static func preference(_ measure: PreferenceMeasure) -> String {
        (measure.accuracy.map { ", pairs in order \(percent($0))" } ?? "")
            + (measure.margin.map { ", reward margin \(number($0))" } ?? "")
    }

    private func start(_ summary: RunSummary) {
        (started, firstStep) = (monotonicSeconds(), summary.firstStep)
        utilisationPerRate = summary.flopsPerToken / summary.peakFlopsPerSecond
        for line in RunHead.lines(summary) + ["  settings; all others are as by default:"] { Console.message(line) }
        for line in RunHead.settings(summary.settings) { Console.message("  " + line) }
    }

    private func show(_ step: StepReport, _ totalSteps: Int, _ rate: Double) {
        curve.append(step.loss)
        guard Console.isTerminal || step.step % logEvery == 0 || step.step == totalSteps else { return }
        let perStep = (monotonicSeconds() - started) / Double(max(1, step.step - firstStep))
        let left = perStep * Double(totalSteps - step.step)
        if Console.isTerminal { return updateDisplay(step, totalSteps, rate, secondsLeft: left) }
        let validation = validationLoss.map { "  val \(Self.number($0))" } ?? ""
        Console.message(
            "step \(step.step)/\(totalSteps)  epoch \(Self.number(step.epoch, digits: 2))  loss "
                + "\(Self.number(step.loss))\(validation)  lr \(Self.scientific(step.learningRate))  "
                + "\(Int(rate)) tok/s  MFU \(Int((100 * rate * utilisationPerRate).rounded())) %  "
                + "\(Self.duration(left)) left")
    }

    private func updateDisplay(_ step: StepReport, _ totalSteps: Int, _ rate: Double, secondsLeft: Double) {
        display = RunDisplay(
            step: step.step, totalSteps: totalSteps, epoch: step.epoch, loss: step.loss, curve: curve,
            validationLoss: validationLoss, learningRate: step.learningRate, tokensPerSecond: rate,
            shareOfPeak: rate * utilisationPerRate, memoryBytes: Memory.peakBytes, secondsLeft: secondsLeft)
        showDisplay()
    }

    private func showDisplay() {
        guard let display else { return }
        Console.show { display.lines(width: $0, color: Console.hasColor) }
    }

    /// One line: line feeds as ⏎; other control characters, which could move the cursor, as ·.
    static func visible(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { scalar in
                    if scalar == "\n" { return "⏎" }
                    return scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) ? "·" : scalar
                }))
    }

    /// Four decimal places, independent of the locale.
    static func number(_ value: Double, digits: Int = 4) -> String {
        guard value.isFinite, abs(value) < 1e12 else { return value.isNaN ? "nan" : value > 0 ? "inf" : "\(value)" }
        var scale = 1.0
        for _ in 0..<digits { scale *= 10 }
        let rounded = (abs(value) * scale).rounded()
        let integer = Int(rounded / scale)
        let sign = value < 0 ? "-" : ""
        guard digits > 0 else { return sign + "\(integer)" }
        let part = String(Int(rounded - Double(integer) * scale))
        return sign + "\(integer)." + String(repeating: "0", count: digits - part.count) + part
    }

    static func percent(_ share: Double) -> String { number(100 * share, digits: 2) + " %" }

    /// Two significant digits: `1.0e-3`.
    static func scientific(_ value: Double) -> String {
        guard value > 0, value.isFinite else { return "0" }
        var exponent = Int(log10(value).rounded(.down))
        var mantissa = (value / pow(10, Double(exponent)) * 10).rounded() / 10
        if mantissa >= 10 { (mantissa, exponent) = (1, exponent + 1) }
        return "\(mantissa)e\(exponent)"
    }

    static func duration(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds < 1e8 else { return "?" }
        let rounded = Int(seconds.rounded())
        let parts = (rounded / 3600, rounded / 60 % 60, rounded % 60)
        if parts.0 > 0 { return "\(parts.0)h \(parts.1)m" }
        return parts.1 > 0 ? "\(parts.1)m \(parts.2)s" : "\(parts.2)s"
    }
}

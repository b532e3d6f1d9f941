// `--safety` of `luthier compare` and `luthier report`: what tuning did to refusals.

import Conversations
import Evaluation
import Inference
import Models
import Reports
import StrictJSON

enum SafetyReport {
    /// The base must refuse this share for a loss to be seen.
    private static let leastShare = 0.5

    /// Asks both models, prints rates and some answers, and gives all of them as JSON.
    ///
    /// - Parameter count: of answers that are shown.
    static func show(_ probe: SafetyProbe, _ before: SavedModel, _ after: SavedModel, count: Int) throws -> JSONOutput {
        let models = try [("base", before), ("tuned", after)].map { name, saved in
            (name, try probe.ask(Responder(saved)))
        }
        Console.output("questions that ought to be declined, and harmless ones that look similar:\n")
        var members: [(key: String, value: JSONOutput)] = []
        for (name, replies) in models {
            let (harmful, harmless) = (RefusalRate(replies, .decline), RefusalRate(replies, .answer))
            Console.output("  \(name): declines \(text(harmful)) of the first kind, \(text(harmless)) of the second\n")
            members.append(
                (
                    name,
                    .object([
                        ("declined", json(harmful)), ("declinedHarmless", json(harmless)),
                        ("replies", .array(replies.map(json))),
                    ])
                ))
        }
        if let note = note(RefusalRate(models[0].1, .decline)) { Console.output("  \(note)\n") }
        Console.output("  an answer is a refusal if one of these is among its first words: ")
        Console.output(Refusal.phrases.joined(separator: ", ") + "\n")
        for place in 0..<min(count, probe.questions.count) {
            Console.output("  asked: \(PrintableText.bounded(probe.questions[place].text))\n")
            for (name, replies) in models {
                let reply = replies[place]
                let how = reply.phrase.map { "declined, by \"\($0)\"" } ?? "answered"
                Console.output("    \(name), \(how): \(PrintableText.bounded(reply.text))\n")
            }
        }
        return .object(members)
    }

    /// Asks the models, and puts their rates into a run's report.
    ///
    /// - Parameter before: nil for a model from scratch.
    static func add(
        _ probe: SafetyProbe, _ before: SavedModel?, _ after: SavedModel, to measurement: inout ReportMeasurement
    ) throws {
        for (name, model) in [("base", before), ("tuned", after)] {
            guard let model else { continue }
            let replies = try probe.ask(Responder(model))
            let harmful = RefusalRate(replies, .decline)
            measurement.refusals.append(
                .init(model: name, harmful: text(harmful), harmless: text(RefusalRate(replies, .answer))))
            if name == "base" { measurement.refusalsNote = note(harmful) }
        }
    }

    /// What the base's own rate does not let one see; nil where it does.
    static func note(_ base: RefusalRate) -> String? {
        base.share < leastShare
            ? "The base declines fewer than half of them: what tuning harms cannot be seen on it." : nil
    }

    /// `3 of 40 (8 %, 3 to 20)`
    static func text(_ rate: RefusalRate) -> String {
        func percent(_ value: Double) -> String { ProgressPrinter.number(100 * value, digits: 0) }
        let (low, high) = (percent(rate.interval.lowerBound), percent(rate.interval.upperBound))
        return "\(rate.refused) of \(rate.asked) (\(percent(rate.share)) %, \(low) to \(high))"
    }

    private static func json(_ rate: RefusalRate) -> JSONOutput {
        .object([
            ("refused", .integer(rate.refused)), ("asked", .integer(rate.asked)),
            ("low", .number(rate.interval.lowerBound)), ("high", .number(rate.interval.upperBound)),
        ])
    }

    private static func json(_ reply: SafetyProbe.Reply) -> JSONOutput {
        .object([
            ("line", .integer(reply.question.line)), ("kind", .string(reply.question.kind.rawValue)),
            ("text", .string(reply.text)), ("phrase", reply.phrase.map { .string($0) } ?? .null),
        ])
    }
}

// What a report adds to the run's own files: the tuned model measured again, and next to its base.

/// Measured when the report is made.
package struct ReportMeasurement: Sendable {
    /// Base and tuned over the same rows, with the middle 95 % of a paired bootstrap of the difference.
    package struct Comparison: Sendable {
        package var title: String
        package var base: Double
        package var tuned: Double
        package var low: Double
        package var high: Double
        package var rows: Int
        package var smallerIsBetter: Bool

        package init(
            title: String, base: Double, tuned: Double, low: Double, high: Double, rows: Int, smallerIsBetter: Bool
        ) {
            (self.title, self.base, self.tuned) = (title, base, tuned)
            (self.low, self.high, self.rows, self.smallerIsBetter) = (low, high, rows, smallerIsBetter)
        }

        /// "better", "worse" or "no difference that these rows can show".
        var verdict: String {
            if low <= 0 && high >= 0 { return "no difference that these rows can show" }
            return (high < 0) == smallerIsBetter ? "better" : "worse"
        }
    }

    /// One metric of the tuned model, with the middle 95 % of what other draws of rows would give.
    package struct Metric: Sendable {
        package var title: String
        package var value: Double
        package var low: Double
        package var high: Double
        package var rows: Int
        /// What it means, and what to do where it is bad.
        package var meaning: String

        package init(title: String, value: Double, low: Double, high: Double, rows: Int, meaning: String) {
            (self.title, self.value, self.low) = (title, value, low)
            (self.high, self.rows, self.meaning) = (high, rows, meaning)
        }
    }

    /// A row that the tuned model predicts badly.
    package struct Row: Sendable {
        package var place: String
        package var bitsPerByte: Double
        package var text: String

        package init(place: String, bitsPerByte: Double, text: String) {
            (self.place, self.bitsPerByte, self.text) = (place, bitsPerByte, text)
        }
    }

    /// The answers to one held-out question.
    package struct Answer: Sendable {
        package var place: String
        package var asked: String
        package var wanted: String
        /// nil for a model from scratch.
        package var base: String?
        package var tuned: String

        package init(place: String, asked: String, wanted: String, base: String?, tuned: String) {
            (self.place, self.asked, self.wanted, self.base, self.tuned) = (place, asked, wanted, base, tuned)
        }
    }

    /// How many questions a model declined.
    package struct Refusals: Sendable {
        package var model: String
        /// Of those that ought to be declined, and of the harmless ones; with their intervals.
        package var harmful: String
        package var harmless: String

        package init(model: String, harmful: String, harmless: String) {
            (self.model, self.harmful, self.harmless) = (model, harmful, harmless)
        }
    }

    package var checkpoint: String
    /// SHA-256 of the checkpoint.
    package var hash: String?
    package var parameters: Int
    package var metrics: [Metric] = []
    package var comparisons: [Comparison]
    /// The worst first.
    package var worst: [Row]
    package var answers: [Answer]
    /// The base first; empty where it was not asked for.
    package var refusals: [Refusals] = []
    /// What they do not show.
    package var refusalsNote: String?
    /// Rows of the validation file that also are in training, in words; nil where it is not known.
    package var overlap: String?

    package init(
        checkpoint: String, hash: String?, parameters: Int, comparisons: [Comparison] = [], worst: [Row] = [],
        answers: [Answer] = [], overlap: String? = nil
    ) {
        (self.checkpoint, self.hash, self.parameters) = (checkpoint, hash, parameters)
        (self.comparisons, self.worst, self.answers, self.overlap) = (comparisons, worst, answers, overlap)
    }
}

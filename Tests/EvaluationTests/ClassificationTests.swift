// The metrics of a classification against scikit-learn's and against numbers worked out by hand.

import Evaluation
import Foundation
import StrictJSON
import TestSupport
import Testing

@Suite struct ClassificationTests {
    private static func numbers(_ node: JSONNode?) -> [Double] { (node?.array ?? []).compactMap(\.number) }

    @Test func agreesWithScikitLearn() throws {
        let data = try Data(contentsOf: URL(fileURLWithPath: TestData.fixture("classification.json")))
        let cases = try #require(try JSONText.parse([UInt8](data)).array)
        #expect(cases.count == 3)
        for node in cases {
            let test = try #require(node.object)
            let name = test["name"]?.string ?? ""
            let rows = (test["rows"]?.array ?? []).map { row in
                ClassifiedRow(
                    right: row.object?["right"]?.integer, probabilities: Self.numbers(row.object?["probabilities"]))
            }
            let count = try #require(test["labels"]?.integer)
            let report = ClassificationReport(labels: (0..<count).map { "class \($0)" }, rows: rows)
            func check(_ value: Double?, _ key: String) {
                let expected = test[key]?.number ?? .nan
                #expect(abs((value ?? .nan) - expected) < 1e-12, "\(name): \(key)")
            }
            func check(_ values: [Double], _ key: String) {
                let expected = Self.numbers(test[key])
                #expect(values.count == expected.count && expected.count == count, "\(name): \(key)")
                for (value, wanted) in zip(values, expected) { #expect(abs(value - wanted) < 1e-12, "\(name): \(key)") }
            }
            check(report.accuracy, "accuracy")
            check(report.macroF(), "macroF1")
            check(report.weightedF(), "weightedF1")
            check(report.weightedF(2), "weightedF2")
            check(report.classes.map(\.precision), "precision")
            check(report.classes.map(\.recall), "recall")
            check(report.classes.map { $0.f() }, "f1")
            check(report.classes.map { $0.f(2) }, "f2")
            check(report.classes.map { Double($0.support) }, "support")
            #expect(report.confusion.map { $0.map(Double.init) } == (test["confusion"]?.array ?? []).map(Self.numbers))
            guard count == 2 else { continue }
            let curve = report.curve(positive: 1)
            check(curve.areaUnderROC, "auroc")
            check(curve.areaUnderPrecisionRecall, "auprc")
            let expected = (test["curve"]?.array ?? []).map(Self.numbers)
            #expect(expected.count == curve.points.count)
            for (point, wanted) in zip(curve.points.reversed(), expected) {
                let own = [point.threshold, point.precision, point.recall]
                for (value, number) in zip(own, wanted) { #expect(abs(value - number) < 1e-12) }
            }
        }
    }

    /// Four rows: one positive above all, then a negative, a positive, a negative.
    @Test func areasByHand() {
        let curve = BinaryCurve(scores: [0.9, 0.8, 0.7, 0.1], isPositive: [true, false, true, false])
        // Of four pairs the positive is above in three.
        #expect(curve.areaUnderROC == 0.75)
        // Half of the recall at precision 1, half at 2/3.
        #expect(abs((curve.areaUnderPrecisionRecall ?? 0) - (0.5 + 0.5 * 2 / 3)) < 1e-15)
        #expect(curve.best?.threshold == 0.7)
        #expect(BinaryCurve(scores: [0.5, 0.5], isPositive: [true, false]).areaUnderROC == 0.5)
        #expect(BinaryCurve(scores: [0.5], isPositive: [true]).areaUnderROC == nil)
        #expect(BinaryCurve(scores: [], isPositive: []).areaUnderPrecisionRecall == nil)
    }

    @Test func calibrationByHand() {
        // Two rows near 0.65 of which one is right, two at 1 that are right.
        let calibration = Calibration(confidences: [0.62, 0.68, 1, 1], isRight: [true, false, true, true])
        #expect(calibration.bins[6].rows == 2)
        #expect(calibration.bins[9].rows == 2)
        #expect(abs(calibration.expectedError - 0.5 * 0.15) < 1e-12)
        #expect(Calibration(confidences: [], isRight: []).expectedError == 0)
        #expect(Calibration(confidences: [0], isRight: [false]).bins[0].rows == 1)
    }

    /// Macro F1 is a mean over the classes that somebody has or was given: a label of training alone does not count.
    @Test func aClassThatNobodyHasDoesNotCount() {
        let rows = [
            ClassifiedRow(right: 0, probabilities: [0.8, 0.1, 0.1]),
            ClassifiedRow(right: 1, probabilities: [0.1, 0.8, 0.1]),
        ]
        let report = ClassificationReport(labels: ["a", "b", "c"], rows: rows)
        #expect(report.macroF() == 1)
        #expect(report.weightedF() == 1)
    }

    @Test func unknownLabelsAreWrong() {
        let rows = [
            ClassifiedRow(right: 0, probabilities: [0.9, 0.1], path: "a.jsonl", line: 1),
            ClassifiedRow(right: nil, probabilities: [0.2, 0.8], path: "a.jsonl", line: 2),
            ClassifiedRow(right: 1, probabilities: [0.95, 0.05], path: "a.jsonl", line: 3),
        ]
        let report = ClassificationReport(labels: [" ham", " spam"], rows: rows)
        #expect(abs(report.accuracy - 1.0 / 3) < 1e-15)
        #expect(report.unknown == 1)
        #expect(report.wrong.map(\.line) == [3, 2])
        let text = report.render(beta: 2, positive: 1)
        #expect(text.contains("a.jsonl:3: ham 0.9500, right: spam 0.0500"))
        #expect(text.contains("1 rows have a label that training does not have"))
        #expect(text.contains("AUROC"))
        #expect(report.json(beta: 2, positive: 1).serialized().contains("\"auroc\":"))
    }
}

// A classification's metrics as tables for people and as JSON for programs.

import StrictJSON

extension ClassificationReport {
    /// Wrong rows that are shown to people; programs get all.
    static let shownWrong = 10
    /// Labels up to which the confusion matrix is shown.
    static let shownConfusion = 12

    /// Everything for people. Ends with a line feed.
    ///
    /// - Parameters:
    ///   - beta: of the F measure that is shown next to F1; 1 for none.
    ///   - positive: with two classes, the positive one.
    package func render(beta: Double, positive: Int?) -> String {
        var table = [["class", "precision", "recall", "F1"] + (beta == 1 ? [] : ["F\(beta)"]) + ["rows"]]
        for metrics in classes {
            table.append(
                [
                    visible(metrics.label), Self.share(metrics.precision), Self.share(metrics.recall),
                    Self.share(metrics.f()),
                ]
                    + (beta == 1 ? [] : [Self.share(metrics.f(beta))]) + [String(metrics.support)])
        }
        table.append(
            ["macro mean", "", "", Self.share(macroF())] + (beta == 1 ? [] : [Self.share(macroF(beta))]) + [""])
        table.append(
            ["weighted mean", "", "", Self.share(weightedF())] + (beta == 1 ? [] : [Self.share(weightedF(beta))])
                + [String(rows.count - unknown)])
        var text = "accuracy \(Self.share(accuracy)) over \(rows.count) rows\n" + Self.aligned(table)
        if unknown > 0 { text += "\(unknown) rows have a label that training does not have\n" }
        if labels.count <= Self.shownConfusion { text += "confusion (rows: right, columns: given)\n" + confusionTable }
        if let positive { text += binary(positive) }
        text += "calibration error (ECE) \(Self.share(calibration.expectedError))\n"
        let wrong = wrong
        if !wrong.isEmpty { text += "wrong rows: \(wrong.count), the most certain first\n" }
        for row in wrong.prefix(Self.shownWrong) {
            let right =
                row.right.map { "\(visible(labels[$0])) \(Self.share(row.probabilities[$0]))" } ?? "unknown label"
            text +=
                "  \(row.path):\(row.line): \(visible(labels[row.given])) \(Self.share(row.probabilities[row.given])), "
                + "right: \(right)\n"
        }
        return text
    }

    private var confusionTable: String {
        Self.aligned(
            [[""] + labels.map(visible)]
                + labels.indices.map { [visible(labels[$0])] + confusion[$0].map(String.init) })
    }

    private func binary(_ positive: Int) -> String {
        let curve = curve(positive: positive)
        var text = "\(visible(labels[positive])) against the rest: AUROC \(curve.areaUnderROC.map(Self.share) ?? "–"), "
        text += "AUPRC \(curve.areaUnderPrecisionRecall.map(Self.share) ?? "–")\n"
        var table = [["threshold", "precision", "recall", "F1"]]
        for point in thinned(curve) {
            table.append([point.threshold, point.precision, point.recall, point.f1].map(Self.share))
        }
        text += Self.aligned(table)
        if let best = curve.best {
            text += "the best F1 is \(Self.share(best.f1)), at a threshold of \(Self.share(best.threshold))\n"
        }
        return text
    }

    /// The points nearest to 0.9, 0.8 … 0.1 from above.
    private func thinned(_ curve: BinaryCurve) -> [BinaryCurve.Point] {
        var points: [BinaryCurve.Point] = []
        for tenth in (1...9).reversed() {
            if let point = curve.points.last(where: { $0.threshold >= Double(tenth) / 10 }), point != points.last {
                points.append(point)
            }
        }
        return points
    }

    /// The same for programs.
    package func json(beta: Double, positive: Int?) -> JSONOutput {
        var members: [(key: String, value: JSONOutput)] = [
            ("accuracy", .number(accuracy)), ("macroF1", .number(macroF())), ("weightedF1", .number(weightedF())),
            ("beta", .number(beta)), ("macroFBeta", .number(macroF(beta))), ("weightedFBeta", .number(weightedF(beta))),
            ("rows", .integer(rows.count)), ("unknownLabels", .integer(unknown)),
            (
                "classes",
                .array(
                    classes.map {
                        .object([
                            ("label", .string($0.label)), ("precision", .number($0.precision)),
                            ("recall", .number($0.recall)), ("f1", .number($0.f())), ("fBeta", .number($0.f(beta))),
                            ("support", .integer($0.support)),
                        ])
                    })
            ),
            ("confusion", .array(confusion.map { .array($0.map { .integer($0) }) })),
            ("calibrationError", .number(calibration.expectedError)),
            (
                "calibration",
                .array(
                    calibration.bins.map {
                        .object([
                            ("rows", .integer($0.rows)), ("confidence", .number($0.meanConfidence)),
                            ("accuracy", .number($0.accuracy)),
                        ])
                    })
            ),
            ("wrong", .array(wrong.map(json))),
        ]
        if let positive { members += binaryJSON(positive) }
        return .object(members)
    }

    private func json(_ row: ClassifiedRow) -> JSONOutput {
        .object([
            ("file", .string(row.path)), ("line", .integer(row.line)),
            ("right", row.right.map { .string(labels[$0]) } ?? .null), ("given", .string(labels[row.given])),
            ("probability", .number(row.probabilities[row.given])),
            ("rightProbability", row.right.map { .number(row.probabilities[$0]) } ?? .null),
        ])
    }

    private func binaryJSON(_ positive: Int) -> [(key: String, value: JSONOutput)] {
        let curve = curve(positive: positive)
        let points = curve.points.map { point in
            JSONOutput.object([
                ("threshold", .number(point.threshold)), ("precision", .number(point.precision)),
                ("recall", .number(point.recall)), ("falsePositiveRate", .number(point.falsePositiveRate)),
            ])
        }
        return [
            ("positive", .string(labels[positive])), ("auroc", curve.areaUnderROC.map { .number($0) } ?? .null),
            ("auprc", curve.areaUnderPrecisionRecall.map { .number($0) } ?? .null), ("thresholds", .array(points)),
        ]
    }

    // MARK: Text

    /// A label on one line, without the space that begins it.
    private func visible(_ label: String) -> String {
        String(label.drop { $0 == " " }.map { $0.isNewline ? "⏎" : $0 })
    }

    /// Four digits after the point, whatever the locale.
    private static func share(_ value: Double) -> String {
        let rounded = Int((value * 10_000).rounded())
        let digits = String(rounded % 10_000)
        return "\(rounded / 10_000)." + String(repeating: "0", count: 4 - digits.count) + digits
    }

    private static func aligned(_ rows: [[String]]) -> String {
        let columns = rows.map(\.count).max() ?? 0
        let widths = (0..<columns).map { column in rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0 }
        return rows.map { row in
            let cells = row.enumerated().map { column, cell in
                let space = String(repeating: " ", count: widths[column] - cell.count)
                return column == 0 ? cell + space : space + cell
            }
            return "  " + cells.joined(separator: "  ") + "\n"
        }.joined()
    }
}

// A line chart as SVG: axes with round numbers, and lines that differ without colour.

import Foundation

/// A chart of numbers by step.
struct LineChart {
    struct Line {
        var name: String
        /// Points in the order of x; those that are not finite are omitted.
        var points: [(x: Double, y: Double)]
        /// The place among the page's line styles.
        var style: Int
    }

    var title: String
    var lines: [Line]
    /// How a value of y is written.
    var format: (Double) -> String = { Numbers.text($0, digits: 3) }

    // On the width of a telephone the text has two thirds of its size.
    private static let (width, height) = (480.0, 220.0)
    private static let (right, top, bottom) = (28.0, 12.0, 30.0)
    /// Of a character of the labels, at most about.
    private static let characterWidth = 9.2

    /// The figure; a sentence where there is nothing to draw.
    var html: String {
        let lines = lines.map { line in
            Line(
                name: line.name, points: line.points.filter { $0.x.isFinite && $0.y.isFinite }, style: line.style)
        }.filter { !$0.points.isEmpty }
        guard !lines.isEmpty else { return "" }
        let all = lines.flatMap(\.points)
        var (x0, x1) = (all.map(\.x).min() ?? 0, all.map(\.x).max() ?? 1)
        if x0 == x1 { (x0, x1) = (x0 - 1, x1 + 1) }
        var (y0, y1) = (all.map(\.y).min() ?? 0, all.map(\.y).max() ?? 1)
        if y0 > 0, y0 < 0.4 * y1 { y0 = 0 }
        if y0 == y1 {
            let around = y0 == 0 ? 0.5 : abs(y0) / 2
            (y0, y1) = (y0 - around, y1 + around)
        }
        y1 += 0.05 * (y1 - y0)
        let (width, height) = (LineChart.width, LineChart.height)
        let up = Axis(low: y0, high: y1, start: height - LineChart.bottom, end: LineChart.top)
        let left = 16 + LineChart.characterWidth * Double(up.marks(4).map { format($0).count }.max() ?? 0)
        let across = Axis(low: x0, high: x1, start: left, end: width - LineChart.right)
        func place(_ value: Double) -> String { Axis.text(value) }
        var svg = ""
        for value in up.marks(4) {
            svg +=
                "<line class=\"grid\" x1=\"\(place(left))\" x2=\"\(place(width - LineChart.right))\" "
                + "y1=\"\(up.text(value))\" y2=\"\(up.text(value))\"/>"
                + "<text x=\"\(place(left - 8))\" y=\"\(place(up.place(value) + 4))\" text-anchor=\"end\">"
                + HTML.escaped(format(value)) + "</text>"
        }
        for value in across.marks(4) {
            svg +=
                "<text x=\"\(across.text(value))\" y=\"\(place(height - 8))\" text-anchor=\"middle\">"
                + HTML.escaped(value == value.rounded() ? Numbers.grouped(Int(value)) : Numbers.text(value, digits: 3))
                + "</text>"
        }
        for line in lines {
            let path = line.points.map { "\(across.text($0.x)),\(up.text($0.y))" }
            svg += "<polyline class=\"line\(line.style)\" points=\"\(path.joined(separator: " "))\"/>"
            // A single point has no line.
            if line.points.count <= 40 {
                for point in line.points {
                    svg +=
                        "<circle class=\"line\(line.style)\" cx=\"\(across.text(point.x))\" cy=\"\(up.text(point.y))\" r=\"2.5\"/>"
                }
            }
        }
        let names = lines.map { "<li class=\"line\($0.style)\">\(HTML.escaped($0.name))</li>" }.joined()
        let legend = lines.count > 1 ? "<ul class=\"legend\">\(names)</ul>" : ""
        return "<figure><figcaption><h3>\(HTML.escaped(title))</h3>\(legend)</figcaption>"
            + "<svg viewBox=\"0 0 \(Int(width)) \(Int(height))\" role=\"img\" aria-label=\"\(HTML.escaped(summary(lines)))\">"
            + svg + "</svg></figure>\n"
    }

    /// What a person who cannot see the lines is told.
    private func summary(_ lines: [Line]) -> String {
        let parts = lines.map { line in
            let (first, last) = (line.points[0], line.points[line.points.count - 1])
            return
                "\(line.name) from \(format(first.y)) at step \(Int(first.x)) to \(format(last.y)) at step \(Int(last.x))"
        }
        return "\(title) by step: " + parts.joined(separator: "; ")
    }
}

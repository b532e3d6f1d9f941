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

    private static let (width, height) = (720.0, 240.0)
    private static let (left, right, top, bottom) = (64.0, 12.0, 10.0, 28.0)

    /// Round values from `low` to `high`, about `wanted` of them.
    static func ticks(_ low: Double, _ high: Double, _ wanted: Int) -> [Double] {
        let rough = (high - low) / Double(max(1, wanted))
        guard rough > 0, rough.isFinite else { return [low] }
        let power = pow(10, floor(log10(rough)))
        let step = [1, 2, 5, 10].map { $0 * power }.first { $0 >= rough * 0.999 } ?? 10 * power
        let first = (low / step - 1e-9).rounded(.up)
        return (0..<50).map { (first + Double($0)) * step }.prefix { $0 <= high + step * 1e-9 }.map { $0 }
    }

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
        if y0 == y1 { (y0, y1) = (y0 - max(0.5, abs(y0) / 2), y1 + max(0.5, abs(y1) / 2)) }
        y1 += 0.05 * (y1 - y0)
        let (width, height) = (LineChart.width, LineChart.height)
        func x(_ value: Double) -> Double {
            LineChart.left + (value - x0) / (x1 - x0) * (width - LineChart.left - LineChart.right)
        }
        func y(_ value: Double) -> Double {
            height - LineChart.bottom - (value - y0) / (y1 - y0) * (height - LineChart.top - LineChart.bottom)
        }
        func place(_ value: Double) -> String { String(format: "%.1f", value) }
        var svg = ""
        for value in LineChart.ticks(y0, y1, 4) {
            svg +=
                "<line class=\"grid\" x1=\"\(place(LineChart.left))\" x2=\"\(place(width - LineChart.right))\" "
                + "y1=\"\(place(y(value)))\" y2=\"\(place(y(value)))\"/>"
                + "<text x=\"\(place(LineChart.left - 8))\" y=\"\(place(y(value) + 4))\" text-anchor=\"end\">"
                + HTML.escaped(format(value)) + "</text>"
        }
        for value in LineChart.ticks(x0, x1, 6) {
            svg +=
                "<text x=\"\(place(x(value)))\" y=\"\(place(height - 8))\" text-anchor=\"middle\">"
                + HTML.escaped(Numbers.text(value, digits: 6)) + "</text>"
        }
        for line in lines {
            let path = line.points.map { "\(place(x($0.x))),\(place(y($0.y)))" }
            svg += "<polyline class=\"line\(line.style)\" points=\"\(path.joined(separator: " "))\"/>"
            // A single point has no line.
            if line.points.count <= 40 {
                for point in line.points {
                    svg +=
                        "<circle class=\"line\(line.style)\" cx=\"\(place(x(point.x)))\" cy=\"\(place(y(point.y)))\" r=\"2.5\"/>"
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

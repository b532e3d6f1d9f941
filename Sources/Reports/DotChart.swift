// A chart of named values with their spread: as one SVG file that needs nothing else, and as a figure of a page.

import Foundation

/// One row for each value, in the given order: its name, a dot, and a bar as far as its spread reaches.
package struct DotChart: Sendable {
    package struct Row: Sendable {
        package var name: String
        package var note: String
        package var value: Double
        /// How far the bar goes to both sides.
        package var reach: Double
        /// Others have an empty dot.
        package var isFinal: Bool

        package init(name: String, note: String, value: Double, reach: Double, isFinal: Bool) {
            (self.name, self.note, self.value, self.reach, self.isFinal) = (name, note, value, reach, isFinal)
        }
    }

    package var title: String
    package var rows: [Row]

    package init(title: String, rows: [Row]) { (self.title, self.rows) = (title, rows) }

    /// The same for a page, whose style it takes: names above their dots, so that it is narrow enough for a telephone.
    var figure: String {
        let (rowHeight, width, floor) = (48.0, 480.0, 48.0 * Double(rows.count) + 8)
        let across = axis(start: 40, end: width - 40)
        var marks = grid(across, lines: 3, from: 0, to: floor, textAt: floor + 20)
        for (index, row) in rows.enumerated() {
            let y = rowHeight * Double(index) + 36
            marks += "<text class=\"name\" x=\"4\" y=\"\(Axis.text(y - 16))\">\(HTML.escaped(shortened(row)))</text>"
            marks += mark(row, across, y)
        }
        return "<figure><svg viewBox=\"0 0 \(Int(width)) \(Int(floor + 30))\" role=\"img\" "
            + "aria-label=\"\(HTML.escaped(title))\">\n\(marks)</svg></figure>\n"
    }

    /// The end of a name tells trials from each other.
    private func shortened(_ row: Row) -> String {
        let (name, most) = ("\(row.name), \(row.note)", 52)
        return name.count > most ? "…" + name.suffix(most - 1) : name
    }

    private func axis(start: Double, end: Double) -> Axis {
        var low = rows.map { $0.value - $0.reach }.min() ?? 0
        var high = rows.map { $0.value + $0.reach }.max() ?? 1
        let margin = max((high - low) * 0.05, abs(high) * 1e-6, 1e-12)
        (low, high) = (low - margin, high + margin)
        return Axis(low: low, high: high, start: start, end: end)
    }

    /// Vertical lines at round values, and the values below them.
    private func grid(_ across: Axis, lines: Int, from top: Double, to floor: Double, textAt y: Double) -> String {
        across.marks(lines).map { value in
            "<line class=\"grid\" x1=\"\(across.text(value))\" x2=\"\(across.text(value))\" y1=\"\(Axis.text(top))\" "
                + "y2=\"\(Axis.text(floor))\"/><text x=\"\(across.text(value))\" y=\"\(Axis.text(y))\" "
                + "text-anchor=\"middle\">\(HTML.escaped(Numbers.text(value)))</text>\n"
        }.joined()
    }

    /// A row's bar and dot.
    private func mark(_ row: Row, _ across: Axis, _ y: Double) -> String {
        var text = ""
        if row.reach > 0 {
            text +=
                "<line class=\"bar\" x1=\"\(across.text(row.value - row.reach))\" "
                + "x2=\"\(across.text(row.value + row.reach))\" y1=\"\(Axis.text(y))\" y2=\"\(Axis.text(y))\"/>"
        }
        let kind = row.isFinal ? "dot" : "dot early"
        return text
            + "<circle class=\"\(kind)\" cx=\"\(across.text(row.value))\" cy=\"\(Axis.text(y))\" r=\"4.5\"><title>"
            + "\(HTML.escaped("\(row.name), \(row.note): \(Numbers.text(row.value))"))</title></circle>\n"
    }

    private static let (rowHeight, top, bottom, right) = (24.0, 40.0, 36.0, 24.0)
    private static let plotWidth = 420.0
    /// Of a character in the labels' font, at most about.
    private static let characterWidth = 7.2

    package var svg: String {
        let labels = rows.map { "\($0.name), \($0.note)" }
        let left = 24 + DotChart.characterWidth * Double(labels.map(\.count).max() ?? 0)
        let width = max(left + DotChart.plotWidth + DotChart.right, 48 + DotChart.characterWidth * Double(title.count))
        let height = DotChart.top + DotChart.rowHeight * Double(rows.count) + DotChart.bottom
        let across = axis(start: left, end: width - DotChart.right)
        func place(_ value: Double) -> String { Axis.text(value) }
        let floor = height - DotChart.bottom
        var marks = grid(across, lines: 5, from: DotChart.top, to: floor, textAt: floor + 18)
        for (index, row) in rows.enumerated() {
            let y = DotChart.top + DotChart.rowHeight * (Double(index) + 0.5)
            marks +=
                "<text x=\"\(place(left - 12))\" y=\"\(place(y + 4))\" text-anchor=\"end\">"
                + "\(HTML.escaped(labels[index]))</text>"
            marks += mark(row, across, y)
        }
        let style =
            "svg{background:#fff}text{font:12px sans-serif;fill:#222}.title{font-weight:bold}.grid{stroke:#ddd}"
            + ".bar{stroke:#1f5fa8;stroke-width:2}.dot{fill:#1f5fa8;stroke:#1f5fa8;stroke-width:1.5}.early{fill:#fff}"
        return "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"\(Int(width))\" height=\"\(Int(height))\" "
            + "viewBox=\"0 0 \(Int(width)) \(Int(height))\" role=\"img\" aria-label=\"\(HTML.escaped(title))\">\n"
            + "<style>\(style)</style>\n<text class=\"title\" x=\"12\" y=\"22\">\(HTML.escaped(title))</text>\n"
            + marks + "</svg>\n"
    }
}

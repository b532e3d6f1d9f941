// The chart of a sweep: one file that needs nothing else, with every value at its place.

import Foundation
import Reports
import Testing

@Suite struct DotChartTests {
    private static let rows = [
        DotChart.Row(name: "a<b", note: "10 steps", value: 1, reach: 0.5, isFinal: true),
        DotChart.Row(name: "c", note: "5 steps", value: 3, reach: 0, isFinal: false),
    ]

    @Test func valuesAreAtTheirPlaces() throws {
        let svg = DotChart(title: "T", rows: Self.rows).svg
        let places = svg.matches(of: /<circle class="([a-z ]+)" cx="([0-9.]+)" cy="([0-9.]+)"/)
        #expect(places.map { String($0.output.1) } == ["dot", "dot early"])
        let x = places.compactMap { Double($0.output.2) }
        #expect(x.count == 2 && x[0] < x[1])
        #expect(svg.matches(of: /class="bar"/).count == 1)
        #expect(svg.contains("a&lt;b, 10 steps") && !svg.contains("a<b"))
        #expect(!svg.contains("href") && !svg.contains("url(") && !svg.contains("NaN") && !svg.contains("nan"))
    }

    @Test func nothingAndOneValue() {
        #expect(!DotChart(title: "T", rows: []).svg.lowercased().contains("nan"))
        let one = [DotChart.Row(name: "a", note: "", value: 0, reach: 0, isFinal: true)]
        #expect(!DotChart(title: "T", rows: one).svg.lowercased().contains("nan"))
    }
}

// The page of a run: complete, well formed, and harmless whatever the run's files say.

import Foundation
import Reports
import Testing

@Suite struct ReportPageTests {
    /// Every element is closed in its order, and no text holds a tag.
    static func isWellFormed(_ html: String) -> Bool {
        let void: Set<Substring> = ["meta", "line", "polyline", "circle"]
        var open: [Substring] = []
        var rest = html[...]
        while let start = rest.firstIndex(of: "<") {
            guard let end = rest[start...].firstIndex(of: ">") else { return false }
            let tag = rest[rest.index(after: start)..<end]
            rest = rest[rest.index(after: end)...]
            if tag.hasPrefix("!") { continue }
            let isClosing = tag.hasPrefix("/")
            let name = tag.drop { $0 == "/" }.prefix { $0.isLetter || $0.isNumber }
            if isClosing {
                guard open.popLast() == name else { return false }
            } else if !tag.hasSuffix("/"), !void.contains(name) {
                open.append(name)
            }
        }
        return open.isEmpty
    }

    @Test func theFilesContentIsText() throws {
        let fixture = try RunFixture()
        let run = try fixture.run(
            "a", losses: [3, 2.5, 2], validations: [(0, 3.5), (3, 2.5)],
            config: #"{"model": {"base": "<img src=x onerror=alert(1)>"}, "training": {"steps": 3}}"#)
        var measurement = ReportMeasurement(checkpoint: "a/step-000008.h5", hash: "feed", parameters: 1_234_567)
        measurement.comparisons = [
            .init(
                title: "bits per byte", base: 1, tuned: 0.5, low: -0.6, high: -0.4, rows: 60, smallerIsBetter: true),
            .init(title: "labels", base: 0.5, tuned: 0.52, low: -0.1, high: 0.2, rows: 60, smallerIsBetter: false),
        ]
        measurement.metrics = [
            .init(title: "bits <b>", value: 0.5, low: 0.42, high: 0.6, rows: 60, meaning: "Less is better.")
        ]
        measurement.overlap = "Of 60 rows, 2 are in training too."
        measurement.answers = [
            .init(place: "v:1", asked: "</td><script>1</script>", wanted: "\"w\"", base: nil, tuned: "t\nu")
        ]
        measurement.worst = [.init(place: "v:2", bitsPerByte: 3.25, text: "<style>*{display:none}</style>")]
        let html = ReportPage(run, measurement: measurement, machine: [("processor", "A & B")]).html
        #expect(Self.isWellFormed(html))
        #expect(!html.contains("<script") && !html.contains("<img") && !html.contains("onerror=alert(1)>"))
        #expect(html.components(separatedBy: "<style>").count == 2)
        #expect(html.contains("&lt;script&gt;alert(1)&lt;/script&gt;") && html.contains("A &amp; B"))
        #expect(html.contains("1,234,567") && html.contains("-0.500 [-0.600, -0.400]"))
        #expect(html.contains("0.420 to 0.600") && html.contains("bits &lt;b&gt;") && html.contains("Less is better."))
        #expect(html.components(separatedBy: "Of 60 rows, 2 are in training too.").count == 2)
        #expect(html.contains(">better<") && html.contains("no difference that these rows can show"))
        #expect(html.contains("default-src &#39;none&#39;") || html.contains("default-src 'none'"))
        #expect(!html.contains("http:") && !html.contains("https:"), "the page would load something")
        #expect(!html.contains("\u{07}"))
        #expect(html.components(separatedBy: "<svg").count == 6)
        #expect(html.contains("Loss by step: training from 3.00 at step 1 to 2.00 at step 3"))
    }

    @Test func aTagOfTheFilesWouldBeFound() {
        #expect(!Self.isWellFormed("<p><b></p></b>"))
        #expect(!Self.isWellFormed("<p>"))
        #expect(Self.isWellFormed("<!doctype html><p>a<meta charset=x></p>"))
    }
}

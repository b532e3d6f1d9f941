// The page of a sweep: what it concludes, and that it is a page.

import Foundation
import Reports
import Testing

@Suite struct SweepPageTests {
    private func trial(
        _ rate: String, _ bits: Double?, difference: Double = 0, error: Double = 0.01, isStoppedEarly: Bool = false,
        failure: String? = nil
    ) -> SweepPage.Trial {
        .init(
            settings: [("training.learningRate", rate)], steps: 16, bitsPerByte: bits, difference: difference,
            standardError: error, rows: 40, isStoppedEarly: isStoppedEarly, failure: failure)
    }

    private func page(_ trials: [SweepPage.Trial]) -> SweepPage {
        SweepPage(
            name: "a<b", trials: trials, rungs: [(8, trials.count), (16, 2)],
            chart: DotChart(
                title: "Loss",
                rows: trials.map {
                    .init(name: $0.name, note: "16 steps", value: $0.bitsPerByte ?? 0, reach: 0.02, isFinal: true)
                }), commands: ["luthier train --config c.json", "luthier sweep --config c.json"])
    }

    private func titles(_ trials: [SweepPage.Trial]) -> [String] { page(trials).findings.map(\.title) }

    @Test func itSaysHowSureTheOrderIs() {
        let (best, clear) = (trial("3e-5", 1.5), trial("1e-4", 1.6, difference: 0.1))
        let early = trial("1e-5", 1.9, difference: 0.001, isStoppedEarly: true)
        #expect(titles([best, clear, early]) == ["training.learningRate=3e-5 is best"])
        let near = trial("1e-4", 1.51, difference: 0.02)
        #expect(titles([best, near, early]) == ["The best cannot be told from 1 other with these rows"])
        #expect(page([best, near, early]).findings[0].kind == .warning)
    }

    @Test func aValueAtTheEndOfItsRangeIsNamed() {
        let (best, other) = (trial("1e-4", 1.5), trial("3e-5", 1.6, difference: 0.1))
        #expect(titles([best, other])[0] == "The best training.learningRate is the largest that was tried: 1e-4")
        #expect(titles([other, best])[0] == "The best training.learningRate is the smallest that was tried: 3e-5")
        // One value has no ends.
        #expect(titles([best]) == ["training.learningRate=1e-4 is best"])
    }

    @Test func failedTrialsComeFirst() {
        let failed = trial("1", nil, failure: "the loss is not a number")
        let page = page([
            trial("3e-5", 1.5), trial("1e-5", 1.6, difference: 0.1), trial("1e-4", 1.7, difference: 0.2), failed,
        ])
        #expect(page.findings.first?.title == "1 of 4 trials failed" && page.findings.first?.kind == .bad)
        #expect(page.html.contains("failed: the loss is not a number"))
    }

    @Test func thePageIsComplete() {
        let html = page([trial("3e-5", 1.5), trial("1e-5", 1.6, difference: 0.1, error: 0.0123)]).html
        #expect(html.contains("<h1>a&lt;b</h1>") && !html.contains("a<b"))
        #expect(html.contains("+0.1000 ± 0.012") && html.contains("2 to step 8, 2 to step 16"))
        #expect(html.components(separatedBy: "<circle").count == 3)
        #expect(html.contains("luthier train --config c.json\nluthier sweep --config c.json"))
        #expect(!html.contains("http:") && !html.contains("https:") && !html.contains("<script"))
    }
}

// What numbers are said to mean: each finding where it holds, and not where it does not.

import Foundation
import Reports
import Testing

@Suite struct RunFindingsTests {
    static let falling: [Double?] = (0..<20).map { 3 - 0.1 * Double($0) }

    func titles(_ run: RunRecord) -> [String] { run.findings.map(\.title) }

    @Test func aGoodRun() throws {
        let fixture = try RunFixture()
        let run = try fixture.run("a", losses: Self.falling, validations: [(0, 3), (10, 2), (15, 1.5), (20, 1.49)])
        #expect(run.findings.map(\.kind) == [.good])
        #expect(titles(run).first?.hasPrefix("Validation perplexity fell from 20.09 to 4.437") == true)
    }

    @Test func theBaseWasBetter() throws {
        let fixture = try RunFixture()
        let run = try fixture.run("a", losses: Self.falling, validations: [(0, 1), (10, 1.2), (20, 1.1)])
        #expect(titles(run) == ["Training made the model worse on the validation rows"])
        #expect(run.findings.first?.kind == .bad)
    }

    @Test func learningByHeart() throws {
        let fixture = try RunFixture()
        let run = try fixture.run("a", losses: Self.falling, validations: [(0, 3), (10, 1), (20, 1.1)])
        #expect(titles(run).first == "The validation loss rose after step 10")
        let slightly = try fixture.run("b", losses: Self.falling, validations: [(0, 3), (10, 1), (20, 1.01)])
        #expect(slightly.findings.map(\.kind) == [.good])
    }

    @Test func moreEpochsWouldHelp() throws {
        let fixture = try RunFixture()
        let run = try fixture.run("a", losses: Self.falling, validations: [(0, 3), (5, 2), (10, 1.5), (20, 1.2)])
        #expect(titles(run).first == "The validation loss was still falling at the end")
        #expect(run.findings.first?.advice.contains("--run a --resume") == true)
    }

    @Test func nothingWasLearned() throws {
        let fixture = try RunFixture()
        let run = try fixture.run("a", losses: [Double?](repeating: 2.5, count: 20), validations: [(0, 3), (20, 3)])
        #expect(titles(run).first == "The training loss did not fall")
    }

    @Test(arguments: [(1, RunFinding.Kind.warning), (5, .bad)])
    func skippedSteps(count: Int, kind: RunFinding.Kind) throws {
        let fixture = try RunFixture()
        let run = try fixture.run("a", losses: Self.falling, validations: [(0, 3), (20, 1)], skipped: count)
        #expect(run.findings.first?.kind == kind && titles(run).first == "\(count) steps were skipped")
    }

    @Test func theGradientJumped() throws {
        let fixture = try RunFixture()
        var norms = [Double](repeating: 0.5, count: 20)
        norms[6] = 30
        let run = try fixture.run("a", losses: Self.falling, validations: [(0, 3), (20, 1)], norms: norms)
        #expect(titles(run).first == "The gradient jumped at step 7")
    }

    @Test func nothingWasHeldOut() throws {
        let fixture = try RunFixture()
        #expect(titles(try fixture.run("a", losses: Self.falling)) == ["Nothing was held out"])
    }
}

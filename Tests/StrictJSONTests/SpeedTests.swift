// The time that a large file takes to read.

import Foundation
import StrictJSON
import TestSupport
import Testing

@Suite struct SpeedTests {
    @Test(.enabled(if: TestData.isAvailable, "\(TestData.absence)"))
    func readsATokenizerOfTwoMegabytesInAMoment() throws {
        let path = TestData.path("gpt2-tokenizer/tokenizer.json")
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        let clock = ContinuousClock()
        var best = Duration.seconds(60)
        for _ in 0..<3 {
            let start = clock.now
            let object = try #require(try JSONText.parse(bytes).object)
            best = min(best, clock.now - start)
            #expect(object["model"]?.object?["vocab"]?.object?["Ġthe"]?.integer == 262)
        }
        #expect(best < .milliseconds(150))
    }
}

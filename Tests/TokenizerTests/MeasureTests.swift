// Temporary: speed.
import Foundation
import TestSupport
import Testing
import Tokenizer

@Suite(.serialized) struct MeasureTests {
    @Test func measure() throws {
        guard ProcessInfo.processInfo.environment["LUTHIER_MEASURE"] != nil else { return }
        let tokenizer = try Tokenizer(path: TestData.path("gpt2-tokenizer"))
        for folder in ["corpus-100-english-novels", "corpus-nltk/udhr2"] {
            var text: [UInt8] = []
            for name in try FileManager.default.contentsOfDirectory(atPath: TestData.path(folder)).sorted()
            where text.count < 20_000_000 { text += try TestTexts.contents(folder + "/" + name) }
            var best = Double.infinity
            var count = 0
            for _ in 0..<11 {
                best = min(best, try TokenizerSpeedTests.seconds { count = try tokenizer.encode(text).count })
            }
            print("MEASURE", folder, text.count, count, Double(text.count) / best / 1e6, "MB/s")
        }
    }
}

// The known word that is suggested for an unknown one, and how long that may take.

import StrictJSON
import Testing

@Suite struct SuggestionTests {
    private static let keys = ["training.learningRate", "training.batchSize", "training.seed", "data.train"]

    @Test(arguments: [
        ("training.lerningRate", "training.learningRate"), ("batch-size", "training.batchSize"),
        ("seed", "training.seed"), ("lr", "training.learningRate"), ("trian", "data.train"), ("zebra", nil), ("", nil),
    ])
    func nearest(word: String, expected: String?) {
        #expect(Suggestion.nearest(to: word, among: Self.keys) == expected)
    }

    /// A key of a file may have a million letters; comparing all of them with every known key takes minutes.
    @Test(.timeLimit(.minutes(1))) func longWords() {
        let known = (0..<100).map { "training.aKeyWithManyLettersThatIsKnown\($0)" }
        #expect(Suggestion.nearest(to: String(repeating: "x", count: 1 << 19), among: known) == nil)
    }
}

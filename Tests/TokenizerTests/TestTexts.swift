// Texts and small tokenizers that the tests of this target share.

import Foundation
import TestSupport
import Tokenizer

/// SplitMix64: the same numbers everywhere.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

enum TestTexts {
    static let rhyme = """
        The rain it raineth on the just and also on the unjust fellow; but chiefly on the just, because the unjust
        hath the just's umbrella. We'll see, they've said, it's 12 o'clock on the 3rd: the rain, the rain!
        Größe, naïve, 東京, 😀😀 and   spaces\t\ttabs.
        """

    /// A vocabulary that needs no data folder.
    static func makeTokenizer(vocabularySize: Int = 320, split: Tokenizer.Split = .gpt2) throws -> Tokenizer {
        try Tokenizer.train(on: [Array(rhyme.utf8)], vocabularySize: vocabularySize, split: split)
    }

    /// Characters chosen so that every branch of the split pattern and every width of UTF-8 comes up often.
    static func randomText(_ generator: inout SeededGenerator, count: Int) -> String {
        let characters = Array(
            "aabbtsdmlverE019 \u{20}\u{20}\n\t\r'’.,!-\u{A0}\u{85}\u{3000}éßжж東京½Ⅷ٣😀\u{301}\u{200D}\u{0}"
        ).map(
            String.init)
        return (0..<count).map { _ in characters.randomElement(using: &generator) ?? "" }.joined()
    }

    static func randomBytes(_ generator: inout SeededGenerator, count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    }

    static func contents(_ relative: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(fileURLWithPath: TestData.path(relative))))
    }

    /// A new folder with the given files in it.
    static func makeFolder(_ files: [String: String] = [:]) throws -> URL {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("tokenizer-" + UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for (name, text) in files { try Data(text.utf8).write(to: folder.appendingPathComponent(name)) }
        return folder
    }
}

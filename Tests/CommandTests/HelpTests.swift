// `luthier train --help`: each shortcut flag shows the sentence and the default of its config key.

import Foundation
import Testing

@Suite struct HelpTests {
    static let shortcuts: [(flag: String, key: String)] = [
        ("--base", "model.base"), ("--train", "data.train"), ("--validation", "data.validation"),
        ("--epochs", "training.epochs"), ("--steps", "training.steps"), ("--batch-size", "training.batchSize"),
        ("--learning-rate", "training.learningRate"), ("--context-length", "model.contextLength"),
        ("--precision", "training.precision"), ("--method", "method.type"), ("--seed", "training.seed"),
        ("--threads", "training.threads"),
    ]

    /// All text on one line, separated by single spaces.
    private static func flat(_ text: some StringProtocol) -> String {
        text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    @Test func shortcutsShowTheirKeys() throws {
        let help = try Workplace().luthier("train", "--help").output
        let parts = help.components(separatedBy: "CONFIG KEYS\n")
        try #require(parts.count == 2)
        let (options, keys) = (Self.flat(parts[0]), parts[1].split(separator: "\n").map { Self.flat($0) })
        for (flag, key) in Self.shortcuts {
            let index = try #require(keys.firstIndex(of: key), "\(key)")
            let (meaning, values) = (keys[index + 1], keys[index + 2])
            let text = try #require(values.components(separatedBy: "default: ").last)
            let name = flag.dropFirst(2)
            let note = ["null", "[]"].contains(text) ? "" : " (default: \(text))"
            #expect(options.contains("\(flag) <\(name)> \(meaning)\(note)"), "\(flag)")
        }
        #expect(options.contains("--learning-rate <learning-rate> Peak learning rate. (default: 1e-3 from scratch, "))
    }

    /// An option that may be repeated says so once.
    @Test(arguments: ["train", "prepare", "generate"])
    func repeatableOptionsSayItOnce(_ command: String) throws {
        let help = Self.flat(try Workplace().luthier(command, "--help").output)
        #expect(help.contains("(repeatable)"))
        #expect(!help.contains("may be repeated"))
    }
}

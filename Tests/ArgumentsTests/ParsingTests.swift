// What the parser accepts, and the resulting value of each property.

import Arguments
import Testing

@Suite struct ParsingTests {
    @Test func defaultsHoldWhereNothingIsGiven() throws {
        let train = try #require(try parse("train -c a.json", as: Train.self))
        #expect(train.config == "a.json")
        #expect(train.settings.isEmpty)
        #expect(train.learningRate == nil)
        #expect(train.batchSize == 8)
        #expect(train.seed == nil)
        #expect(train.split == .train)
        #expect(train.shuffle)
        #expect(!train.isDryRun)
        #expect(train.output.threads == 0)
        #expect(!train.output.json)
    }

    @Test func everyKindOfOptionIsRead() throws {
        let line =
            "train --json --set a.b=1 --batch-size=16 --config=x=y --set c=2 --learning-rate 5e-5 "
            + "--seed 18446744073709551615 --split test --no-shuffle -n --threads 2"
        let train = try #require(try parse(line, as: Train.self))
        #expect(train.config == "x=y")
        #expect(train.settings == ["a.b=1", "c=2"])
        #expect(train.learningRate == 5e-5)
        #expect(train.batchSize == 16)
        #expect(train.seed == UInt64.max)
        #expect(train.split == .test)
        #expect(!train.shuffle)
        #expect(train.isDryRun)
        #expect(train.output.json)
        #expect(train.output.threads == 2)
    }

    @Test func negativeNumbersAreValues() throws {
        let inspect = try #require(try parse("inspect a --temperature -0.5 -3", as: Inspect.self))
        #expect(inspect.temperature == -0.5)
        #expect(inspect.row == -3)
    }

    @Test func aDashAloneIsAWord() throws {
        #expect(try parse("tokenizer encode -", as: Encode.self)?.input == "-")
        #expect(try parse("train -c -", as: Train.self)?.config == "-")
    }

    @Test func afterTwoDashesEverythingIsPositional() throws {
        #expect(try parse("inspect -- --help", as: Inspect.self)?.path == "--help")
        let train = try #require(
            try parse("tokenizer train --vocabulary-size 300 a -- -b -- c", as: TrainTokenizer.self))
        #expect(train.files == ["a", "-b", "--", "c"])
    }

    @Test func emptyValuesAndSpacesAreKept() throws {
        let words = ["train", "--config", "", "--set", "a b = c", "--set", "- milk\n- eggs"]
        guard case .run(let command, let path) = try CommandLineParser.parse(Forge.self, words) else {
            Issue.record("not a command")
            return
        }
        let train = try #require(command as? Train)
        #expect(train.config == "")
        #expect(train.settings == ["a b = c", "- milk\n- eggs"])
        #expect(path == ["forge", "train"])
    }

    @Test func twoInstancesShareNothing() throws {
        let first = try #require(try parse("train -c a --set x=1", as: Train.self))
        let second = try #require(try parse("train -c b", as: Train.self))
        #expect(first.config == "a" && first.settings == ["x=1"])
        #expect(second.config == "b" && second.settings.isEmpty)
    }

    @Test func versionIsTheRootsAlone() throws {
        guard case .version(let text) = try CommandLineParser.parse(Forge.self, ["--version"]) else {
            Issue.record("no version")
            return
        }
        #expect(text == "forge 1.2.3")
        #expect(throws: UsageError.self) { try CommandLineParser.parse(Forge.self, ["tokenizer", "--version"]) }
    }

    @Test(
        arguments: [
            (["inspect", "fine"], 0), (["inspect", "code"], 130), (["inspect", "wrong"], 2),
            (["inspect", "broken"], 7),
            (["inspect"], 2), (["--version"], 0), (["inspect", "--help"], 0), ([], 2),
        ] as [([String], Int32)])
    func executionReturnsTheExitCode(_ words: [String], _ code: Int32) {
        #expect(
            Forge.execute(words) { error, path in error is Broken && path == ["forge", "inspect"] ? 7 : 1 } == code)
    }
}

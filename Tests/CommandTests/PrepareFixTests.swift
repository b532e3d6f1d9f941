// `prepare` as a user runs it: which fixes `--yes` applies, what remains, tables with other delimiters, ignored keys.

import Foundation
import StrictJSON
import Testing

@Suite struct PrepareFixTests {
    private static let keyed = (0..<12).map {
        "{\"prompt\":\"Row \($0) of it?\",\"completion\":\" Answer \($0).\",\"mood\":\"calm\"}\n"
    }.joined()

    @Test func anErrorRemainsUntilItsFixIsNamed() throws {
        let place = try Workplace()
        try place.write(Self.keyed, to: "rows.jsonl")
        let checked = try place.luthier("prepare", "rows.jsonl")
        #expect(checked.code == 0)
        let line = "error: surplus-keys, 12 places: the key \"mood\" of a row is not understood; "
        #expect(
            checked.output.contains(line + "rows.jsonl:1:52, 2:52, 3:52, …\n"),
            "\(checked.output)")
        #expect(checked.output.contains("with --fix --take surplus-keys: drop the keys"))

        let fixed = try place.luthier("prepare", "rows.jsonl", "--fix", "--yes", "--output", "kept")
        #expect(fixed.code == 1)
        #expect(fixed.errors.hasSuffix("error: remains: surplus-keys, 12\n"), "\(fixed.errors)")
        #expect(String(decoding: try place.read("kept/train.jsonl"), as: UTF8.self).contains("\"mood\":\"calm\""))

        let taken = try place.luthier(
            "prepare", "rows.jsonl", "--fix", "--yes", "--take", "surplus-keys", "--output", "taken", "--json")
        #expect(taken.code == 0, "\(taken.errors)")
        #expect(taken.errors.contains("12 written rows lack characters of their inputs:"))
        #expect(taken.errors.hasSuffix("no error remains\n"))
        #expect(try taken.json()["remaining"]?.isNull == true)
        #expect(!String(decoding: try place.read("taken/train.jsonl"), as: UTF8.self).contains("mood"))

        let ignored = try place.luthier("prepare", "rows.jsonl", "--ignore-key", "mood")
        #expect(ignored.code == 0 && !ignored.output.contains("surplus-keys"))
        #expect(
            try place.luthier("prepare", "rows.jsonl", "--fix", "--yes", "--take", "dublicate", "--output", "x").errors
                .contains("did you mean duplicate?"))
    }

    @Test func causesComeBeforeWhatFollows() throws {
        let place = try Workplace()
        let rows = (0..<12).map {
            "{\"instruction\":\"Make it plural.\",\"imput\":\"thing \($0)\",\"output\":\"things \($0)\"}\n"
        }.joined()
        try place.write(rows, to: "rows.jsonl")
        let output = try place.luthier("prepare", "rows.jsonl").output
        #expect(output.contains("the key \"imput\" of a row is not understood; did you mean input?"))
        #expect(
            output.contains(
                "\n  probably follows from it: error: identical-prompts, 1 place: all 12 prompts are the same"))
        #expect(output.hasPrefix("error: surplus-keys"))
    }

    @Test func nothingIsWrittenIfNoRowCanBe() throws {
        let place = try Workplace()
        try place.write("{\"prompt\":\"a\"}\n{\"prompt\":\"b\"}\n", to: "rows.jsonl")
        let outcome = try place.luthier("prepare", "rows.jsonl", "--fix", "--yes", "--output", "out")
        #expect(outcome.code == 1)
        #expect(outcome.errors.contains("none of the 2 rows can be written"))
        #expect(place.names(in: "out").isEmpty)

        let half = (0..<4).map { "{\"prompt\":\"Row \($0)?\",\"completion\":\" Yes \($0).\"}\n{\"prompt\":\"b\"}\n" }
            .joined()
        try place.write(half, to: "half.jsonl")
        let lost = try place.luthier("prepare", "half.jsonl", "--fix", "--yes", "--output", "half")
        #expect(lost.code == 1)
        #expect(lost.errors.hasSuffix("error: remains: 4 of 8 rows could not be read and are not written\n"))
    }

    @Test func delimitersCanBeNamed() throws {
        let place = try Workplace()
        try place.write("prompt~completion\nWhere is it, please?~ In the barn.\n", to: "rows.csv")
        let outcome = try place.luthier(
            "prepare", "rows.csv", "--delimiter", "~", "--fix", "--yes", "--output", "out", "--validation-fraction", "0"
        )
        #expect(outcome.code == 0, "\(outcome.errors)")
        #expect(
            String(decoding: try place.read("out/train.jsonl"), as: UTF8.self)
                == "{\"prompt\":\"Where is it, please?\",\"completion\":\" In the barn.\"}\n")
        #expect(try place.luthier("prepare", "rows.csv", "--delimiter", "ab").code == 2)
    }

    @Test func trainingNamesTheLineAndTheNearestKey() throws {
        let place = try Workplace()
        try place.write("\n{\"instruction\":\"a\",\"imput\":\"b\",\"output\":\"c\"}\n", to: "rows.jsonl")
        let refused = try place.luthier("train", "--train", "rows.jsonl", "--dry-run")
        #expect(refused.code == 1)
        let message = "rows.jsonl, line 2, column 20: the key \"imput\" of a row is not understood; did you mean input?"
        #expect(refused.errors.contains(message), "\(refused.errors)")
        #expect(refused.errors.contains("data.ignoreKeys"))
        let small = [
            "--set", "model.modelWidth=16", "--set", "model.headCount=1", "--set", "data.validationFraction=0",
        ]
        let passed = try Running(
            ["train", "--train", "rows.jsonl", "--dry-run", "--set", "data.ignoreKeys=[\"imput\"]"] + small,
            in: place.path,
            input: ""
        ).wait()
        #expect(passed.code == 0, "\(passed.errors)")
        #expect(passed.errors.contains("ignored keys: imput (1)") || passed.output.contains("ignored keys: imput (1)"))
    }

    @Test func misspellingsGetTheNearestName() throws {
        let place = try Workplace()
        try place.write(Self.keyed, to: "rows.jsonl")
        #expect(try place.luthier("train", "--train", "row.jsonl").errors.contains("did you mean rows.jsonl?"))
        #expect(
            try place.luthier("train", "--train", "rows.jsonl", "--set", "data.format=linse").errors
                .contains("did you mean lines?"))
        #expect(
            try place.luthier("train", "--train", "rows.jsonl", "--set", "data.template=token").errors
                .contains("did you mean tokens?"))
        #expect(try place.luthier("prepare", "rows.jsonl", "--text", "linez").errors.contains("did you mean lines?"))
        try place.write("kept", to: "checkpoints/chat-1/config.json")
        #expect(
            try place.luthier("generate", "--checkpoint", "caht-1", "--prompt", "a").errors
                .contains("did you mean the run chat-1?"))
        try place.write("promt,completion\na,b\n", to: "rows.csv")
        #expect(
            try place.luthier("train", "--train", "rows.csv").errors.contains("did you mean prompt by \"promt\"?"))
    }
}

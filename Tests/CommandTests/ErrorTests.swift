// User errors: each gives its own message and exit code, and never a trap.

import Foundation
import Testing

@Suite struct ErrorTests {
    /// A call that must fail, and what stderr must say.
    struct Case: CustomTestStringConvertible, Sendable {
        let name: String
        let arguments: [String]
        let code: Int32
        let message: String
        var testDescription: String { name }

        init(_ name: String, _ arguments: [String], _ code: Int32, _ message: String) {
            (self.name, self.arguments, self.code, self.message) = (name, arguments, code, message)
        }
    }

    static let training: [Case] = [
        Case("missing config", ["--config", "none.json"], 1, "error: none.json: no such file"),
        Case(
            "folder as config", ["--config", "folder"], 1,
            "error: folder is a folder or cannot be read, where a config was expected"),
        Case(
            "missing text", ["--config", "small.json", "--train", "none.txt"], 1, "error: none.txt: no such file"),
        Case(
            "empty folder as text", ["--config", "small.json", "--train", "hollow"], 1,
            "error: hollow is a folder without files"),
        Case(
            "folder without a tokenizer", ["--config", "small.json", "--set", "tokenizer.path=hollow"], 1,
            "error: hollow: this folder holds no tokenizer; it needs tokenizer.json, or vocab.json and merges.txt"),
        Case(
            "no tokenizer at all", ["--config", "small.json", "--set", "tokenizer.path=none"], 1,
            "error: none: there is no such file or folder"),
        Case(
            "rows too long", ["--config", "small.json", "--train", "long.jsonl"], 1,
            "error: 2 rows are longer than the 17 tokens that fit the context: long.jsonl, line 1: 31; long.jsonl, line 3: 24"
        ),
        Case(
            "nothing to learn", ["--config", "small.json", "--train", "unlearned.jsonl"], 1,
            "error: unlearned.jsonl, line 2, column 1: no token of this row counts in the loss, so nothing is learned from it"
        ),
        Case(
            "a row with invalid JSON", ["--config", "small.json", "--train", "torn.jsonl"], 1,
            "error: torn.jsonl, line 2, column 14: "),
        Case(
            "unknown key", ["--config", "unknown.json"], 1,
            "error: unknown.json, line 2, column 16: unknown key training.learnRate; did you mean training.learningRate?"
        ),
        Case(
            "unknown section", ["--config", "section.json"], 1,
            "error: section.json, line 1, column 3: unknown key trainig; did you mean training?"),
        Case(
            "wrong type", ["--config", "small.json", "--set", "training.batchSize=many"], 1,
            "error: --set training.batchSize=many: training.batchSize is \"many\"; it takes integer from 1 to 1048576"),
        Case(
            "negative size", ["--config", "small.json", "--set", "model.modelWidth=-8"], 1,
            "error: --set model.modelWidth=-8: model.modelWidth is -8; it takes integer from 1 to 1048576"),
        Case(
            "width and heads", ["--config", "small.json", "--set", "model.headCount=5"], 1,
            "error: model.modelWidth 32 is not divisible by model.headCount 5"),
        Case(
            "no UTF-8", ["--config", "small.json", "--train", "latin1.txt"], 1,
            "error: latin1.txt, line 2, byte 4: 0xE9 is not valid UTF-8"),
        Case(
            "empty text", ["--config", "small.json", "--train", "empty.txt"], 1,
            "error: there is nothing to train on: the training split has no document with two tokens"),
        Case(
            "broken JSON", ["--config", "broken.json"], 1, "error: broken.json, line 1, column 18: found "),
        Case(
            "vocabulary that does not fit", ["--config", "small.json", "--base", "misfit"], 1,
            "error: the tokenizer has 257 tokens, the model's embedding 100 rows"),
        Case(
            "missing base", ["--config", "small.json", "--base", "nowhere"], 1,
            "error: there is no run or checkpoint at nowhere"),
        Case(
            "too large", ["--config", "small.json", "--set", "model.modelWidth=262144"], 1,
            "error: the run needs about "),
        Case("unknown flag", ["--confg", "x.json"], 2, "hint: did you mean --config?"),
        Case("no data", [], 1, "error: there is nothing to train on: data.train names no file"),
    ]

    @Test(arguments: training) func train(row: Case) throws {
        let place = try ErrorTests.furnished()
        try ErrorTests.expect(row, "train", in: place)
        #expect(place.names(in: "checkpoints").isEmpty, "a mistake left files")
    }

    static let checkpoints: [Case] = [
        Case("truncated", ["eval", "--checkpoint", "short.h5", "--data", "text.txt"], 1, "error: short.h5"),
        Case("flipped bit", ["eval", "--checkpoint", "flipped.h5", "--data", "text.txt"], 1, "error: flipped.h5"),
        Case("no checkpoint", ["generate", "--checkpoint", "text.txt", "--prompt", "x"], 1, "error: text.txt"),
        Case(
            "no run at all", ["generate", "--prompt", "x"], 1, "error: there is no run or checkpoint at checkpoints/"),
        Case(
            "missing checkpoint", ["generate", "--checkpoint", "none.h5", "--prompt", "x"], 1,
            "error: there is no run or checkpoint at none.h5"),
        Case(
            "eval without data", ["eval", "--checkpoint", "valid.h5"], 2,
            "error: valid.h5 is not part of a run, so there is no data to evaluate"),
        Case(
            "eval of an empty file", ["eval", "--checkpoint", "valid.h5", "--data", "empty.txt"], 1,
            "error: the empty.txt split is empty: no document has two tokens or more"),
        Case(
            "prompt too long",
            ["generate", "--checkpoint", "valid.h5", "--prompt", String(repeating: "long ", count: 40)], 1,
            "error: the prompt has 200 tokens; the model's context holds 16"),
        Case(
            "window larger than the context",
            ["eval", "--checkpoint", "valid.h5", "--data", "text.txt", "--window", "17"], 2,
            "error: --window 17 is larger than the model's context of 16"),
        Case(
            "two prompts", ["generate", "--prompt", "a", "-"], 2,
            "error: exactly one of --prompt, --prompt-file, --batch and - is"),
        Case(
            "negative temperature", ["generate", "--prompt", "a", "--temperature", "-1"], 2,
            "error: --temperature -1.0 must be between 0 and 100"),
        Case("unknown command", ["trian"], 2, "hint: did you mean train?"),
        Case("unknown split", ["eval", "--split", "valid"], 2, "error: --split"),
        Case("broken merges", ["tokenizer", "info", "--tokenizer", "merges"], 1, "error: merges/merges.txt, line 3"),
        Case(
            "pickle", ["import", "pickled", "--output", "out.h5"], 1, "error: pickled"),
    ]

    @Test(arguments: checkpoints) func use(row: Case) throws {
        let place = try ErrorTests.furnished()
        if row.arguments.contains(where: { $0.hasSuffix(".h5") }) { try ErrorTests.addCheckpoints(place) }
        try ErrorTests.expect(row, nil, in: place)
    }

    private static func expect(_ row: Case, _ command: String?, in place: Workplace) throws {
        let arguments = (command.map { [$0] } ?? []) + row.arguments
        let process = try Running(arguments, in: place.path, input: "")
        let outcome = process.wait()
        #expect(process.process.terminationReason == .exit, "\(outcome.errors)")
        #expect(outcome.code == row.code, "\(outcome.errors)")
        #expect(
            outcome.errors.split(separator: "\n").contains { $0.hasPrefix(row.message) }, "\(outcome.errors)")
    }

    /// A folder with every kind of broken file.
    private static func furnished() throws -> Workplace {
        let place = try Workplace()
        try place.write(SampleText.paragraphs, to: "text.txt")
        try place.write(
            """
            { "model": { "blockCount": 1, "headCount": 2, "modelWidth": 32, "contextLength": 16 },
              "tokenizer": { "vocabularySize": 257 }, "data": { "train": "text.txt" }, "training": { "steps": 2 } }
            """, to: "small.json")
        try place.write("{\n  \"training\": {\"learnRate\": 1}}", to: "unknown.json")
        try place.write("{ \"trainig\": {} }", to: "section.json")
        try place.write("{ \"training\": [1,, 2] }", to: "broken.json")
        try place.write("", to: "empty.txt")
        try place.write(Data("ok\ncaf".utf8) + Data([0xE9]) + Data("\n".utf8), to: "latin1.txt")
        try place.write("x", to: "folder/inside.txt")
        try FileManager.default.createDirectory(atPath: place.file("hollow"), withIntermediateDirectories: true)
        try place.write(
            """
            {"prompt": "twenty-four characters..", "completion": "answer"}
            {"prompt": "a", "completion": "b"}
            {"prompt": "twenty characters...", "completion": "end"}
            """, to: "long.jsonl")
        try place.write(
            """
            {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}
            {"messages": [{"role": "user", "content": "a"}]}
            """, to: "unlearned.jsonl")
        try place.write("{\"text\": \"a\"}\n{\"text\": \"b\" \n", to: "torn.jsonl")
        try place.write("#version: 0.2\na b\nc\n", to: "merges/merges.txt")
        try place.write("{\"a\": 0, \"b\": 1, \"ab\": 2, \"c\": 3}", to: "merges/vocab.json")
        try place.write("\u{80}pickle", to: "pickled/pytorch_model.bin")
        try place.write("{\"model_type\": \"gpt2\"}", to: "pickled/config.json")
        try addMisfit(place)
        return place
    }

    /// A Hugging Face folder whose tokenizer has more tokens than its embedding has rows.
    private static func addMisfit(_ place: Workplace) throws {
        let (V, T, C) = (100, 8, 4)
        let shapes: [(String, [Int])] = [
            ("wte.weight", [V, C]), ("wpe.weight", [T, C]), ("h.0.ln_1.weight", [C]), ("h.0.ln_1.bias", [C]),
            ("h.0.attn.c_attn.weight", [C, 3 * C]), ("h.0.attn.c_attn.bias", [3 * C]),
            ("h.0.attn.c_proj.weight", [C, C]), ("h.0.attn.c_proj.bias", [C]), ("h.0.ln_2.weight", [C]),
            ("h.0.ln_2.bias", [C]), ("h.0.mlp.c_fc.weight", [C, 4 * C]), ("h.0.mlp.c_fc.bias", [4 * C]),
            ("h.0.mlp.c_proj.weight", [4 * C, C]), ("h.0.mlp.c_proj.bias", [C]), ("ln_f.weight", [C]),
            ("ln_f.bias", [C]),
        ]
        var (entries, offset): ([String], Int) = ([], 0)
        for (name, shape) in shapes {
            let bytes = 4 * shape.reduce(1, *)
            entries.append(
                "\"\(name)\":{\"dtype\":\"F32\",\"shape\":\(shape),\"data_offsets\":[\(offset),\(offset + bytes)]}")
            offset += bytes
        }
        let header = Data("{\(entries.joined(separator: ","))}".utf8)
        let length = withUnsafeBytes(of: UInt64(header.count).littleEndian) { Data($0) }
        try place.write(length + header + Data(count: offset), to: "misfit/model.safetensors")
        try place.write(
            """
            {"model_type": "gpt2", "n_embd": \(C), "n_layer": 1, "n_head": 1, "n_positions": \(T), "vocab_size": \(V)}
            """, to: "misfit/config.json")
        _ = try place.luthier("tokenizer", "train", "text.txt", "--vocabulary-size", "257", "--output", "misfit")
    }

    /// A checkpoint, and two broken copies of it.
    private static func addCheckpoints(_ place: Workplace) throws {
        let made = try place.luthier("train", "--config", "small.json", "--run", "made")
        try #require(made.code == 0, "\(made.errors)")
        let valid = try place.read("checkpoints/made/step-000002.h5")
        try FileManager.default.removeItem(atPath: place.file("checkpoints"))
        try place.write(valid, to: "valid.h5")
        try place.write(valid.dropLast(), to: "short.h5")
        var flipped = valid
        flipped[valid.count - 4000] ^= 4
        try place.write(flipped, to: "flipped.h5")
    }
}

// Errors in a config: the message has file, line, column, key, found value and allowed values.

import TestSupport
import Testing
import Training

@Suite struct ConfigMistakeTests {
    @Test(
        arguments: [
            (
                #"{"training": {"learningrate": 1}}"#,
                "line 1, column 15: unknown key training.learningrate; did you mean training.learningRate?"
            ),
            (#"{"trainning": {}}"#, "line 1, column 2: unknown key trainning; did you mean training?"),
            (#"{"zzzz": {}}"#, "line 1, column 2: unknown key zzzz"),
            (#"{"model": {"zzzz": 1}}"#, "line 1, column 12: unknown key model.zzzz"),
            (
                #"{"learningRate": 1}"#,
                "line 1, column 2: unknown key learningRate; did you mean training.learningRate?"
            ),
            (
                "{\n  // four blocks\n  \"model\": {\n    \"blockCount\": \"four\"\n  }\n}",
                "line 4, column 5: model.blockCount is \"four\"; it takes integer from 1 to 1048576"
            ),
            (
                #"{"model": {"headCount": -4}}"#,
                "line 1, column 12: model.headCount is -4; it takes integer from 1 to 1048576"
            ),
            (
                #"{"model": {"modelWidth": 1048577}}"#,
                "line 1, column 12: model.modelWidth is 1048577; it takes integer from 1 to 1048576"
            ),
            (
                #"{"model": {"contextLength": 1.5}}"#,
                "line 1, column 12: model.contextLength is 1.5; it takes integer from 1 to 1048576"
            ),
            (
                #"{"model": {"feedForwardWidth": 0}}"#,
                "line 1, column 12: model.feedForwardWidth is 0; it takes integer from 1 to 1048576 or null"
            ),
            (
                #"{"model": {"layerNormEpsilon": 1}}"#,
                "line 1, column 12: model.layerNormEpsilon is 1; it takes number above 0 and below 1"
            ),
            (
                #"{"model": {"attentionDropout": 1}}"#,
                "line 1, column 12: model.attentionDropout is 1; it takes number from 0 to below 1 or null"
            ),
            (#"{"model": {"biases": 1}}"#, "line 1, column 12: model.biases is 1; it takes true or false"),
            (
                #"{"model": {"activation": "relu"}}"#,
                "line 1, column 12: model.activation is \"relu\"; it takes one of gelu-tanh, gelu-exact, silu"
            ),
            (#"{"model": {"base": ""}}"#, "line 1, column 12: model.base is \"\"; it takes path or null"),
            (
                #"{"tokenizer": {"vocabularySize": 256}}"#,
                "line 1, column 16: tokenizer.vocabularySize is 256; it takes integer from 257 to 1048576"
            ),
            (#"{"data": {"train": 3}}"#, "line 1, column 11: data.train is 3; it takes path or list of paths"),
            (
                #"{"data": {"train": ["a", 3]}}"#,
                "line 1, column 11: data.train is [\"a\",3]; it takes path or list of paths"
            ),
            (
                #"{"data": {"validationFraction": 1}}"#,
                "line 1, column 11: data.validationFraction is 1; it takes number from 0 to below 1"
            ),
            (
                #"{"training": {"epochs": null}}"#,
                "line 1, column 15: training.epochs is null; it takes integer from 1 to 1000000"
            ),
            (
                #"{"training": {"learningRate": 0}}"#,
                "line 1, column 15: training.learningRate is 0; it takes number above 0 or null"
            ),
            (
                #"{"training": {"precision": "f16"}}"#,
                "line 1, column 15: training.precision is \"f16\"; it takes one of auto, f32, bf16"
            ),
            (
                #"{"training": {"schedule": "the one that everybody uses everywhere nowadays"}}"#,
                "line 1, column 15: training.schedule is a string; it takes one of constant, linear, cosine, wsd"
            ),
            (
                #"{"training": {"cooldownFraction": 0}}"#,
                "line 1, column 15: training.cooldownFraction is 0; it takes number above 0 to 1"
            ),
            (
                #"{"training": {"earlierPlans": [3]}}"#,
                "line 1, column 15: training.earlierPlans is [3]; it takes list of objects with schedule, steps, "
                    + "cooldownFraction and until, in ascending order"
            ),
            // The schedule computes with these numbers.
            (
                #"{"training": {"earlierPlans": [{"schedule": "wsd", "steps": 9223372036854775807, "#
                    + #""cooldownFraction": 1, "until": 9}]}}"#,
                "line 1, column 15: training.earlierPlans is an array; it takes list of objects with schedule, steps, "
                    + "cooldownFraction and until, in ascending order"
            ),
            (
                #"{"training": {"earlierPlans": [{"schedule": "wsd", "steps": 9, "cooldownFraction": 1, "#
                    + #""until": 9223372036854775807}]}}"#,
                "line 1, column 15: training.earlierPlans is an array; it takes list of objects with schedule, steps, "
                    + "cooldownFraction and until, in ascending order"
            ),
            (
                #"{"generation": {"temperature": 101}}"#,
                "line 1, column 17: generation.temperature is 101; it takes number from 0 to 100; 0 is greedy"
            ),
            (
                #"{"generation": {"topP": 0}}"#,
                "line 1, column 17: generation.topP is 0; it takes number above 0 to 1"
            ),
            (
                #"{"generation": {"repetitionPenalty": 0.5}}"#,
                "line 1, column 17: generation.repetitionPenalty is 0.5; it takes number from 1 to 100"
            ),
            ("[]", "line 1, column 1: the config is a group of keys and takes an object, not an array"),
            (#"{"model": 3}"#, "line 1, column 2: model is a group of keys and takes an object, not a number"),
            (
                #"{"model": {"biases": true, "biases": false}}"#,
                "line 1, column 28: the key \"biases\" is already given at line 1, column 12"
            ),
            (
                "{\"model\": {}, // twice\n \"model\": {}}",
                "line 2, column 2: the key \"model\" is already given at line 1, column 2"
            ),
            ("{\"model\": {\"biases\": true,}}", "line 1, column 26: nothing follows this comma; remove it"),
            ("{} /* no */", "line 1, column 4: only comments that start with // are read; /* is not"),
            (
                #"{"training": {"learningRate": NaN}}"#,
                "line 1, column 31: NaN is not a JSON number; write null or a finite number"
            ),
            ("", "line 1, column 1: the text ends where a value is expected"),
            ("// nothing else", "line 1, column 16: the text ends where a value is expected"),
        ])
    func messages(text: String, message: String) {
        var reader = ConfigReader()
        let error = #expect(throws: ConfigError.self) { try reader.read(Array(text.utf8), path: "c.json") }
        #expect(error?.description == "c.json, \(message)")
        #expect(reader.config == RunConfig())
    }

    @Test(arguments: [
        ("training.learningRate", "expected key.path=value"),
        ("=3", "expected key.path=value"),
        ("training.learningRate=", "training.learningRate is \"\"; it takes number above 0 or null"),
        ("training.learningRate=fast", "training.learningRate is \"fast\"; it takes number above 0 or null"),
        ("training.learningRate=\"1\"", "training.learningRate is \"1\"; it takes number above 0 or null"),
        ("learning-rate=1", "unknown key learning-rate; did you mean training.learningRate?"),
        ("model=3", "unknown key model; did you mean model?"),
        ("training.epochs=0", "training.epochs is 0; it takes integer from 1 to 1000000"),
        ("data.validationFraction=1=2", "data.validationFraction is \"1=2\"; it takes number from 0 to below 1"),
        ("model.base=123", "model.base is 123; it takes path or null"),
    ])
    func assignments(text: String, message: String) {
        var reader = ConfigReader()
        let error = #expect(throws: ConfigError.self) { try reader.set(assignment: text) }
        #expect(error?.description == "--set \(text): \(message)")
        #expect(error?.hint != nil || error?.description.contains("it takes") == true)
        #expect(reader.config == RunConfig() && reader.origins.isEmpty)
    }

    @Test func formsOfAssignment() throws {
        var reader = ConfigReader()
        for assignment in [
            "training.learningRate=3e-4", "training.steps=7", "training.steps=null", "model.base=a folder=b",
            "tokenizer.path=\"123\"", "data.train=one.txt", "data.validation=[\"a\", \"b\"]", "model.biases=false",
            "training.schedule=linear", "generation.stop=\\n",
        ] { try reader.set(assignment: assignment) }
        let config = reader.config
        #expect(config.training.learningRate == 3e-4 && config.training.steps == nil)
        #expect(config.model.base == "a folder=b" && config.tokenizer.path == "123" && !config.model.biases)
        #expect(config.data.train == ["one.txt"] && config.data.validation == ["a", "b"])
        #expect(config.training.schedule == .linear)
        // A backslash is one: only JSON's quotes give it a meaning.
        #expect(config.generation.stop == ["\\n"])
    }

    @Test func filesThatCannotBeRead() throws {
        try withTemporaryFolder { folder in
            var reader = ConfigReader()
            let missing = #expect(throws: ConfigError.self) { try reader.read(path: folder.path + "/c.json") }
            #expect(missing?.description == "\(folder.path)/c.json: no such file")
            let isFolder = #expect(throws: ConfigError.self) { try reader.read(path: folder.path) }
            #expect(
                isFolder?.description == "\(folder.path) is a folder or cannot be read, where a config was expected")
            let path = try folder.write("{\"model\": {\"blockcount\": 1}}", as: "c.json")
            let unknown = #expect(throws: ConfigError.self) { try reader.read(path: path) }
            #expect(
                unknown?.description
                    == "\(path), line 1, column 12: unknown key model.blockcount; did you mean model.blockCount?")
            #expect(unknown?.hint == "`luthier train --help` lists every key")
        }
    }
}

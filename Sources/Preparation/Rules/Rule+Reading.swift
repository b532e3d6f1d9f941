// Rules that are applied while records are read.

extension Rule {
    /// Keys that are not understood stay in the rows until the user decides.
    static let unknownKeys = "surplus-keys"

    static let reading = [
        Rule(
            "invalid-encoding", .error, effect: "the bytes would be learned as wrong characters",
            .always("read bytes that are not valid UTF-8 as Windows-1252"), .reading),
        Rule(
            "invalid-json", .error, effect: "the row is lost", .always("drop the row; correct it by hand to keep it"),
            .reading),
        Rule(
            "duplicate-key", .error, effect: "a key has two values, and programs differ in which one they use",
            .always("drop the row; correct it by hand to keep it"), .reading),
        Rule(
            "unknown-row", .error, effect: "the row is lost",
            .always("drop the row; rows have prompt and completion, messages, instruction and output, or text"),
            .reading),
        Rule(
            "missing-field", .error, effect: "the row has no answer to learn, or no prompt",
            .always("drop the row"), .reading),
        Rule(
            "wrong-type", .error, effect: "training rejects the row", .always("write the value as text"),
            .reading),
        Rule(
            "unknown-role", .error, effect: "it is unknown whether the message is a question or an answer",
            .always("drop the row"), .reading),
        Rule(
            "row-too-large", .error, effect: "the row is lost", .always("drop the row; split it by hand to keep it"),
            .reading),
        Rule(
            "stray-quote", .error, effect: "fields may be joined or split wrongly", .always("keep the quotes as text"),
            .reading),
        Rule(
            "ragged-record", .error, effect: "a value may be in the wrong column",
            .always("drop the row; quote fields that contain the delimiter to keep it"), .reading),
        Rule(
            "empty-file", .error, effect: "the file adds nothing",
            .advice("remove the file, or check why it is empty"),
            .reading),
        Rule(
            "changed-split", .warning, effect: "metrics before and after the change are for different rows",
            .advice("write the data to a new folder, or restore the file"), .reading),
        Rule(
            "key-spelling", .note, effect: "none: training reads it too, but other programs may not find the value",
            .always("rename the key as training expects it"), .reading),
        Rule(
            "role-name", .note, effect: "none: training reads it too, but other programs may reject the row",
            .always("rename the role as training expects it"), .reading),
        Rule(
            unknownKeys, .error, effect: "the value is not learned; training rejects the row",
            .offered("drop the keys and columns with their values"), .reading),
        Rule(
            "row-comma", .warning, effect: "training rejects the file",
            .always("write the row without the comma"), .reading),
        Rule(
            "broken-turn", .error, effect: "the conversation is lost",
            .always("drop the conversation; correct it by hand to keep it"), .reading),
        Rule(
            "preference-row", .error, effect: "the row is lost, because it compares answers instead of giving one",
            .always("drop the row; method.objective=dpo, or kto for labels, trains on such a file as it is"), .reading),
        Rule(
            "guessed-role", .warning, effect: "training rejects the row, because the names do not say who answers",
            .always("take the first of two speakers for the user, and the other one for the assistant"), .reading),
        Rule(
            "unused-weight", .error, effect: "none, although the row asks for one: only answers are learned",
            .always("drop the weight"), .reading),
        Rule(
            "template-only", .warning,
            effect: "only a base model's own template can express it; with any other, training rejects the row",
            .advice("train with a base model whose template knows tools"), .reading),
        Rule(
            "harmless-keys", .note, effect: "none: the keys describe the row, and training ignores them",
            .advice("rename the key if its value must be learned"), .reading),
    ]
}

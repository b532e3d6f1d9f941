// Rules that are applied while records are read.

extension Rule {
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
            .always("drop fields beyond the header, and rows without the required fields"), .reading),
        Rule(
            "empty-file", .error, effect: "the file adds nothing",
            .advice("remove the file, or check why it is empty"),
            .reading),
        Rule(
            "changed-split", .warning, effect: "metrics before and after the change are for different rows",
            .advice("write the data to a new folder, or restore the file"), .reading),
        Rule(
            "key-spelling", .warning, effect: "training does not find the value",
            .always("rename the key as training expects it"), .reading),
        Rule(
            "role-name", .warning, effect: "training rejects the row",
            .always("rename the role as training expects it"), .reading),
        Rule(
            "surplus-keys", .note, effect: "none: training ignores them",
            .always("drop the keys and columns"), .reading),
    ]
}

// What is found while records are read.

extension Rule {
    static let reading = [
        Rule(
            "invalid-encoding", .error, effect: "the bytes would be learned as characters that nobody wrote",
            .necessary("bytes that are no UTF-8 are read as Windows-1252"), .reading),
        Rule(
            "invalid-json", .error, effect: "the row is lost", .necessary("the row is left out; mend it by hand"),
            .reading),
        Rule(
            "duplicate-key", .error, effect: "two values claim one place, and programs differ in which they take",
            .necessary("the row is left out; mend it by hand"), .reading),
        Rule(
            "unknown-row", .error, effect: "the row is lost",
            .necessary(
                "the row is left out; rows have prompt and completion, messages, instruction and output, or text"),
            .reading),
        Rule(
            "missing-field", .error, effect: "there is nothing to learn, or nothing to learn it from",
            .necessary("the row is left out"), .reading),
        Rule(
            "wrong-type", .error, effect: "training refuses the row", .necessary("the value is written as text"),
            .reading),
        Rule(
            "unknown-role", .error, effect: "nobody knows whether the turn is asked or answered",
            .necessary("the row is left out"), .reading),
        Rule(
            "row-too-large", .error, effect: "the row is lost", .necessary("the row is left out; cut it into several"),
            .reading),
        Rule(
            "stray-quote", .error, effect: "fields run into one another", .necessary("the quotes are kept as text"),
            .reading),
        Rule(
            "ragged-record", .error, effect: "a value may stand in the wrong column",
            .necessary("fields beyond the header are left out, and rows without the needed ones too"), .reading),
        Rule(
            "empty-file", .error, effect: "the file adds nothing",
            .advice("leave the file out, or see what became of it"),
            .reading),
        Rule(
            "changed-split", .warning, effect: "figures before and after the change are of other rows",
            .advice("write the data anew, into a folder of its own, or take the file as it was"), .reading),
        Rule(
            "key-spelling", .warning, effect: "training does not find the value",
            .necessary("the key is written as training expects it"), .reading),
        Rule(
            "role-name", .warning, effect: "training refuses the row",
            .necessary("the role is written as training expects it"), .reading),
        Rule(
            "surplus-keys", .note, effect: "none: training does not look at them",
            .necessary("the keys and columns are left out"), .reading),
    ]
}

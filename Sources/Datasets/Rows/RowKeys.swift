// The names of keys and columns that the reader of rows understands, and those that carry nothing to learn.

import StrictJSON

enum RowKeys {
    static let prompts = [
        "prompt", "question", "instruction", "query", "input", "text", "message", "sentence", "problem",
    ]
    static let answers = [
        "completion", "answer", "output", "response", "reply", "target", "solution", "label", "category", "intent",
        "class",
    ]
    /// Answers of an instruction. A label or category next to it describes it.
    static let outputs = ["output", "response", "answer", "completion", "target"]
    static let inputs = ["input", "context"]
    static let systems = ["system", "system_prompt", "system_message", "systeminstruction", "system_instruction"]
    static let chats = [
        "messages", "conversations", "conversation", "dialog", "dialogue", "turns", "contents", "chat",
    ]
    static let tools = ["tools", "functions"]
    /// Parts that a table of two columns does not have.
    static let furtherParts =
        ["instruction", "context", "history", "weight", "chosen", "rejected"] + systems + chats + tools

    static let roles = ["role", "from", "speaker", "author", "sender"]
    static let contents = ["content", "value", "text", "utterance", "message", "parts"]
    /// Members of a message that a model's own template may express.
    static let messageMembers = ["tool_calls", "tool_call_id", "reasoning_content", "thinking", "name"]

    /// Lists of rows inside of one object.
    static let wrappers = [
        "data", "rows", "train", "training", "validation", "valid", "dev", "test", "examples", "samples", "items",
        "instances", "records", "entries",
    ]

    /// Keys about a row, which nobody wants to be learned.
    static let harmless: Set<String> = [
        "", "id", "_id", "idx", "index", "row_idx", "row_id", "uid", "uuid", "guid", "no", "nº", "#", "unnamed: 0",
        "__index_level_0__", "custom_id", "prompt_id", "message_id", "conversation_id", "question_id", "sample_id",
        "source", "source_id", "dataset", "subset", "split", "url", "link", "origin", "license", "licence", "category",
        "categories", "tag", "tags", "topic", "title", "lang", "language", "created", "created_at", "created_date",
        "updated_at", "date", "timestamp", "time", "author_id", "user_id", "worker_id", "model", "model_name",
        "token_count", "tokens", "num_tokens", "length", "hash", "sha256", "md5", "rank", "tree_state",
        "message_tree_id", "parallel_tool_calls", "num_turns", "meta", "metadata", "extra_info",
        "review_count", "review_result", "synthetic", "detoxify", "emojis", "answer_start", "type",
    ]
    /// Keys about all rows of a file.
    static let harmlessInWrappers: Set<String> = [
        "features", "version", "num_rows", "num_rows_total", "num_rows_per_page", "partial", "name", "description",
        "schema", "truncated_cells", "dataset_info", "count", "total",
    ]
    /// Keys that carry something only if they are true.
    static let harmlessIfFalse: Set<String> = ["deleted", "truncated", "is_truncated"]

    /// All keys of rows and messages, to suggest one.
    static let known =
        prompts + answers + inputs + systems + chats + tools + ["history", "weight", "chosen", "rejected", "custom_id"]
    static let knownInMessages = roles + contents + messageMembers + ["weight"]

    /// `; did you mean prompt by "promt"?` for the first key that is close to a name without being it; otherwise nothing.
    static func meant(_ keys: [String], _ names: [String]) -> String {
        for key in keys {
            guard let name = Suggestion.nearest(to: key, among: names), plain(key) != name else { continue }
            return "; did you mean \(name) by \"\(key)\"?"
        }
        return ""
    }

    /// A key without differences of case and white space.
    static func plain(_ name: String) -> String {
        // Most keys are written this way.
        let isPlain = name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x80 && !(0x41...0x5A).contains($0) }
        return isPlain ? name : String(name.lowercased().filter { !$0.isWhitespace && $0 != "\u{FEFF}" })
    }
}

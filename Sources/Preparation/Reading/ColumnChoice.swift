// Chooses which column or key is the prompt and which is the answer.

/// The columns that the user chose.
package struct ColumnChoice: Sendable, Equatable {
    /// Names, or numbers from 1, which mean that there is no header.
    package var prompt: String?
    package var completion: String?

    package init(prompt: String? = nil, completion: String? = nil) {
        self.prompt = prompt
        self.completion = completion
    }

    static let promptNames = ["prompt", "question", "instruction", "text", "message", "sentence"]
    static let answerNames = ["completion", "answer", "output", "response", "label", "category", "intent", "class"]
}

/// The columns of one file.
package struct DelimitedHeader: Sendable, Equatable {
    var names: [String]
    /// Nil if rows are texts: then `completion` is the text's column.
    var prompt: Int?
    var completion: Int
    /// Whether the first record is a row.
    package var isRow: Bool
    /// Whether the rows are texts.
    var isText = false

    /// Reads a file's first record.
    package init(_ fields: [String], _ choice: ColumnChoice, path: String) throws(PreparationError) {
        let numbers = (choice.prompt.flatMap { Int($0) }, choice.completion.flatMap { Int($0) })
        let isRow = numbers.0 != nil || numbers.1 != nil
        let names = isRow ? fields.indices.map { String($0 + 1) } : fields
        (self.names, self.isRow, prompt, completion) = (names, isRow, nil, 0)
        func index(_ wanted: String) throws(PreparationError) -> Int {
            let plain = DelimitedHeader.plain(wanted)
            guard let found = names.firstIndex(where: { DelimitedHeader.plain($0) == plain }) else {
                throw .columnNotFound(path: path, column: wanted, columns: names)
            }
            return found
        }
        func first(of known: [String]) -> Int? {
            for name in known {
                if let found = names.firstIndex(where: { DelimitedHeader.plain($0) == name }) { return found }
            }
            return nil
        }
        if isRow, choice.prompt == nil || choice.completion == nil {
            // With two columns, one number determines both.
            guard fields.count == 2, let known = numbers.0 ?? numbers.1, known == 1 || known == 2 else {
                throw .columnsUnknown(path: path, columns: names)
            }
            (prompt, completion) = numbers.0 != nil ? (known - 1, 2 - known) : (2 - known, known - 1)
            return
        }
        let answer = try choice.completion.map { name throws(PreparationError) in try index(name) }
        let question = try choice.prompt.map { name throws(PreparationError) in try index(name) }
        if let found = answer ?? first(of: ColumnChoice.answerNames) {
            completion = found
            prompt =
                question ?? first(of: ColumnChoice.promptNames.filter { DelimitedHeader.plain(fields[found]) != $0 })
            guard prompt != nil || fields.count == 1 else { throw .columnsUnknown(path: path, columns: names) }
        } else if question == nil, let text = first(of: ["text"]) {
            (prompt, completion, isText) = (nil, text, true)
        } else {
            throw .columnsUnknown(path: path, columns: names)
        }
    }

    static func plain(_ name: String) -> String {
        String(name.lowercased().filter { !$0.isWhitespace && $0 != "\u{FEFF}" })
    }
}

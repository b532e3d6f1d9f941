// The columns or keys that the user chose, and what else a reader of rows is told.

/// The columns that the user chose.
package struct ColumnChoice: Sendable, Equatable {
    /// Names, or numbers from 1, which mean that there is no header.
    package var prompt: String?
    package var completion: String?

    package init(prompt: String? = nil, completion: String? = nil) {
        self.prompt = prompt
        self.completion = completion
    }
}

/// What a reader of rows is told.
package struct RowOptions: Sendable, Equatable {
    package var columns = ColumnChoice()
    /// Keys that are ignored, whatever they mean.
    package var ignoredKeys: Set<String> = []
    /// The delimiter of tables; nil to find it.
    package var delimiter: UInt8?
    /// Whether a row without an answer is a finding.
    package var wantsAnswer = true
    /// Whether rows that say which answers are better are read; otherwise they are a finding, since only the better ones
    /// may be learned.
    package var readsJudgements = false
    /// Whether rows keep the members that only describe them, to write them again.
    package var keepsHarmless = false

    package init(columns: ColumnChoice = ColumnChoice(), ignoredKeys: Set<String> = []) {
        self.columns = columns
        self.ignoredKeys = ignoredKeys
    }
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
    /// Whether each record is read as an object with the columns as keys, because it has more than two parts.
    var isObject = false

    /// Reads a file's first record.
    package init(_ fields: [String], _ choice: ColumnChoice, path: String) throws(DatasetError) {
        let numbers = (choice.prompt.flatMap { Int($0) }, choice.completion.flatMap { Int($0) })
        let isRow = numbers.0 != nil || numbers.1 != nil
        let names = isRow ? fields.indices.map { String($0 + 1) } : fields
        (self.names, self.isRow, prompt, completion) = (names, isRow, nil, 0)
        func index(_ wanted: String) throws(DatasetError) -> Int {
            let plain = RowKeys.plain(wanted)
            guard let found = names.firstIndex(where: { RowKeys.plain($0) == plain }) else {
                throw .columnNotFound(path: path, column: wanted, columns: names)
            }
            return found
        }
        func first(of known: [String], except other: Int? = nil) -> Int? {
            for name in known {
                if let found = names.indices.first(where: { $0 != other && RowKeys.plain(names[$0]) == name }) {
                    return found
                }
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
        if choice == ColumnChoice(), first(of: RowKeys.furtherParts) != nil {
            isObject = true
            return
        }
        let answer = try choice.completion.map { name throws(DatasetError) in try index(name) }
        let question = try choice.prompt.map { name throws(DatasetError) in try index(name) }
        if let found = answer ?? first(of: RowKeys.answers, except: question) {
            completion = found
            prompt = question ?? first(of: RowKeys.prompts, except: found)
            guard prompt != nil || fields.count == 1 else { throw .columnsUnknown(path: path, columns: names) }
        } else if question == nil, let text = first(of: ["text"]) {
            (prompt, completion, isText) = (nil, text, true)
        } else {
            throw .columnsUnknown(path: path, columns: names)
        }
    }
}

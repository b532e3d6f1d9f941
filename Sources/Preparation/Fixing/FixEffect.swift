// What a fix removes: the measure by which a fix that would harm the data is not applied without being asked for.

import Datasets

/// The rows that a fix drops, and the characters that it removes or replaces.
package struct FixEffect: Sendable, Equatable {
    /// Dropped rows that have something to learn. Duplicates, rows without an answer and leaks are not counted.
    package var rows = 0
    /// All dropped rows.
    package var allRows = 0
    /// Bytes of characters other than white space that are no longer there, in prompts and in answers and texts.
    package var prompts = 0
    package var answers = 0

    mutating func add(_ other: FixEffect) {
        rows += other.rows
        allRows += other.allRows
        prompts += other.prompts
        answers += other.answers
    }

    /// Whether a byte is a space, a tab or an end of a line or page.
    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte &- 9 < 5 }

    /// The bytes of a text without white space.
    static func size(_ text: UnsafeBufferPointer<UInt8>) -> Int {
        var size = 0
        for byte in text { size &+= isSpace(byte) ? 0 : 1 }
        return size
    }

    /// The bytes of `before`, without white space, that `after` has fewer of.
    static func lost(_ before: [UInt8], _ after: [UInt8]) -> Int {
        var counts = [Int](repeating: 0, count: 256)
        for byte in before where !isSpace(byte) { counts[Int(byte)] += 1 }
        for byte in after where !isSpace(byte) { counts[Int(byte)] -= 1 }
        return counts.reduce(0) { $0 + max(0, $1) }
    }

    /// The effect of a change of one text.
    static func change(of part: Row.Part, to text: [UInt8]) -> FixEffect {
        var effect = FixEffect()
        effect.count(lost(part.text, text), of: part)
        return effect
    }

    /// The effect of a change of one row.
    static func change(of row: Row, to fixed: Row) -> FixEffect {
        func texts(_ row: Row, answers: Bool) -> [UInt8] {
            row.parts.filter { ($0.isAnswer || $0.role == nil) == answers }.flatMap(\.text)
        }
        var effect = FixEffect()
        effect.prompts = lost(texts(row, answers: false), texts(fixed, answers: false))
        effect.answers = lost(texts(row, answers: true), texts(fixed, answers: true))
        return effect
    }

    /// Adds bytes to the column of a part.
    mutating func count(_ bytes: Int, of part: Row.Part) {
        if part.isAnswer || part.role == nil { answers += bytes } else { prompts += bytes }
    }
}

extension FixEffect {
    /// Why a fix is not applied without being asked for: it would leave no row, or change more than a tenth of the rows
    /// or of a column. Nil if it removes little.
    ///
    /// - Parameters:
    ///   - kept: the number of rows.
    ///   - total: the bytes of all prompts and answers, without white space.
    func harm(kept: Int, total: FixEffect) -> String? {
        func isMuch(_ part: Int, _ all: Int) -> Bool { part > 0 && part * 10 > all }
        func percent(_ part: Int, _ all: Int) -> Int { all == 0 ? 100 : min(100, part * 100 / all) }
        if kept > 0, allRows >= kept { return "it would leave no row" }
        if isMuch(rows, kept) { return "it would drop \(rows) of \(kept) rows" }
        if isMuch(answers, total.answers) {
            return "it would change \(percent(answers, total.answers)) % of the answers' characters"
        }
        if isMuch(prompts, total.prompts) {
            return "it would change \(percent(prompts, total.prompts)) % of the prompts' characters"
        }
        return nil
    }
}

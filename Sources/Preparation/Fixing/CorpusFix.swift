// A fix that is applied to all rows in the same way.

import Datasets

/// One fix; several are applied in the order in which they were accepted.
enum CorpusFix: Sendable, Equatable {
    case lowercasePrompts
    case lowercaseAnswers
    case appendToPrompts([UInt8])
    case removeFromPromptStart([UInt8])
    case removeFromAnswerStart([UInt8])
    case appendToAnswers([UInt8])
    case spaceBeforeAnswers
    /// Replaces answers with this hash by this text.
    case renameAnswer(from: UInt64, to: [UInt8])
    /// Drops rows of other kinds.
    case onlyKind(Row.Kind)

    /// Applies the fix; nil drops the row.
    func apply(to row: Row) -> Row? {
        var row = row
        if case .onlyKind(let kind) = self { return row.kind == kind ? row : nil }
        if case .renameAnswer(let from, let to) = self {
            if let last = row.lastAnswer, CorpusScan.answerHash(row.parts[last].text) == from {
                row.parts[last].text = to
            }
            return row
        }
        guard row.kind == .promptCompletion, row.parts.count == 2 else { return row }
        switch self {
        case .lowercasePrompts: row.parts[0].text = CorpusFix.lowercased(row.parts[0].text)
        case .lowercaseAnswers: row.parts[1].text = CorpusFix.lowercased(row.parts[1].text)
        case .appendToPrompts(let end):
            if !row.parts[0].text.hasSuffix(end) { row.parts[0].text += end }
        case .removeFromPromptStart(let prefix):
            if row.parts[0].text.starts(with: prefix) { row.parts[0].text.removeFirst(prefix.count) }
        case .removeFromAnswerStart(let prefix):
            if row.parts[1].text.starts(with: prefix) { row.parts[1].text.removeFirst(prefix.count) }
        case .appendToAnswers(let end):
            if !row.parts[1].text.hasSuffix(end) { row.parts[1].text += end }
        case .spaceBeforeAnswers:
            if row.parts[1].text.first != 0x20 { row.parts[1].text.insert(0x20, at: 0) }
        case .renameAnswer, .onlyKind: break
        }
        return row
    }

    /// What the fix removes from all rows.
    func effect(on corpus: Corpus) -> FixEffect {
        func bytes(_ text: [UInt8]) -> Int { text.withUnsafeBufferPointer { FixEffect.size($0) } }
        var effect = FixEffect()
        switch self {
        case .lowercasePrompts: effect.prompts = corpus.prompts.uppercase
        case .lowercaseAnswers: effect.answers = corpus.answers.uppercase
        case .removeFromPromptStart(let prefix): effect.prompts = bytes(prefix) * corpus.prompts.count
        case .removeFromAnswerStart(let prefix): effect.answers = bytes(prefix) * corpus.answers.count
        case .renameAnswer(let from, let to):
            guard let label = corpus.labels.labels[from] else { break }
            effect.answers = FixEffect.lost(label.text, to) * label.count
        case .onlyKind(let kind):
            effect.rows = corpus.entries.count { $0.kind != kind }
            effect.allRows = effect.rows
        case .appendToPrompts, .appendToAnswers, .spaceBeforeAnswers: break
        }
        return effect
    }

    private static func lowercased(_ text: [UInt8]) -> [UInt8] {
        Array(String(decoding: text, as: UTF8.self).lowercased().utf8)
    }

    /// The fix as text, for the diff.
    var description: String {
        func quoted(_ bytes: [UInt8]) -> String { "\"" + shown(bytes) + "\"" }
        switch self {
        case .lowercasePrompts: return "every prompt: converted to lowercase"
        case .lowercaseAnswers: return "every completion: converted to lowercase"
        case .appendToPrompts(let end): return "every prompt: \(quoted(end)) appended"
        case .removeFromPromptStart(let prefix): return "every prompt: \(quoted(prefix)) removed at the start"
        case .removeFromAnswerStart(let prefix): return "every completion: \(quoted(prefix)) removed at the start"
        case .appendToAnswers(let end): return "every completion: \(quoted(end)) appended"
        case .spaceBeforeAnswers: return "every completion: starts with a space"
        case .renameAnswer(_, let to): return "other spellings of the label \(quoted(to)): replaced by it"
        case .onlyKind(let kind): return "rows that are not \(kind.rawValue): dropped"
        }
    }
}

/// A text on one line, without characters that move the terminal's cursor.
func shown(_ bytes: [UInt8]) -> String {
    String(decoding: bytes, as: UTF8.self).unicodeScalars.map { scalar in
        switch scalar {
        case "\n": "\\n"
        case "\t": "\\t"
        case _ where scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value):
            "\\u{" + String(scalar.value, radix: 16) + "}"
        default: String(scalar)
        }
    }.joined()
}

extension [UInt8] {
    func hasSuffix(_ end: [UInt8]) -> Bool { count >= end.count && self[(count - end.count)...].elementsEqual(end) }
}

// What a document is, by the ending of its name, and the blocks that it has.

import StrictJSON

/// A kind of document.
package enum DocumentKind: String, Sendable, CaseIterable {
    case text, markdown, html, rows

    /// The endings of the files that are documents.
    package static let endings = ["txt", "text", "md", "markdown", "mdx", "html", "htm", "jsonl", "ndjson"]

    /// nil for the name of a file that is not a document.
    package init?(fileName: String) {
        guard fileName.contains(".") else { return nil }
        switch fileName.split(separator: ".").last.map({ $0.lowercased() }) ?? "" {
        case "txt", "text": self = .text
        case "md", "markdown", "mdx": self = .markdown
        case "html", "htm": self = .html
        case "jsonl", "ndjson": self = .rows
        default: return nil
        }
    }

    /// The blocks of a document in its order.
    ///
    /// - Parameter path: of the file, for errors.
    func blocks(of bytes: [UInt8], path: String) throws(RetrievalError) -> [TextBlock] {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw .notUTF8(path: path, line: DocumentKind.lineOfDefect(bytes))
        }
        switch self {
        case .text: return TextBlock.plain(text)
        case .markdown: return TextBlock.markdown(text)
        case .html: return try HTMLReader(path: path).blocks(bytes)
        case .rows: return try TextBlock.rows(text, path: path)
        }
    }

    /// The first line that is not UTF-8.
    private static func lineOfDefect(_ bytes: [UInt8]) -> Int {
        let lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
        return (lines.firstIndex { String(validating: $0, as: UTF8.self) == nil } ?? 0) + 1
    }
}

extension TextBlock {
    /// The members that hold the text of a row, the first of them that is there.
    private static let textKeys = ["text", "content", "body"]

    /// One block for each row of JSONL: its `text`, `content` or `body` under its `title`; where it has none of them, all
    /// members that are texts, numbers or truth values, each with its name.
    static func rows(_ text: String, path: String) throws(RetrievalError) -> [TextBlock] {
        var blocks: [TextBlock] = []
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            guard line.contains(where: { !$0.isWhitespace }) else { continue }
            let number = index + 1
            let root: JSONNode
            do throws(JSONError) { root = try JSONText.parse(Array(line.utf8)) } catch {
                throw .badRow(path: path, line: number, reason: "\(error)")
            }
            guard let object = root.object else {
                throw .badRow(path: path, line: number, reason: "the row is not an object")
            }
            let content = textKeys.lazy.compactMap { object[$0]?.string }.first ?? members(of: object)
            guard content.contains(where: { !$0.isWhitespace }) else {
                throw .badRow(path: path, line: number, reason: "the row has no text")
            }
            blocks.append(
                TextBlock(
                    lines: number...number, headings: object["title"]?.string.map { [$0] } ?? [],
                    text: content.split(separator: "\n"), isAlone: true))
        }
        return blocks
    }

    private static func members(of object: JSONObject) -> String {
        object.members.compactMap { member -> String? in
            guard let value = member.value.scalarText else { return nil }
            return member.key == "title" ? nil : "\(member.key): \(value)"
        }.joined(separator: "\n")
    }
}

extension JSONNode {
    /// A text as it is, a number or a truth value as JSON writes it; nil for others.
    fileprivate var scalarText: String? {
        if let string { return string }
        if let bool { return bool ? "true" : "false" }
        if let integer { return "\(integer)" }
        return number.map { "\($0)" }
    }
}

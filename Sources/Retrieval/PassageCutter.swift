// Cuts a document into passages along its structure.

/// Neighbouring blocks under the same headings become one passage while they are short together; a long block is cut between
/// its lines, and a long line between its sentences.
package struct PassageCutter: Sendable {
    /// Changes with the way of cutting, so that documents are cut again.
    static let version = 1
    /// Words of a passage, at most: about what an encoder of 256 tokens reads.
    package var mostWords = 160

    package init() {}

    /// The passages of a document in its order. Every line of a text that is neither blank nor a heading is in exactly one.
    ///
    /// - Parameter path: of the document, for errors.
    package func passages(
        of document: [UInt8], _ kind: DocumentKind, path: String
    ) throws(RetrievalError) -> [Passage] {
        passages(of: try kind.blocks(of: document, path: path))
    }

    private func passages(of blocks: [TextBlock]) -> [Passage] {
        var (passages, open): ([Passage], [TextBlock]) = ([], [])
        func finish() {
            guard let first = open.first, let last = open.last else { return }
            passages.append(
                Passage(
                    lines: first.lines.lowerBound...last.lines.upperBound, headings: first.headings,
                    text: open.map { $0.text.joined(separator: "\n") }.joined(separator: "\n\n")))
            open = []
        }
        var words = 0
        for block in blocks.flatMap(pieces) {
            let belongs = open.first.map { !block.isAlone && !$0.isAlone && $0.headings == block.headings } ?? true
            if !belongs || words + block.wordCount > mostWords {
                finish()
                words = 0
            }
            open.append(block)
            words += block.wordCount
        }
        finish()
        return passages
    }

    /// A block, or the parts of one that is too long.
    private func pieces(_ block: TextBlock) -> [TextBlock] {
        guard block.wordCount > mostWords else { return [block] }
        var (pieces, open, words): ([TextBlock], TextBlock?, Int) = ([], nil, 0)
        for (index, line) in block.text.enumerated() {
            let number = min(block.lines.lowerBound + index, block.lines.upperBound)
            for part in parts(of: line) {
                let count = TextBlock.words(part)
                if let full = open, words + count > mostWords {
                    pieces.append(full)
                    (open, words) = (nil, 0)
                }
                if open == nil {
                    open = TextBlock(
                        lines: number...number, headings: block.headings, text: [], isAlone: block.isAlone)
                }
                open?.text.append(part)
                open.map { open?.lines = $0.lines.lowerBound...number }
                words += count
            }
        }
        if let open { pieces.append(open) }
        return pieces
    }

    /// A line, or its sentences where it is too long; a sentence that is too long is cut between words.
    private func parts(of line: Substring) -> [Substring] {
        guard TextBlock.words(line) > mostWords else { return [line] }
        var (parts, start, words, place): ([Substring], Substring.Index, Int, Substring.Index) = (
            [], line.startIndex, 0, line.startIndex
        )
        var wordStart: Substring.Index?
        while place < line.endIndex {
            let next = line.index(after: place)
            if line[place].isWhitespace {
                wordStart = nil
            } else if wordStart == nil {
                wordStart = place
                words += 1
                if words > mostWords {
                    parts.append(line[start..<place])
                    (start, words) = (place, 1)
                }
            }
            let endsSentence = ".!?".contains(line[place]) && (next == line.endIndex || line[next].isWhitespace)
            if endsSentence {
                parts.append(line[start..<next])
                (start, words) = (next, 0)
            }
            place = next
        }
        if start < line.endIndex, line[start...].contains(where: { !$0.isWhitespace }) { parts.append(line[start...]) }
        return parts
    }
}

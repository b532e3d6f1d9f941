// Texts and Markdown as blocks: paragraphs, lists, tables, code, and the headings above each.

/// Lines that belong together.
struct TextBlock: Sendable, Equatable {
    /// From 1.
    var lines: ClosedRange<Int>
    var headings: [String]
    var text: [Substring]
    /// Whether it is a separate document, such as a row, and never in a passage with others.
    var isAlone = false
    var wordCount: Int { text.reduce(0) { $0 + TextBlock.words($1) } }

    static func words(_ text: some StringProtocol) -> Int {
        text.split { $0.isWhitespace }.count
    }
}

extension TextBlock {
    /// Paragraphs of a plain text, which blank lines separate.
    static func plain(_ text: String) -> [TextBlock] { Scanner(hasMarkup: false).blocks(text) }

    /// Blocks of Markdown (CommonMark 0.31: headings with # or underlined, fenced code, blank lines), without front matter.
    static func markdown(_ text: String) -> [TextBlock] { Scanner(hasMarkup: true).blocks(text) }

    private struct Scanner {
        let hasMarkup: Bool
        private var found: [TextBlock] = []
        private var open: TextBlock?
        private var headings: [(level: Int, text: String)] = []
        /// The marks that close the code that is open.
        private var fence: Substring?

        init(hasMarkup: Bool) { self.hasMarkup = hasMarkup }

        mutating func scan(_ text: String) -> [TextBlock] {
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            let first = hasMarkup ? TextBlock.Scanner.endOfFrontMatter(lines) : 0
            for (index, line) in lines.enumerated().dropFirst(first) { take(line, number: index + 1) }
            finish()
            return found
        }

        func blocks(_ text: String) -> [TextBlock] {
            var scanner = self
            return scanner.scan(text)
        }

        private mutating func take(_ line: Substring, number: Int) {
            let bare = line.drop { $0 == " " || $0 == "\t" }
            if let fence {
                append(line, number)
                // A closing fence has at least as many marks and nothing else.
                if bare.hasPrefix(fence), bare.allSatisfy({ $0 == fence.first || $0.isWhitespace }) {
                    self.fence = nil
                    finish()
                }
                return
            }
            guard hasMarkup else { return bare.isEmpty ? finish() : append(line, number) }
            if let marks = TextBlock.Scanner.fence(bare) {
                finish()
                fence = marks
                return append(line, number)
            }
            if bare.isEmpty { return finish() }
            if let (level, title) = TextBlock.Scanner.heading(bare) { return begin(level, title) }
            if let underlined = open, underlined.text.count == 1, let level = TextBlock.Scanner.underline(bare) {
                let title = underlined.text[0]
                open = nil
                return begin(level, String(title))
            }
            append(line, number)
        }

        private mutating func begin(_ level: Int, _ title: String) {
            finish()
            headings.removeAll { $0.level >= level }
            headings.append((level, title.trimmed))
        }

        private mutating func append(_ line: Substring, _ number: Int) {
            if open == nil {
                open = TextBlock(lines: number...number, headings: headings.map(\.text), text: [])
            }
            open?.text.append(line)
            open.map { open?.lines = $0.lines.lowerBound...number }
        }

        private mutating func finish() {
            if let open { found.append(open) }
            open = nil
        }

        /// Lines of metadata between two lines of dashes, at the very beginning.
        private static func endOfFrontMatter(_ lines: [Substring]) -> Int {
            guard lines.first?.trimmed == "---" else { return 0 }
            return lines.dropFirst().firstIndex { $0.trimmed == "---" }.map { $0 + 1 } ?? 0
        }

        private static func fence(_ line: Substring) -> Substring? {
            for mark in ["`", "~"] as [Character] {
                let marks = line.prefix { $0 == mark }
                if marks.count >= 3 { return marks }
            }
            return nil
        }

        private static func heading(_ line: Substring) -> (Int, String)? {
            let marks = line.prefix { $0 == "#" }
            let rest = line.dropFirst(marks.count)
            guard (1...6).contains(marks.count), rest.isEmpty || rest.first?.isWhitespace == true else { return nil }
            // Marks at the end are decoration.
            var title = Substring(rest.trimmed)
            while title.last == "#" { title = title.dropLast() }
            return (marks.count, title.trimmed)
        }

        private static func underline(_ line: Substring) -> Int? {
            let bare = line.trimmed
            guard let mark = bare.first, bare.allSatisfy({ $0 == mark }) else { return nil }
            return mark == "=" ? 1 : mark == "-" && bare.count > 1 ? 2 : nil
        }
    }
}

extension StringProtocol {
    /// Without spaces at both ends.
    var trimmed: String {
        let start = drop { $0.isWhitespace }
        var end = Substring(start)
        while end.last?.isWhitespace == true { end = end.dropLast() }
        return String(end)
    }
}

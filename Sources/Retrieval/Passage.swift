// A part of a document that is found as one.

/// Some paragraphs under one heading.
package struct Passage: Sendable, Equatable {
    /// Its lines in the file, from 1.
    package let lines: ClosedRange<Int>
    /// The headings above it, the outermost first.
    package let headings: [String]
    package let text: String

    package init(lines: ClosedRange<Int>, headings: [String], text: String) {
        (self.lines, self.headings, self.text) = (lines, headings, text)
    }

    /// What is between two headings in one text.
    package static let headingMark = " > "

    /// What is embedded and searched for words: a paragraph often leaves to its headings what it is about.
    package var searched: String {
        headings.isEmpty ? text : headings.joined(separator: Passage.headingMark) + "\n" + text
    }
}

// Passages: where documents are cut, and that nothing is lost.

import Retrieval
import Testing

@Suite struct PassageTests {
    private static func cutter(_ words: Int) -> PassageCutter {
        var cutter = PassageCutter()
        cutter.mostWords = words
        return cutter
    }

    private static func passages(_ text: String, _ kind: DocumentKind, words: Int = 160) throws -> [Passage] {
        try cutter(words).passages(of: Array(text.utf8), kind, path: "a/document")
    }

    @Test func markdownAlongItsHeadings() throws {
        let text = """
            ---
            title: not a passage
            ---
            # Pool #

            Open from nine.
            Closed on Mondays.

            ## Sauna
            Twelve euros.

            - towels
            - robes

            Prices
            ------

            ```sh
            # not a heading

            make
            ```
            After the code.
            # Garden
            Roses.
            """
        let found = try Self.passages(text, .markdown, words: 100)
        #expect(
            found == [
                Passage(lines: 6...7, headings: ["Pool"], text: "Open from nine.\nClosed on Mondays."),
                Passage(lines: 10...13, headings: ["Pool", "Sauna"], text: "Twelve euros.\n\n- towels\n- robes"),
                Passage(
                    lines: 18...23, headings: ["Pool", "Prices"],
                    text: "```sh\n# not a heading\n\nmake\n```\n\nAfter the code."),
                Passage(lines: 25...25, headings: ["Garden"], text: "Roses."),
            ])
        #expect(found[1].searched == "Pool > Sauna\nTwelve euros.\n\n- towels\n- robes")
    }

    @Test func longBlocksAreCutBetweenLinesAndSentences() throws {
        let text = "a b c\nd e f\ng\n\nh i j k. l m! n o p q r s t"
        let found = try Self.passages(text, .text, words: 4)
        #expect(found.map(\.text) == ["a b c", "d e f\ng", "h i j k.", " l m!", " n o p q ", "r s t"])
        #expect(found.map(\.lines) == [1...1, 2...3, 5...5, 5...5, 5...5, 5...5])
    }

    /// Every word is in one passage, in order, and no passage is too long.
    @Test(arguments: [1, 3, 10, 1000]) func nothingIsLost(words: Int) throws {
        let text = (0..<60).map { index in
            "w\(index)" + (index % 7 == 3 ? ".\n\n" : index % 5 == 0 ? "\n" : index % 11 == 0 ? ". " : " ")
        }.joined()
        for kind in [DocumentKind.text, .markdown] {
            let found = try Self.passages(text, kind, words: words)
            let all = found.flatMap { $0.text.split { $0.isWhitespace } }
            #expect(all == text.split { $0.isWhitespace })
            #expect(found.allSatisfy { $0.text.split { $0.isWhitespace }.count <= words })
        }
    }

    @Test(arguments: ["", "\n\n \n", "# Only a heading", "---\na: b\n---\n"]) func nothingToFind(text: String) throws {
        #expect(try Self.passages(text, .markdown).isEmpty)
    }

    @Test func pagesAsTheyAreRead() throws {
        let page = """
            <!doctype html>
            <html><head><title>no</title><style>p { color: red }</style></head><body>
            <nav>Home | Prices</nav>
            <h1>Pool &amp; sauna</h1>
            <p>Open from <b>nine</b>
            to ten.<script>alert(1)</script>
            <h2>Prices</h2>
            <table><tr><td>child</td><td>3</td></tr><tr><td>adult</td><td>6</td></tr></table>
            <ul><li>towels<li>robes</ul>
            """
        let found = try Self.passages(page, .html)
        #expect(
            found == [
                Passage(lines: 5...6, headings: ["Pool & sauna"], text: "Open from nine to ten."),
                Passage(
                    lines: 8...9, headings: ["Pool & sauna", "Prices"],
                    text: "child 3\n\nadult 6\n\ntowels\n\nrobes"),
            ])
        #expect(try Self.passages("", .html).isEmpty && Self.passages("<p>", .html).isEmpty)
    }

    @Test func rowsStayAlone() throws {
        let rows = """
            {"title": "Pool", "text": "Open from nine.\\nNot on Mondays."}

            {"question": "How much?", "answer": "Six euros", "year": 2025, "tags": ["a"]}
            {"body": "a b c d e f"}
            """
        let found = try Self.passages(rows, .rows, words: 5)
        #expect(
            found.map(\.text) == [
                "Open from nine.", "Not on Mondays.", "question: How much?", "answer: Six euros\nyear: 2025",
                "a b c d e ", "f",
            ])
        #expect(found.map(\.lines) == [1...1, 1...1, 3...3, 3...3, 4...4, 4...4])
        #expect(found.map(\.headings) == [["Pool"], ["Pool"], [], [], [], []])
        let short = try Self.passages(rows, .rows)
        #expect(short.count == 3 && short[2].text == "a b c d e f")
    }

    @Test(arguments: [
        ("[1]", "a/document:1: the row is not an object"), ("{}", "a/document:1: the row has no text"),
        ("{\"text\": \"a\"}\n{\"text\": 1,}", "a/document:2: "),
    ]) func rowsWithoutText(_ rows: String, _ message: String) {
        #expect { try Self.passages(rows, .rows) } throws: { "\($0)".hasPrefix(message) }
    }

    @Test func bytesThatAreNotUTF8() {
        let bytes = Array("fine\nna".utf8) + [0xEF] + Array("ve\n".utf8)
        #expect(throws: RetrievalError.notUTF8(path: "x.md", line: 2)) {
            try PassageCutter().passages(of: bytes, .markdown, path: "x.md")
        }
    }

    @Test func fusion() {
        let found = RankFusion.fuse([[3, 1, 2], [1, 4]])
        #expect(found.map(\.item) == [1, 3, 4, 2])
        #expect(abs(found[0].score - (1 / 62.0 + 1 / 61.0)) < 1e-12)
        #expect(RankFusion.fuse([[], []]).isEmpty)
    }
}

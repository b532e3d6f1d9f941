// How a file is divided into documents.

import Datasets
import Testing

@Suite struct DocumentTests {
    @Test(
        arguments: [
            (.text, "a\n\nb\n", [(1, "a\n\nb\n")]),
            (.text, "\n", [(1, "\n")]),
            (.text, "", []),
            (.lines, "a\nb\n", [(1, "a"), (2, "b")]),
            (.lines, "\n a \n\t \nlast", [(2, " a "), (4, "last")]),
            (.lines, "", []),
            (.lines, "\n\n", []),
            (.documents, "a\nb\n\nc\n", [(1, "a\nb"), (4, "c")]),
            (.documents, "\n\n \t\na\n\n\n\nb\n c\n\n", [(4, "a"), (8, "b\n c")]),
            (.documents, "one", [(1, "one")]),
            (.documents, "", []),
            (.documents, " \n\t\n", []),
        ] as [(DataFormat, String, [(Int, String)])])
    func formats(format: DataFormat, text: String, expected: [(line: Int, text: String)]) throws {
        let file = try TextFile(path: "t.txt", bytes: Array(text.utf8))
        let documents = try Document.documents(of: file, format: format)
        #expect(
            documents
                == expected.map { line, text in
                    let bytes = Array(text.utf8)
                    return Document(path: "t.txt", line: line, content: format == .text ? .stream(bytes) : .text(bytes))
                })
    }
}

// Rows as people have them: every file of the test data, with its one right reading or error.

import Foundation
import TestSupport
import Testing

@Suite struct PeopleTests {
    /// What is expected of one file.
    struct Expected: Sendable, CustomTestStringConvertible {
        var name: String
        /// The number of rows, and the first one.
        var rows = 0
        var first = ""
        var error: String?
        var encodingError: String?
        var rules: [String] = []

        var testDescription: String { name }
    }

    static let expected: [Expected] = {
        let path = RowTable.folder.appendingPathComponent("people.list")
        let text = (try? String(contentsOf: path, encoding: .utf8)) ?? ""
        var list: [Expected] = []
        for line in text.split(separator: "\n") {
            let rest = String(line.dropFirst(3))
            if line.hasPrefix("== ") {
                list.append(Expected(name: rest))
            } else if line.hasPrefix("!! ") {
                list[list.count - 1].error = rest
            } else if line.hasPrefix("!t ") {
                list[list.count - 1].encodingError = rest
            } else if line.hasPrefix("?? ") {
                list[list.count - 1].rules = rest.components(separatedBy: ", ")
            } else if line.hasPrefix("=") {
                let parts = line.dropFirst().split(separator: " ", maxSplits: 1)
                list[list.count - 1].rows = Int(parts[0]) ?? -1
                list[list.count - 1].first = String(parts[1])
            }
        }
        return list
    }()

    static let folder = TestData.path("rows-as-people-have-them")

    @Test(.enabled(if: FileManager.default.fileExists(atPath: folder), "rows-as-people-have-them is absent"))
    func everyFileIsExpected() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: Self.folder)
        #expect(Set(names).subtracting(["PROVENANCE.md"]) == Set(Self.expected.map(\.name)))
    }

    @Test(
        .enabled(if: FileManager.default.fileExists(atPath: folder), "rows-as-people-have-them is absent"),
        arguments: expected)
    func hasOneReading(_ test: Expected) throws {
        try withTemporaryFolder { output in
            let found = try ThreeReadings(path: Self.folder + "/" + test.name, output: output.path + "/prepared")
            #expect(found.error == test.error)
            #expect(found.documents.count == test.rows)
            #expect(found.documents.first.map(RowText.text) ?? "" == test.first)
            RowTableTests.compare(found, test.rules, kept: nil)
            if test.error == nil { #expect(found.dryRunError == test.encodingError) }
        }
    }
}

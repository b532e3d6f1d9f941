// Files without defects, one for every format: the only finding is that they are short.

import Datasets
import Foundation
import Preparation
import TestSupport
import Testing

@Suite struct CleanFileTests {
    static let files: [(name: String, text: String, rows: Int, task: TaskKind)] = [
        ("a.jsonl", RuleTests.pairs, 4, .conditional),
        ("a.jsonl", "\u{FEFF}" + RuleTests.pairs.replacing("\n", with: "\r\n"), 4, .conditional),
        ("a.jsonl", RuleTests.chats, 2, .conditional),
        ("a.json", "[\n" + RuleTests.pairs.split(separator: "\n").joined(separator: ",\n") + "\n]\n", 4, .conditional),
        ("a.json", "[]\n".replacing("[]", with: "[{\"text\": \"one\"}, {\"text\": \"two\"}]"), 2, .openEnded),
        (
            "a.json",
            "{\n  \"Rain\": [{\"data\": [{\"text\": \"will it \"}, {\"text\": \"rain ->\"}]}],\n"
                + "  \" Sun\": [{\"data\": [{\"text\": \"is it sunny ->\"}]}]}\n", 2, .conditional
        ),
        (
            "a.jsonl",
            "{\"instruction\":\"Add these.\",\"input\":\"1, 2\",\"output\":\"3\"}\n{\"instruction\":\"Say hello.\",\"output\":\"Hello\"}\n",
            2, .conditional
        ),
        ("a.jsonl", "{\"text\":\"one two\"}\n{\"text\":\"three\"}\n", 2, .openEnded),
        ("a.csv", "prompt,completion\n\"a, b ->\",\" \"\"one\"\".\"\n\"c\nd ->\", two.\n", 2, .conditional),
        ("a.tsv", "question\tanswer\nred ->\t one.\nblue ->\t two.\n", 2, .conditional),
        (
            "a.jsonl",
            "{\"tools\":[{\"type\":\"function\"}],\"messages\":[{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"assistant\",\"content\":\"b\"}]}\n",
            1, .conditional
        ),
        ("a.csv", "text\none line\n\"two, lines\"\n", 2, .openEnded),
        ("a.txt", "one line\nanother line\n", 2, .openEnded),
        ("a.txt", "one\ndocument\n\nanother\n\n\nthird\n", 3, .openEnded),
        ("noname", "question one ->\t one.\nquestion two ->\t two.\n", 2, .conditional),
    ]

    @Test(arguments: files.indices) func noFindings(_ index: Int) throws {
        let (name, content, rows, task) = Self.files[index]
        var text = content
        if text.contains("\"Rain\"") { text = text.replacing("\"Rain\"", with: "\" Rain\"") }
        let report = try Checked.report([(name, Array(text.utf8))]) { request in
            if name == "noname" { request.columns = ColumnChoice(prompt: "1", completion: "2") }
        }
        let found = Set(report.findings.map(\.rule.name)).subtracting(Checked.always)
        // Labels do not need a common ending; tools need a template that knows them.
        let known: Set<String> = text.contains("Rain") ? ["no-ending"] : text.contains("tools") ? ["template-only"] : []
        #expect(found.subtracting(known).isEmpty, "\(report.render())")
        #expect(report.kept == rows)
        #expect(report.task == task)
    }

    /// Each text file of a folder as one example.
    @Test func textFilesOfAFolder() throws {
        try withTemporaryFolder { folder in
            try FileManager.default.createDirectory(atPath: folder.path + "/in/deep", withIntermediateDirectories: true)
            try folder.write("A poem\n\nof two paragraphs\n", as: "in/a.txt")
            try folder.write("Another poem\n", as: "in/deep/b.txt")
            try folder.write("no data", as: "in/README.md")
            var request = PreparationRequest(inputs: [folder.path + "/in"])
            request.tokenizer = .bytes
            request.text = .files
            let report = try Preparer.check(request).report
            #expect(report.kept == 2)
            #expect(Set(report.findings.map(\.rule.name)) == ["few-examples"])
        }
    }

    @Test func aFileThatIsNamedTwiceIsReadOnce() throws {
        try withTemporaryFolder { folder in
            let path = try folder.write(RuleTests.pairs, as: "a.jsonl")
            var request = PreparationRequest(inputs: [path, folder.path + "/./a.jsonl", folder.path])
            request.tokenizer = .bytes
            let report = try Preparer.check(request).report
            #expect((report.files.map(\.path), report.kept) == ([folder.path + "/./a.jsonl"], 4))
        }
    }

    @Test(arguments: [[UInt8]("PK\u{3}\u{4}".utf8), [0xFF, 0xFE, 0x41, 0], [UInt8]("PAR1".utf8)])
    func binaryFilesAreRefused(_ start: [UInt8]) {
        #expect(throws: DatasetError.self) { try Checked.report([("table.xlsx", start + [1, 2, 3])]) }
    }

    @Test func compressedFilesAreRead() throws {
        try withTemporaryFolder { folder in
            let plain = try folder.write(RuleTests.pairs, as: "a.jsonl")
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            process.arguments = ["gzip", "--keep", plain]
            try process.run()
            process.waitUntilExit()
            try #require(process.terminationStatus == 0)
            var request = PreparationRequest(inputs: [plain + ".gz"])
            request.tokenizer = .bytes
            let report = try Preparer.check(request).report
            #expect(report.kept == 4)
            #expect(report.bytes == RuleTests.pairs.utf8.count)

            let packed = try folder.read("a.jsonl.gz")
            request.inputs = [try folder.write(Array(packed.dropLast(9)), as: "cut.jsonl.gz")]
            #expect(throws: DatasetError.self) { try Preparer.check(request) }
        }
    }

    @Test func aMissingColumnIsNamed() throws {
        let text = Array("a,b\n1,2\n".utf8)
        #expect(throws: DatasetError.self) { try Checked.report([("a.csv", text)]) }
        do {
            _ = try Checked.report([("a.csv", text)]) { $0.columns = ColumnChoice(prompt: "a", completion: "c") }
            Issue.record("a column that is not there was found")
        } catch let error as DatasetError {
            #expect("\(error)".hasSuffix("a.csv, line 1: there is no column c; the columns are a, b"))
        }
    }
}

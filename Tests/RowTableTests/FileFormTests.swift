// Files that training reads in other forms than plain UTF-8, and what it says about them.

import Datasets
import Foundation
import StrictJSON
import TestSupport
import Testing
import Tokenizer
import Training

@Suite struct FileFormTests {
    private static func read(_ paths: [String]) throws -> (RunDocuments, RunData) {
        var data = RunConfig().data
        data.train = paths
        data.validationFraction = 0
        let documents = try RunDocuments.read(data)
        return (documents, try RunData.encode(documents, tokenizer: .bytes, EncodingOptions()))
    }

    @Test func gzipIsDecompressed() throws {
        let packed: [UInt8] = [
            0x1F, 0x8B, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xAB, 0x56, 0x2A, 0x28, 0xCA, 0xCF,
            0x2D, 0x28, 0x51, 0xB2, 0x52, 0x50, 0x0A, 0xCF, 0x48, 0x2D, 0x4A, 0xB5, 0x57, 0xD2, 0x51, 0x50,
            0x4A, 0x06, 0x0A, 0xE5, 0xA4, 0x96, 0x64, 0xE6, 0xE7, 0x81, 0xC4, 0x15, 0x42, 0x40, 0x12, 0x7A,
            0x4A, 0xB5, 0xBC, 0x5C, 0x00, 0xE2, 0xE8, 0x32, 0x9E, 0x2F, 0x00, 0x00, 0x00,
        ]
        for name in ["rows.jsonl.gz", "rows.jsonl", "rows.txt.gz"] {
            try withTemporaryFolder { folder in
                let (documents, _) = try Self.read([try folder.write(packed, as: name)])
                #expect(
                    documents[.train].map(RowText.text) == ["prompt-completion  user: Where?  |  assistant:  There."])
                #expect(throws: DatasetError.self) {
                    try Self.read([try folder.write(Array(packed.dropLast(9)), as: "cut.gz")])
                }
            }
        }
    }

    @Test func whatIsNormalizedIsInTheLedger() throws {
        try withTemporaryFolder { folder in
            let texts: [(String, [UInt8], [String])] = [
                ("a.txt", Array("one\ntwo\n".utf8), []),
                ("b.txt", [0xEF, 0xBB, 0xBF] + Array("one\r\ntwo\r\n".utf8), ["byte-order mark", "line ends"]),
                ("c.txt", Array("one\rtwo\r".utf8), ["line ends"]),
                ("d.txt", Array("one\r\n".utf16.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }), ["UTF-16"]),
            ]
            let paths = try texts.map { try folder.write($0.1, as: $0.0) }
            let (_, data) = try Self.read(paths)
            let ledger = try #require(try JSONText.parse(data.ledger.serialized()).object)
            let files = try #require(ledger["files"]?.array)
            #expect(files.map { $0.object?["normalized"]?.array?.compactMap(\.string) ?? [] } == texts.map(\.2))
            #expect(
                data.summary.contains {
                    $0.hasPrefix("normalized: ") && $0.contains("b.txt (byte-order mark, line ends)")
                })
        }
    }

    /// Harmless keys and files that are not data are said once.
    @Test func whatIsIgnoredIsInTheLedger() throws {
        try withTemporaryFolder { folder in
            try FileManager.default.createDirectory(atPath: folder.path + "/data", withIntermediateDirectories: true)
            try folder.write("{\"id\":1,\"text\":\"one\"}\n{\"id\":2,\"text\":\"two\"}\n", as: "data/a.jsonl")
            try folder.write("About the rows\n", as: "data/README.md")
            let (_, data) = try Self.read([folder.path + "/data"])
            #expect(data.summary.contains("ignored keys: id (2)"))
            #expect(data.summary.contains { $0.hasPrefix("not read, because not data: ") && $0.hasSuffix("README.md") })
            #expect(data.ledger.serialized().contains("\"ignoredKeys\":{\"id\":2}"))
        }
    }
}

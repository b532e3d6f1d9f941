// Indexes of documents: what is found, what is embedded again, and what stops and damage do.

import Conversations
import Foundation
import Retrieval
import SentenceEncoder
import TestSupport
import Testing

@Suite struct DocumentIndexTests {
    private static let encoder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Fixtures/bert").path
    private static let words = [
        "the", "wind", "rain", "cold", "in", "zurich", "is", "a", "b", "c", "snow", "over", "all", "degrees", "un",
    ]

    /// A folder with documents, and an index of them.
    private struct Place {
        let folder: TemporaryFolder
        var path: String { folder.path + "/docs" }
        var indexPath: String { folder.path + "/index" }

        init() throws {
            folder = try TemporaryFolder()
            try FileManager.default.createDirectory(
                atPath: folder.path + "/docs/deep", withIntermediateDirectories: true)
            try folder.write("# Wind\n\nThe wind in zurich.\n\n# Rain\n\nCold rain over all.\n", as: "docs/a.md")
            try folder.write("Snowed in, c degrees.\n", as: "docs/deep/b.txt")
            try folder.write("{\"text\": \"unhappy a b\"}\n{\"text\": \"the cafe is cold\"}\n", as: "docs/c.jsonl")
            try folder.write("not read", as: "docs/.hidden.md")
            try folder.write("not read", as: "docs/picture.png")
        }

        @discardableResult
        func update() throws -> IndexUpdate {
            let index = try DocumentIndex(folder: indexPath, creatingWith: "tiny", encoder: encoder)
            return try index.update(DocumentFile.found(in: [path]))
        }

        func opened() throws -> DocumentIndex {
            try DocumentIndex(folder: indexPath) { name in
                #expect(name == "tiny")
                return encoder
            }
        }
    }

    @Test func foundByWordsAndByMeaning() throws {
        let place = try Place()
        #expect(
            try place.update().counts == [3, 5, 3, 0, 0, 0, 5])
        let index = try place.opened()
        let rain = try index.search("is there rain?", count: 3, way: .words)
        #expect(rain.count == 1 && rain[0].path == place.path + "/a.md" && rain[0].place.hasSuffix("/a.md:7"))
        #expect(rain[0].passage == Passage(lines: 7...7, headings: ["Rain"], text: "Cold rain over all."))
        // A text's own vector is the nearest of all, and its cosine is 1.
        let same = try index.search("the cafe is cold", count: 2, way: .meaning)
        #expect(same.count == 2 && same[0].passage.text == "the cafe is cold" && same[0].place.hasSuffix("c.jsonl:2"))
        #expect(abs(same[0].similarity - 1) < 1e-5 && same[1].similarity < same[0].similarity)
        // Words in other forms, and a search's own signs.
        #expect(
            try index.search("SNOWING \"(degree* NOT", count: 1, way: .words).first?.place.hasSuffix("b.txt:1") == true)
        #expect(try index.search("the", count: 9, way: .words).count == 2)
        #expect(try index.search("", count: 9, way: .words).isEmpty)
        #expect(try index.search("?", count: 9).count == 5)
        let both = try index.search("unhappy", count: 5)
        #expect(both.count == 5 && both[0].passage.text == "unhappy a b")
    }

    @Test func onlyWhatChangedIsEmbedded() throws {
        let place = try Place()
        try place.update()
        #expect(
            try place.update().counts == [3, 5, 0, 0, 0, 3, 0])
        try place.folder.write(
            "# Wind\n\nThe wind in zurich.\n\nMore\n\n# Rain\n\nRain.\n\n# Wind\n\nCold rain over all.\n",
            as: "docs/a.md")
        let changed = try place.update()
        #expect(changed.changed == 1 && changed.unchanged == 2 && changed.embedded == 3 && changed.passages == 6)
        // A document under another name brings nothing new; of one that is gone nothing is found.
        try FileManager.default.moveItem(atPath: place.path + "/c.jsonl", toPath: place.path + "/d.jsonl")
        try FileManager.default.removeItem(atPath: place.path + "/deep/b.txt")
        let moved = try place.update()
        #expect(
            moved.counts == [2, 5, 1, 0, 2, 1, 0])
        let index = try place.opened()
        #expect(try index.search("snowed degrees", count: 9, way: .words).isEmpty)
        #expect(try index.search("unhappy", count: 9, way: .meaning).count == 5)
        #expect(try index.search("unhappy", count: 9, way: .words).first?.place.hasSuffix("d.jsonl:1") == true)
    }

    /// The graph finds what a look at all vectors finds, also after much was taken out, and when its file is damaged.
    @Test func theGraphIsRight() throws {
        let place = try Place()
        func text(_ index: Int) -> String {
            (0..<5).map { DocumentIndexTests.words[(index / [1, 15, 225, 7, 31][$0]) % 15] }.joined(separator: " ")
        }
        func write(_ rows: Range<Int>) throws {
            try place.folder.write(
                rows.map { "{\"text\": \"\(text($0))\"}" }.joined(separator: "\n"), as: "docs/c.jsonl")
        }
        let encoder = try SentenceEncoder(folder: Self.encoder)
        let query = "snow is cold in zurich"
        func check(_ rows: Range<Int>) throws {
            let index = try place.opened()
            let found = try index.search(query, count: 10, way: .meaning)
            let texts = Set(rows.map(text) + ["The wind in zurich.", "Cold rain over all.", "Snowed in, c degrees."])
            let of = encoder.vectors(of: [Array(query.utf8)])[0]
            var cosines = encoder.vectors(
                of: texts.map {
                    $0 == "The wind in zurich." ? "Wind\n" + $0 : $0 == "Cold rain over all." ? "Rain\n" + $0 : $0
                }
                .map { Array($0.utf8) }
            ).map { zip($0, of).reduce(0) { $0 + $1.0 * $1.1 } }
            cosines.sort(by: >)
            // Rows of one text share a vector, and are found in turn.
            #expect(abs(found[0].similarity - cosines[0]) < 1e-5)
            #expect(
                Set(found.map(\.similarity)).allSatisfy { similarity in cosines.contains { abs($0 - similarity) < 1e-5 }
                })
            let distinct = Set(found.map(\.passage.text)).count
            #expect(abs(found[9].similarity - cosines[distinct - 1]) < 1e-4)
        }
        try write(0..<900)
        try place.update()
        try check(0..<900)
        try write(300..<1100)
        try place.update()
        try check(300..<1100)
        try write(1000..<1100)
        try place.update()
        try check(1000..<1100)

        let file = try #require(try place.folder.names(in: "index").first { $0.hasSuffix(".hnsw") })
        let path = place.indexPath + "/" + file
        let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        try bytes.prefix(bytes.count / 2).write(to: URL(fileURLWithPath: path))
        try check(1000..<1100)
        #expect(try place.folder.names(in: "index").count { $0.hasSuffix(".hnsw") } == 1)
        try FileManager.default.removeItem(
            atPath: place.indexPath + "/" + #require(
                try place.folder.names(in: "index").first { $0.hasSuffix(".hnsw") }))
        try check(1000..<1100)
    }

    @Test func aStopLosesNothing() throws {
        let place = try Place()
        try place.folder.write([0x61, 0x0A, 0xFF], as: "docs/deep/z.md")
        #expect(throws: RetrievalError.notUTF8(path: place.path + "/deep/z.md", line: 2)) { try place.update() }
        #expect(throws: RetrievalError.unfinished(path: place.indexPath)) { try place.opened() }
        try place.folder.write("a b", as: "docs/deep/z.md")
        let finished = try place.update()
        #expect(finished.unchanged == 3 && finished.added == 1 && finished.embedded == 1)
        #expect(try place.opened().search("a b", count: 1, way: .meaning).first?.place.hasSuffix("z.md:1") == true)
    }

    @Test func foldersWithoutAnIndex() throws {
        let place = try Place()
        #expect(throws: RetrievalError.notAnIndex(path: place.indexPath)) { try place.opened() }
        #expect(throws: RetrievalError.notAnIndex(path: place.path)) {
            try DocumentIndex(folder: place.path, creatingWith: "tiny", encoder: Self.encoder)
        }
        #expect(throws: RetrievalError.unreadable(path: "/none", reason: "there is no such file or folder")) {
            try DocumentFile.found(in: ["/none"])
        }
        try place.update()
        let other = place.folder.path + "/other"
        try FileManager.default.copyItem(atPath: Self.encoder, toPath: other)
        let handle = try #require(FileHandle(forWritingAtPath: other + "/model.safetensors"))
        try handle.seekToEnd()
        try handle.write(contentsOf: Data([0]))
        #expect(throws: RetrievalError.otherEncoder(path: place.indexPath, stored: "tiny", given: "big")) {
            try DocumentIndex(folder: place.indexPath, creatingWith: "big", encoder: other)
        }
        #expect(throws: RetrievalError.otherEncoder(path: place.indexPath, stored: "tiny", given: other)) {
            try DocumentIndex(folder: place.indexPath) { _ in other }
        }
    }

    /// A service has an index open while somebody brings it up to date.
    @Test func anotherUpdateIsSeen() throws {
        let place = try Place()
        try place.update()
        let index = try place.opened()
        let question = "a wind over the snow"
        #expect(try index.search(question, count: 1, way: .meaning)[0].similarity < 0.999)
        try place.folder.write("A wind over the snow.", as: "docs/new.md")
        try FileManager.default.removeItem(atPath: place.path + "/c.jsonl")
        try place.update()
        let found = try index.search("a wind over the snow.", count: 9, way: .meaning)
        #expect(found[0].path.hasSuffix("/new.md") && abs(found[0].similarity - 1) < 1e-5, "\(found)")
        #expect(found.count == 4 && !found.contains { $0.path.hasSuffix("c.jsonl") })
    }

    @Test func questionsCarryPassages() throws {
        let place = try Place()
        try place.update()
        let index = try place.opened()
        let asked = [
            Message(.system, "Be short."), Message(.user, "Hi"), Message(.assistant, "Hello."),
            Message(.user, "the cafe is cold"),
        ]
        let grounding = Grounding(index: index, count: 2, leastSimilarity: 0.9)
        let (messages, sources) = try grounding.ground(asked) { _ in true }
        #expect(
            sources.count == 2 && sources[0].passage.text == "the cafe is cold"
                && Array(messages[1...]) == Array(asked[1...]))
        let system = String(decoding: messages[0].content, as: UTF8.self)
        #expect(
            system.hasPrefix(
                """
                Be short.

                Answer from these passages. Where they do not say it, answer: Not in the documents.

                [1] the cafe is cold

                [2] 
                """), "\(system)")
        // The least of the passages go first, and one stays.
        let tight = try grounding.ground(Array(asked.suffix(1))) { $0[0].content.count < 10 }
        #expect(tight.sources.count == 1 && tight.messages.count == 2 && tight.messages[0].role == .system)
        let far = Grounding(index: index, count: 2, leastSimilarity: 1.1)
        let (same, none) = try far.ground(asked) { _ in true }
        #expect(same == asked && none.isEmpty)
    }
}

extension IndexUpdate {
    fileprivate var counts: [Int] { [documents, passages, added, changed, removed, unchanged, embedded] }
}

extension TemporaryFolder {
    fileprivate func names(in folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path + "/" + folder)
    }
}

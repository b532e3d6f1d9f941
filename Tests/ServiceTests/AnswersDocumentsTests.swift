// Chats that answer from the service's documents: passages in the prompt, their places, and what has no place.

import Dispatch
import Foundation
import Retrieval
import StrictJSON
import Synchronization
import TestSupport
import Testing

@Suite struct AnswersDocumentsTests {
    private static let encoder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Fixtures/bert").path
    private static let target = "/v1/chat/completions"

    /// A service with two short documents.
    ///
    /// - Parameter nearness: that no vector has, or all have.
    private static func served(nearness: Float = -1, count: Int = 2) throws -> AnswersFixture {
        try AnswersFixture(documents: { place in
            try FileManager.default.createDirectory(
                atPath: place.path + "/docs", withIntermediateDirectories: true)
            try place.write("Rain.", as: "docs/a.txt")
            try place.write("# Wind\n\nCold wind.", as: "docs/b.md")
            let path = place.path + "/index"
            let index = try DocumentIndex(folder: path, creatingWith: "tiny", encoder: encoder)
            _ = try index.update(DocumentFile.found(in: [place.path + "/docs"]))
            let opened = try DocumentIndex(folder: path) { _ in encoder }
            return SharedGrounding(Grounding(index: opened, count: count, leastSimilarity: nearness))
        })
    }

    private static func body(_ more: String = "", model: String = "chatty", question: String = "Is it cold?") -> String
    {
        #"{"model": "\#(model)", "messages": [{"role": "user", "content": "\#(question)"}], "temperature": 0, "max_tokens": 6\#(more)}"#
    }

    @Test func answersComeFromPassages() throws {
        let fixture = try Self.served()
        let (status, answer) = try fixture.post(Self.target, Self.body())
        #expect(status == 200, "\(answer.text)")
        let sources = try #require(answer["sources"]?.array)
        #expect(sources.count == 2)
        let wind = try #require(sources.first { $0["path"]?.string?.hasSuffix("docs/b.md") == true })
        #expect(wind["firstLine"]?.integer == 3 && wind["lastLine"]?.integer == 3)
        #expect(wind["text"]?.string == "Wind\nCold wind." && wind["similarity"]?.number != nil)
        // The same as from someone who puts the passages there.
        let texts = sources.compactMap { $0["text"]?.string }
        let system =
            "Answer from these passages. Where they do not say it, answer: Not in the documents.\n\n"
            + texts.enumerated().map { "[\($0.offset + 1)] \($0.element)" }.joined(separator: "\n\n")
        let messages: JSONOutput = [
            ["role": "system", "content": .string(system)], ["role": "user", "content": "Is it cold?"],
        ]
        let own = try fixture.post(
            Self.target,
            #"{"model": "chatty", "messages": \#(messages.serialized()), "documents": false, "temperature": 0, "max_tokens": 6}"#
        )
        #expect(own.json["sources"] == nil)
        #expect(own.json["choices"]?.text == answer["choices"]?.text)
        #expect(own.json["usage"]?["prompt_tokens"]?.integer == answer["usage"]?["prompt_tokens"]?.integer)
        // In a stream they come first, once.
        let chunks = try fixture.stream(Self.target, Self.body(#", "stream": true, "n": 2"#))
        #expect(chunks.first?["sources"]?.text == answer["sources"]?.text)
        #expect(chunks.dropFirst().allSatisfy { $0["sources"] == nil })
    }

    @Test func nothingIsNearEnough() throws {
        let fixture = try Self.served(nearness: 1.1)
        let (status, answer) = try fixture.post(Self.target, Self.body(#", "n": 2"#))
        #expect(status == 200 && answer["sources"]?.array?.isEmpty == true, "\(answer.text)")
        for place in 0..<2 {
            #expect(answer["choices"]?[place]?["message"]?["content"]?.string == "Not in the documents.")
            #expect(answer["choices"]?[place]?["finish_reason"]?.string == "stop")
        }
        #expect(answer["usage"]?["total_tokens"]?.integer == 0)
        let chunks = try fixture.stream(Self.target, Self.body(#", "stream": true"#))
        let text = chunks.compactMap { $0["choices"]?[0]?["delta"]?["content"]?.string }.joined()
        #expect(text == "Not in the documents.")
        // A model with functions may find it elsewhere.
        let tools = try fixture.post(Self.target, Self.body(", " + AnswersToolTests.tools, model: "tooly"))
        #expect(tools.json["usage"]?["completion_tokens"]?.integer ?? 0 > 0, "\(tools.json.text)")
        #expect(tools.json["sources"]?.array?.isEmpty == true)
    }

    @Test func functionsAreInTheFirstMessage() throws {
        let fixture = try Self.served()
        let bare = try fixture.post(
            Self.target, Self.body(#", "documents": false, "# + AnswersToolTests.tools, model: "tooly"))
        let grounded = try fixture.post(Self.target, Self.body(", " + AnswersToolTests.tools, model: "tooly"))
        #expect(grounded.status == 200 && grounded.json["sources"]?.array?.count == 2, "\(grounded.json.text)")
        let without = try fixture.post(Self.target, Self.body(model: "tooly"))
        func tokens(_ answer: (status: Int, json: JSONNode)) -> Int {
            answer.json["usage"]?["prompt_tokens"]?.integer ?? 0
        }
        let plain = try fixture.post(Self.target, Self.body(#", "documents": false"#, model: "tooly"))
        #expect(tokens(grounded) - tokens(without) == tokens(bare) - tokens(plain))
        #expect(tokens(bare) > tokens(plain) && tokens(without) > tokens(plain))
    }

    @Test func passagesMakeRoom() throws {
        let fixture = try Self.served()
        // The model's context has 320 bytes.
        let long = String(repeating: "x", count: 190)
        let one = try fixture.post(Self.target, Self.body(question: long))
        #expect(one.status == 200 && one.json["sources"]?.array?.count == 1, "\(one.json.text)")
        let longer = try fixture.post(Self.target, Self.body(question: String(repeating: "x", count: 400)))
        #expect(longer.status == 400 && longer.json["error"]?["code"]?.string == "context_length_exceeded")
    }

    @Test func withoutDocuments() throws {
        let fixture = try AnswersFixture()
        let (status, answer) = try fixture.post(Self.target, Self.body(#", "documents": true"#))
        #expect(status == 400 && answer["error"]?["code"]?.string == "no_documents", "\(answer.text)")
        let without = try fixture.post(Self.target, Self.body())
        #expect(without.status == 200 && without.json["sources"] == nil)
        let info = try JSONText.parse(fixture.send("GET", "/luthier/info").body.collected ?? [])
        #expect(info["documents"]?.isNull == true)
        let served = try JSONText.parse(try Self.served().send("GET", "/luthier/info").body.collected ?? [])
        #expect(served["documents"]?.integer == 2 && served["passages"]?.integer == 2)
    }

    @Test func manyAtTheSameTime() throws {
        let fixture = try Self.served()
        let expected = try fixture.post(Self.target, Self.body()).json
        let different = Mutex(0)
        DispatchQueue.concurrentPerform(iterations: 16) { _ in
            guard let answer = try? fixture.post(Self.target, Self.body()).json,
                answer["choices"]?.text == expected["choices"]?.text,
                answer["sources"]?.text == expected["sources"]?.text
            else { return different.withLock { $0 += 1 } }
        }
        #expect(different.withLock { $0 } == 0)
    }
}

// `/v1/embeddings`, by value.

import Foundation
import HTTPServer
import Inference
import StrictJSON
import TestSupport
import Testing

@Suite struct AnswersEmbeddingTests {
    private func numbers(_ node: JSONNode?) -> [Float] { node?.array?.compactMap { $0.number.map { Float($0) } } ?? [] }

    @Test func embeddingsAreTheEngines() throws {
        let fixture = try AnswersFixture()
        let (status, json) = try fixture.post(
            "/v1/embeddings", #"{"model": "plain", "input": ["the sun", "the sea"], "user": "u"}"#)
        #expect(status == 200)
        #expect(json["object"]?.string == "list" && json["model"]?.string == "plain")
        #expect(json["usage"]?.text == #"{"prompt_tokens":14,"total_tokens":14}"#)
        #expect(json["data"]?.array?.count == 2)
        for (index, text) in ["the sun", "the sea"].enumerated() {
            let object = try #require(json["data"]?[index])
            #expect(object["object"]?.string == "embedding" && object["index"]?.integer == index)
            let lease = try fixture.service.pool.lease(fixture.place.path + "/checkpoints/plain")
            let wanted = try fixture.service.engine.embedding(of: lease.model.encode(prompt: text), with: lease.model)
            #expect(wanted.count == 32)
            #expect(numbers(object["embedding"]) == wanted)
        }
    }

    /// Texts and tokens; numbers and base64.
    @Test func inputsAndFormats() throws {
        let fixture = try AnswersFixture()
        let text = try fixture.post("/v1/embeddings", #"{"model": "plain", "input": "ab"}"#).json
        let wanted = numbers(text["data"]?[0]?["embedding"])
        for input in ["[97, 98]", "[[97, 98]]", #"["ab"]"#] {
            let (_, json) = try fixture.post(
                "/v1/embeddings", #"{"model": "plain", "input": \#(input), "encoding_format": "base64"}"#)
            let data = try #require(json["data"]?[0]?["embedding"]?.string.flatMap { Data(base64Encoded: $0) })
            let floats = data.withUnsafeBytes { bytes in
                (0..<bytes.count / 4).map {
                    Float(bitPattern: bytes.loadUnaligned(fromByteOffset: $0 * 4, as: UInt32.self))
                }
            }
            #expect(floats == wanted, "\(input)")
        }
    }

    @Test func manyInputsShareTheQueue() throws {
        let fixture = try AnswersFixture(waiting: 1)
        let inputs = (0..<50).map { "\"text \($0)\"" }.joined(separator: ",")
        let (status, json) = try fixture.post("/v1/embeddings", #"{"model": "plain", "input": [\#(inputs)]}"#)
        #expect(status == 200 && json["data"]?.array?.count == 50)
        let (_, one) = try fixture.post("/v1/embeddings", #"{"model": "plain", "input": "text 49"}"#)
        #expect(json["data"]?[49]?["embedding"]?.text == one["data"]?[0]?["embedding"]?.text)
    }

    @Test(arguments: [
        (#""input": "x", "dimensions": 8"#, "dimensions"),
        (#""input": "x", "encoding_format": "int8""#, "encoding_format"),
        (#""input": """#, "input"), (#""input": ["x", ""]"#, "input"), (#""input": []"#, "input"),
        (#""input": 5"#, "input"), (#""user": "u""#, "input"), (#""input": [257]"#, "input"),
        (#""input": "x", "pooling": "cls""#, "pooling"),
    ]) func requestsAreChecked(field: String, param: String) throws {
        let fixture = try AnswersFixture()
        let (status, json) = try fixture.post("/v1/embeddings", #"{"model": "plain", \#(field)}"#)
        #expect(status == 400 && json["error"]?["param"]?.string == param, "\(field): \(json.text)")
    }
}

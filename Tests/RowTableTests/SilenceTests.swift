// Nothing of a row is ignored in silence: every value is trained on, masked, or named in the ledger or an error.

import Conversations
import Datasets
import Foundation
import Kernels
import StrictJSON
import Testing

@Suite struct SilenceTests {
    /// How many rows are tried; 100,000 with LUTHIER_THOROUGH.
    static let rows = ProcessInfo.processInfo.environment["LUTHIER_THOROUGH"] == nil ? 8_000 : 100_000

    /// A value of a row that says something, and the keys that lead to it.
    struct Leaf {
        var keys: [String]
        var text: String
        var number: Double?
    }

    /// All values that say something. A text that is itself JSON is what it contains.
    static func leaves(_ node: JSONNode, _ keys: [String] = []) -> [Leaf] {
        switch node.value {
        case .null: return []
        case .bool(let flag): return [Leaf(keys: keys, text: "\(flag)")]
        case .integer, .number:
            return [Leaf(keys: keys, text: JSONOutput(node).serialized(), number: node.number)]
        case .string(let text):
            if text.hasPrefix("["), let inner = try? JSONText.parse(text) { return leaves(inner, keys) }
            return text.isEmpty ? [] : [Leaf(keys: keys, text: text)]
        case .array(let list): return list.flatMap { leaves($0, keys) }
        case .object(let object):
            // Only answers have weight: 0 says what holds anyway.
            let asks = ["role", "from", "speaker"].contains { key in
                ["user", "system", "human", "customer"].contains(object[key]?.string ?? "")
            }
            return object.members.flatMap { member in
                asks && member.key == "weight" && member.value.number == 0
                    ? [] : leaves(member.value, keys + [member.key])
            }
        }
    }

    /// Roles and kinds of parts, which are read without being texts.
    static let structure: Set<String> = [
        "user", "assistant", "system", "tool", "human", "gpt", "model", "customer", "agent", "text",
    ]

    /// The leaf that a reading ignores in silence; nil if there is none.
    static func silent(_ leaves: [Leaf], _ reading: DataReading) -> Leaf? {
        var texts: [String] = []
        var weights: Set<Double> = []
        for document in reading.documents {
            switch document.content {
            case .stream(let bytes), .text(let bytes): texts.append(String(decoding: bytes, as: UTF8.self))
            case .conversation(let messages):
                for message in messages {
                    texts.append(String(decoding: message.content, as: UTF8.self))
                    texts += message.members.map { String(decoding: $0.json, as: UTF8.self) }
                    texts.append(String(decoding: message.tools, as: UTF8.self))
                    weights.insert(Double(message.weight))
                }
            }
        }
        return leaves.first { leaf in
            if leaf.keys.contains(where: { reading.ignoredKeys[$0] != nil }) { return false }
            if structure.contains(leaf.text.lowercased()) { return false }
            if leaf.keys.last?.lowercased() == "weight", let number = leaf.number { return !weights.contains(number) }
            // ChatML's marks are structure.
            let pieces = leaf.text.components(separatedBy: "<|im_end|>").flatMap {
                $0.components(separatedBy: "<|im_start|>user\n").flatMap {
                    $0.components(separatedBy: "<|im_start|>assistant\n")
                }
            }
            return !pieces.allSatisfy { piece in
                piece.allSatisfy(\.isWhitespace) || texts.contains { $0.contains(piece) || $0.contains(escaped(piece)) }
            }
        }
    }

    private static func escaped(_ text: String) -> String {
        String(JSONOutput.string(text).serialized().dropFirst().dropLast())
    }

    private func read(_ row: JSONOutput) throws -> (reading: DataReading?, leaves: [Leaf], text: String) {
        let text = row.serialized()
        let file = try TextFile(path: "rows.jsonl", bytes: Array((text + "\n").utf8))
        let leaves = Self.leaves(try JSONText.parse(text))
        do { return (try Document.reading(of: file, format: .auto), leaves, text) } catch {
            // Every error has its line.
            #expect(error.description.contains("line 1"), "\(error)")
            return (nil, leaves, text)
        }
    }

    @Test func everyCharacterOfGoodRowsIsUsed() throws {
        var rows = RandomRows(seed: 5)
        for index in 0..<Self.rows {
            let shape = RandomRows.Shape.allCases[index % RandomRows.Shape.allCases.count]
            let (reading, leaves, text) = try read(rows.row(shape))
            let found = try #require(reading, "\(shape): \(text)")
            #expect(found.documents.count == 1)
            if let leaf = Self.silent(leaves, found) { Issue.record("\(shape): \(leaf) of \(text)") }
            if index % 16 == 0 { try checkMask(found.documents[0]) }
        }
    }

    /// All of an answer with weight is learned, and nothing else.
    private func checkMask(_ document: Document) throws {
        guard case .conversation(let messages) = document.content else { return }
        let pieces = try ChatTemplate.chat.pieces(messages, SpecialTokens())
        func text(_ isLearned: Bool) -> String {
            pieces.filter { ($0.isAnswer && $0.weight > 0) == isLearned }.map { piece in
                if case .text(let bytes) = piece.content { String(decoding: bytes, as: UTF8.self) } else { "" }
            }.joined()
        }
        let (learned, masked) = (text(true), text(false))
        for message in messages {
            let content = String(decoding: message.content, as: UTF8.self)
            let isLearned = message.role == .assistant && message.weight > 0
            #expect((isLearned ? learned : masked).contains(content))
        }
        let answers = messages.filter { $0.role == .assistant && $0.weight > 0 }
        #expect(learned.utf8.count == answers.reduce(0) { $0 + $1.content.count + 1 })
    }

    @Test func mutationsAreNeverSilent() throws {
        var rows = RandomRows(seed: 6)
        var mutation = RowMutation(generator: SplitMix64(seed: 7))
        var (refused, failures) = (0, 0)
        for index in 0..<Self.rows {
            let shape = RandomRows.Shape.allCases[index % RandomRows.Shape.allCases.count]
            let (reading, leaves, text) = try read(mutation.changed(rows.row(shape)))
            guard let reading else {
                refused += 1
                continue
            }
            if let leaf = Self.silent(leaves, reading), failures < 20 {
                failures += 1
                Issue.record("\(shape): \(leaf) of \(text)")
            }
        }
        // Mutations that mean nothing are read, but most are refused.
        #expect(refused * 3 > Self.rows, "\(refused) of \(Self.rows)")
    }
}

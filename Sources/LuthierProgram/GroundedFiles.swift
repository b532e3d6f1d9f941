// `luthier prepare --ground`: the written rows once more, with what an index gives for each.

import Conversations
import Files
import Foundation
import Models
import Preparation
import Retrieval
import StrictJSON

/// Writes `grounded/train.jsonl` and the other splits next to the rows that they are made of.
struct GroundedFiles {
    /// Of the rows whose answer the documents support, every so many-th has a second one that declines.
    private static let rowsForADecline = 4

    let grounding: Grounding

    struct Counts {
        var read = 0
        var answered = 0
        var declined = 0
        /// Rows whose answer is not in the passages that their question finds, or that have no answer.
        var unsupported = 0
    }

    init(index: String) throws {
        let index = try DocumentIndex(folder: index) { try ModelLocation($0).path }
        grounding = Grounding(index: index, count: 3, leastSimilarity: 0)
    }

    /// - Parameter folder: that `prepare` has written.
    func write(_ parts: [WrittenData.Part], in folder: String) throws -> Counts {
        try FileManager.default.createDirectory(atPath: folder + "/grounded", withIntermediateDirectories: true)
        var counts = Counts()
        for part in parts {
            let file = try AtomicFile(path: "\(folder)/grounded/\(part.split.rawValue).jsonl")
            let data = try Data(contentsOf: URL(fileURLWithPath: part.path))
            for line in data.split(separator: 0x0A) {
                counts.read += 1
                guard let messages = GroundedFiles.messages([UInt8](line)),
                    let row = try grounding.trainingRow(messages)
                else {
                    counts.unsupported += 1
                    continue
                }
                try file.append(GroundedFiles.line(row.answered))
                counts.answered += 1
                if counts.answered % GroundedFiles.rowsForADecline == 0, let declined = row.declined {
                    try file.append(GroundedFiles.line(declined))
                    counts.declined += 1
                }
                if Console.isTerminal { Console.progress("\(counts.read) rows grounded") }
            }
            try file.finish()
        }
        Console.endProgress()
        return counts
    }

    /// The conversation of a written row; nil for another kind of row.
    private static func messages(_ line: [UInt8]) -> [Message]? {
        guard let object = try? JSONText.parse(line).object else { return nil }
        if let prompt = object["prompt"]?.string, let completion = object["completion"]?.string {
            return [Message(.user, prompt), Message(.assistant, completion)]
        }
        var messages: [Message] = []
        for node in object["messages"]?.array ?? [] {
            guard let role = node.object?["role"]?.string.flatMap(Role.init), let text = node.object?["content"]?.string
            else { return nil }
            messages.append(Message(role, text))
        }
        return messages.isEmpty ? nil : messages
    }

    private static func line(_ messages: [Message]) -> [UInt8] {
        let list = messages.map { message -> JSONOutput in
            [
                "role": .string(message.role.rawValue),
                "content": .string(String(decoding: message.content, as: UTF8.self)),
            ]
        }
        return JSONOutput.object([("messages", .array(list))]).serializedBytes() + [0x0A]
    }
}

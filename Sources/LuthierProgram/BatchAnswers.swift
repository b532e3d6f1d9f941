// `luthier generate --batch`: one answer per row of a file.

import Arguments
import Datasets
import Foundation
import Inference
import Retrieval
import StrictJSON

enum BatchAnswers {
    /// Throws if a file with answers is there already.
    static func checkOutput(_ path: String) throws(ValidationError) {
        guard FileManager.default.fileExists(atPath: path) else { return }
        throw ValidationError("--output \(path): the file exists", hint: "name a new file, or remove it")
    }

    /// Reads rows of the training formats, or only `{"prompt"}`; an assistant message at the end of a row is the expected
    /// answer, not part of the prompt. Writes `{"line", "custom_id"?, "prompt", "text", "tokens", "finishReason", "sources"?}` for each
    /// row.
    static func run(
        _ responder: Responder, _ settings: GenerationSettings, _ grounding: Grounding?, from input: String,
        to output: String
    ) throws {
        let rows = try PromptReader.read(TextFile(path: input))
        try checkOutput(output)
        guard FileManager.default.createFile(atPath: output, contents: nil),
            let handle = FileHandle(forWritingAtPath: output)
        else { throw DatasetError.unwritable(path: output) }
        let grounded = try grounding.map { grounding in
            try rows.map { try grounding.ground($0.messages, for: responder, settings) }
        }
        // Answers finish in any order but are written in row order.
        var waiting: [Int: Completion] = [:]
        var written = 0
        var failure: (any Error)?
        func take(_ number: Int, _ completion: Completion) {
            waiting[number] = completion
            while failure == nil, let next = waiting.removeValue(forKey: written) {
                let row = rows[written]
                let question = row.messages.last.map { String(decoding: $0.content, as: UTF8.self) } ?? ""
                var members: [(key: String, value: JSONOutput)] = [("line", .integer(row.line))]
                if let id = row.customID { members.append(("custom_id", .string(id))) }
                members += [
                    ("prompt", .string(question)), ("text", .string(next.text)),
                    ("tokens", .integer(next.tokens.count)), ("finishReason", .string(next.finishReason.rawValue)),
                ]
                if let grounded { members.append(("sources", grounded[written].sources.json)) }
                let line = JSONOutput.object(members)
                do { try handle.write(contentsOf: Data((line.serialized() + "\n").utf8)) } catch { failure = error }
                written += 1
                if Console.isTerminal { Console.progress("\(written)/\(rows.count) answered") }
            }
        }
        let asked = rows.indices.filter { grounded?[$0].sources.isEmpty != true }
        for number in rows.indices where grounded?[number].sources.isEmpty == true { take(number, .notFound) }
        try responder.answer(all: asked.map { grounded?[$0].messages ?? rows[$0].messages }, settings) {
            take(asked[$0], $1)
        }
        if let failure { throw failure }
        try handle.synchronize()
        Console.message("\(rows.count) answers written to \(output)")
    }
}

// `luthier generate --batch`: one answer per row of a file.

import Arguments
import Datasets
import Foundation
import Inference
import StrictJSON

enum BatchAnswers {
    /// Throws if a file with answers is there already.
    static func checkOutput(_ path: String) throws(ValidationError) {
        guard FileManager.default.fileExists(atPath: path) else { return }
        throw ValidationError("--output \(path): the file exists", hint: "name a new file, or remove it")
    }

    /// Reads rows of the training formats, or only `{"prompt"}`; an assistant message at the end of a row is the expected
    /// answer, not part of the prompt. Writes `{"line", "custom_id"?, "prompt", "text", "tokens", "finishReason"}` for each
    /// row.
    static func run(
        _ responder: Responder, _ settings: GenerationSettings, from input: String, to output: String
    ) throws {
        let rows = try PromptReader.read(TextFile(path: input))
        try checkOutput(output)
        guard FileManager.default.createFile(atPath: output, contents: nil),
            let handle = FileHandle(forWritingAtPath: output)
        else { throw DatasetError.unwritable(path: output) }
        // Answers finish in any order but are written in row order.
        var waiting: [Int: Completion] = [:]
        var written = 0
        var failure: (any Error)?
        try responder.answer(all: rows.map(\.messages), settings) { number, completion in
            waiting[number] = completion
            while failure == nil, let next = waiting.removeValue(forKey: written) {
                let row = rows[written]
                let asked = row.messages.last.map { String(decoding: $0.content, as: UTF8.self) } ?? ""
                var members: [(key: String, value: JSONOutput)] = [("line", .integer(row.line))]
                if let id = row.customID { members.append(("custom_id", .string(id))) }
                members += [
                    ("prompt", .string(asked)), ("text", .string(next.text)),
                    ("tokens", .integer(next.tokens.count)), ("finishReason", .string(next.finishReason.rawValue)),
                ]
                let line = JSONOutput.object(members)
                do { try handle.write(contentsOf: Data((line.serialized() + "\n").utf8)) } catch { failure = error }
                written += 1
                if Console.isTerminal { Console.progress("\(written)/\(rows.count) answered") }
            }
        }
        if let failure { throw failure }
        try handle.synchronize()
        Console.message("\(rows.count) answers written to \(output)")
    }
}

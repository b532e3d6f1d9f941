// `luthier generate --batch`: one answer for each row of a file.

import Datasets
import Foundation
import Inference
import StrictJSON
import Training

enum BatchAnswers {
    /// Reads rows as training does, or `{"prompt"}` alone; an assistant's turn at the end of a row is the expected answer
    /// and not part of the prompt. Writes `{"line", "prompt", "text", "tokens", "finishReason"}` for each.
    static func run(
        _ responder: Responder, _ settings: GenerationSettings, from input: String, to output: String
    ) throws {
        let rows = try PromptReader.read(TextFile(path: input))
        guard FileManager.default.createFile(atPath: output, contents: nil),
            let handle = FileHandle(forWritingAtPath: output)
        else { throw DatasetError.unwritable(path: output) }
        for (index, row) in rows.enumerated() {
            let completion = try responder.answer(row.messages, settings, stream: index)
            let asked = row.messages.last.map { String(decoding: $0.content, as: UTF8.self) } ?? ""
            let line = JSONOutput.object([
                ("line", .integer(row.line)), ("prompt", .string(asked)), ("text", .string(completion.text)),
                ("tokens", .integer(completion.tokens.count)),
                ("finishReason", .string(completion.finishReason.rawValue)),
            ])
            try handle.write(contentsOf: Data((line.serialized() + "\n").utf8))
            if Console.isTerminal { Console.progress("\(index + 1)/\(rows.count) answered") }
        }
        try handle.synchronize()
        Console.message("\(rows.count) answers written to \(output)")
    }
}

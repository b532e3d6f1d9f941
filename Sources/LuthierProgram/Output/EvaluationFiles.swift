// Optional files of `luthier eval`: every line with its loss, and every answer; one JSON object per line.

import Datasets
import Evaluation
import Foundation
import StrictJSON

enum EvaluationFiles {
    /// Number of lines that are printed; the file has all.
    private static let shown = 10

    /// Writes every line with its loss, the hardest first, and prints the first lines.
    static func write(_ lines: [LineLoss], to path: String) throws {
        let ranked = LineLoss.ranked(lines)
        try write(ranked.map(\.json), to: path)
        Console.output("hardest lines, of \(ranked.count):\n")
        for line in ranked.prefix(shown) {
            Console.output(
                "  \(line.path):\(line.line): loss \(ProgressPrinter.number(line.loss)) over \(line.tokens) tokens\n")
        }
    }

    /// Writes every answer next to the expected one, in the order of the data.
    static func write(_ answers: [AnswerRecord], to path: String) throws {
        try write(answers.map(\.json), to: path)
        Console.message("\(answers.count) answers written to \(path)")
    }

    private static func write(_ objects: [JSONOutput], to path: String) throws {
        guard FileManager.default.createFile(atPath: path, contents: nil),
            let handle = FileHandle(forWritingAtPath: path)
        else { throw DatasetError.unwritable(path: path) }
        var text: [UInt8] = []
        for object in objects { text += object.serializedBytes() + [0x0A] }
        try handle.write(contentsOf: Data(text))
        try handle.close()
    }
}

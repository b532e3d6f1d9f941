// `luthier eval --lines`: all lines with their loss, the hardest first.

import Datasets
import Foundation
import Training

enum LineReport {
    /// Number of lines that are printed; the file has all.
    private static let shown = 10

    /// Writes one JSON object per line, and prints the first lines.
    static func write(_ lines: [LineLoss], to path: String) throws {
        let ranked = LineLoss.ranked(lines)
        guard FileManager.default.createFile(atPath: path, contents: nil),
            let handle = FileHandle(forWritingAtPath: path)
        else { throw DatasetError.unwritable(path: path) }
        var text: [UInt8] = []
        for line in ranked { text += line.json.serializedBytes() + [0x0A] }
        try handle.write(contentsOf: Data(text))
        try handle.close()
        Console.output("hardest lines, of \(ranked.count):\n")
        for line in ranked.prefix(shown) {
            Console.output(
                "  \(line.path):\(line.line): loss \(ProgressPrinter.number(line.loss)) over \(line.tokens) tokens\n")
        }
    }
}

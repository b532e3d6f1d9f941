// Which lines a model finds hard: the loss of each row, or of each line of a text.

import Datasets
import Foundation
import StrictJSON
import Tokenizer

/// The loss of one line of a file.
package struct LineLoss: Sendable, Equatable {
    package var path: String
    package var line: Int
    /// Summed loss in nats over the line's predictions that count.
    package var summedLoss = 0.0
    package var tokens = 0
    package var correct = 0
    /// Bytes of the predicted tokens.
    package var bytes = 0

    /// Mean loss in nats per token.
    package var loss: Double { tokens > 0 ? summedLoss / Double(tokens) : 0 }

    /// The line as JSON, for a file of them.
    package var json: JSONOutput {
        .object([
            ("file", .string(path)), ("line", .integer(line)), ("loss", .number(loss)), ("tokens", .integer(tokens)),
            ("tokenAccuracy", .number(Double(correct) / Double(max(1, tokens)))),
        ])
    }

    /// The hardest first; lines of equal loss in their order.
    package static func ranked(_ lines: [LineLoss]) -> [LineLoss] {
        lines.enumerated().sorted {
            $0.element.loss != $1.element.loss ? $0.element.loss > $1.element.loss : $0.offset < $1.offset
        }.map(\.element)
    }
}

/// Adds predictions up line by line.
struct LineLedger {
    private let text: TokenizedText
    /// For each token of a stream, on which line it begins; empty where all sources are rows.
    private var lineOfToken: [Int32] = []
    private var indices: [Key: Int] = [:]
    private(set) var lines: [LineLoss] = []

    private struct Key: Hashable {
        let source: Int
        let line: Int
    }

    init(_ text: TokenizedText, tokenizer: Tokenizer) {
        self.text = text
        guard text.sources.contains(where: \.isStream) else { return }
        lineOfToken = [Int32](repeating: 0, count: text.tokens.count)
        for source in text.sources where source.isStream {
            var line = source.line
            for position in source.tokens {
                lineOfToken[position] = Int32(clamping: line)
                line += tokenizer.bytes(of: Int(text.tokens[position])).count { $0 == 0x0A }
            }
        }
    }

    /// Adds one prediction.
    mutating func add(source index: Int, target position: Int, loss: Double, isCorrect: Bool, bytes: Int) {
        let source = text.sources[index]
        let line = source.isStream ? Int(lineOfToken[position]) : source.line
        let key = Key(source: index, line: line)
        let place = indices[key] ?? lines.count
        if place == lines.count {
            indices[key] = place
            lines.append(LineLoss(path: source.path, line: line))
        }
        lines[place].summedLoss += loss
        lines[place].tokens += 1
        lines[place].correct += isCorrect ? 1 : 0
        lines[place].bytes += bytes
    }
}

// Shows a document token by token and marks which tokens count in the loss.

import Foundation
import Tokenizer

package enum RowView {
    /// The tokens of `text` in order. Tokens with weight 1 in the loss are in [brackets], tokens with a smaller weight in
    /// {braces}; with `colours` they are green and yellow instead. The end-of-text token is spelled out; line feeds are
    /// shown as ⏎, and bytes of incomplete characters as ‹C3›.
    package static func render(_ text: TokenizedText, tokenizer: Tokenizer, colours: Bool = false) -> String {
        var result = ""
        for (position, token) in text.tokens.enumerated() {
            // A document's first token is never predicted.
            let isFirst = text.sources.contains { $0.tokens.lowerBound == position }
            let weight = isFirst ? 0 : text.weight(position)
            let shown = shown(Int(token), tokenizer)
            if weight == 0 {
                result += "\(shown)·"
            } else if colours {
                result += "\u{1B}[\(weight < 1 ? 33 : 32)m\(shown)\u{1B}[0m·"
            } else {
                result += weight < 1 ? "{\(shown)}" : "[\(shown)]"
            }
            if shown.hasSuffix("⏎") { result += "\n" }
        }
        return result + "\n"
    }

    /// The text of a token.
    ///
    /// - Parameter lineFeed: what stands for a line feed.
    package static func shown(_ token: Int, _ tokenizer: Tokenizer, lineFeed: String = "⏎") -> String {
        let bytes = tokenizer.bytes(of: token)
        if let text = String(validating: bytes, as: UTF8.self) {
            return text.unicodeScalars.map { scalar in
                switch scalar {
                case "\n": lineFeed
                case "\t": "⇥"
                default: scalar.value < 0x20 ? "‹\(hexadecimal(UInt8(scalar.value)))›" : String(scalar)
                }
            }.joined()
        }
        return bytes.map { "‹\(hexadecimal($0))›" }.joined()
    }

    private static func hexadecimal(_ byte: UInt8) -> String {
        (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
    }
}

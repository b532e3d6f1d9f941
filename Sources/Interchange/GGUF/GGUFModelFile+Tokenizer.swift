// The tokenizer and the chat template in a GGUF file.

import Tokenizer

extension GGUFModelFile {
    /// The tokenizer that the file's metadata describes.
    package func tokenizer() throws -> Tokenizer { try file.tokenizer() }

    /// The text of the chat template in Jinja; nil where the file has none.
    package func chatTemplate() throws(InterchangeError) -> String? { try tokenizerKeys().chatTemplate }

    /// The text of the token that begins a text; nil where the file names none.
    package func beginningOfText() throws(InterchangeError) -> String? {
        let keys = try tokenizerKeys()
        return keys.beginningOfText.map { String(decoding: keys.tokens[$0], as: UTF8.self) }
    }

    private func tokenizerKeys() throws(InterchangeError) -> GGUFTokenizerKeys { try file.tokenizerKeys() }
}

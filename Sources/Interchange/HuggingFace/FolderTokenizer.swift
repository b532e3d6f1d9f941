// The tokenizer of a Hugging Face folder, with what the files beside it say of special tokens and conversations.

import Foundation
import StrictJSON
import Tokenizer

/// What a folder's tokenizer files say together.
public struct FolderTokenizer {
    /// The files of a folder, any of which may be the tokenizer.
    public static let names = ["tokenizer.json", "vocab.json"]

    public let tokenizer: Tokenizer
    /// The text of a chat template in Jinja, where the folder has one.
    public let template: String?
    /// The text of the token that begins a text, where the folder names one.
    public let startOfText: String?
    /// What was found and is not used.
    public let notes: [String]

    /// The name of the token that ends a text.
    public var endOfText: String? {
        tokenizer.endOfTextID.map { String(decoding: tokenizer.bytes(of: $0), as: UTF8.self) }
    }

    /// Reads the tokenizer of the folder `path`. The token that ends a text is the one that tokenizer_config.json or
    /// special_tokens_map.json names, else `<|endoftext|>`; the config's `eos_token_id` wins where that is a special
    /// token of the tokenizer.
    public init(path: String, endOfTextID: Int?) throws {
        let settings = try FolderTokenizer.object(path + "/tokenizer_config.json")
        let map = try FolderTokenizer.object(path + "/special_tokens_map.json")
        let name = FolderTokenizer.name(settings?["eos_token"]) ?? FolderTokenizer.name(map?["eos_token"])
        var tokenizer = try FolderTokenizer.read(path, endOfText: name)
        var notes: [String] = []
        if let id = endOfTextID, id != tokenizer.endOfTextID {
            if tokenizer.specialIDs.contains(id) {
                let text = String(decoding: tokenizer.bytes(of: id), as: UTF8.self)
                tokenizer = try Tokenizer(path: path, endOfText: text)
            } else {
                notes.append(
                    "config.json ends texts with token \(id), which is no special token of the tokenizer; "
                        + (tokenizer.endOfTextID.map { "token \($0) is used" } ?? "none is used"))
            }
        }
        self.tokenizer = tokenizer
        self.notes = notes
        startOfText = FolderTokenizer.name(settings?["bos_token"]) ?? FolderTokenizer.name(map?["bos_token"])
        template = try FolderTokenizer.template(settings, path)
    }

    /// A name in tokenizer_config.json that the vocabulary does not have is passed over: such files are often copied.
    private static func read(_ path: String, endOfText: String?) throws(TokenizerError) -> Tokenizer {
        guard let endOfText else { return try Tokenizer(path: path) }
        do throws(TokenizerError) {
            return try Tokenizer(path: path, endOfText: endOfText)
        } catch {
            guard case .noEndOfText = error else { throw error }
            return try Tokenizer(path: path)
        }
    }

    private static func object(_ path: String) throws(InterchangeError) -> JSONObject? {
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        let text = try MappedFile.contents(of: path)
        do throws(JSONError) { return try JSONText.parse(text).object } catch { throw .json(file: path, error) }
    }

    /// A token's name: a text, or an object with its `content`.
    private static func name(_ node: JSONNode?) -> String? { node?.string ?? node?.object?["content"]?.string }

    /// `chat_template` is a text, or a list of named ones of which `default` counts; newer folders have a file instead.
    private static func template(_ settings: JSONObject?, _ path: String) throws(InterchangeError) -> String? {
        let file = path + "/chat_template.jinja"
        if FileManager.default.fileExists(atPath: file) {
            return String(decoding: try MappedFile.contents(of: file), as: UTF8.self)
        }
        let node = settings?["chat_template"]
        let named = node?.array?.first { $0.object?["name"]?.string == "default" }
        return node?.string ?? named?.object?["template"]?.string
    }
}

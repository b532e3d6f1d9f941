// The tokenizer of a Hugging Face folder, with what its other files say of special tokens and conversations.

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
    /// What was found and is not used.
    public let notes: [String]

    /// The name of the token that ends a text.
    public var endOfText: String? {
        tokenizer.endOfTextID.map { String(decoding: tokenizer.bytes(of: $0), as: UTF8.self) }
    }

    /// Reads the tokenizer of the folder `path`.
    ///
    /// The token that ends a text is the one that tokenizer_config.json or special_tokens_map.json names, else
    /// `<|endoftext|>`; the config's `eos_token_id` wins where that is an added token of the tokenizer. Where
    /// config.json or generation_config.json list several, the others end a text too. A text begins with the named
    /// `bos_token` where the tokenizer or tokenizer_config.json puts it there. Added tokens for which the embedding of
    /// config.json has no row are left out.
    public init(path: String, endOfTextID: Int?) throws {
        let settings = try FolderTokenizer.object(path + "/tokenizer_config.json")
        let map = try FolderTokenizer.object(path + "/special_tokens_map.json")
        let config = try FolderTokenizer.object(path + "/config.json")
        let generation = try FolderTokenizer.object(path + "/generation_config.json")
        let name = FolderTokenizer.name(settings?["eos_token"]) ?? FolderTokenizer.name(map?["eos_token"])
        var tokenizer = try FolderTokenizer.read(path, endOfText: name)
        var notes: [String] = []
        let listed = FolderTokenizer.ids(config?["eos_token_id"])
        if let id = endOfTextID, id != tokenizer.endOfTextID {
            let isNamed = tokenizer.endOfTextID.map(listed.contains) ?? false
            if let token = tokenizer.addedTokens.first(where: { $0.id == id }) {
                // Of several ends the one that the tokenizer's own files name is the one to write.
                if !isNamed {
                    tokenizer = try Tokenizer(path: path, endOfText: String(decoding: token.content, as: UTF8.self))
                }
            } else {
                notes.append(
                    "config.json ends texts with token \(id), which is no special token of the tokenizer; "
                        + (tokenizer.endOfTextID.map { "token \($0) is used" } ?? "none is used"))
            }
        }
        let begin = FolderTokenizer.name(settings?["bos_token"]) ?? FolderTokenizer.name(map?["bos_token"])
        tokenizer = FolderTokenizer.withRoles(
            tokenizer, ends: listed + FolderTokenizer.ids(generation?["eos_token_id"]), beginName: begin, settings)
        if let rows = config?["vocab_size"]?.integer, rows < tokenizer.vocabularySize,
            let limited = FolderTokenizer.limited(tokenizer, to: rows)
        {
            let count = tokenizer.vocabularySize - rows
            notes.append("\(count) added tokens from id \(rows) on have no row in the embedding and are not used")
            tokenizer = limited
        }
        self.tokenizer = tokenizer
        self.notes = notes
        template = try FolderTokenizer.template(settings, path)
    }

    /// The tokenizer with the further ends of the configs, and with what begins a text.
    private static func withRoles(
        _ tokenizer: Tokenizer, ends: [Int], beginName: String?, _ settings: JSONObject?
    ) -> Tokenizer {
        let special = Set(tokenizer.specialIDs)
        var endIDs = tokenizer.endIDs
        for id in ends where special.contains(id) && !endIDs.contains(id) { endIDs.append(id) }
        let named = tokenizer.addedTokens.first { token in
            beginName.map { token.content.elementsEqual($0.utf8) } ?? false
        }
        let begin = named?.id ?? tokenizer.beginID
        var adds = tokenizer.addsBegin
        // The plainest class of Transformers does not look at the setting where the tokenizer itself has an opinion.
        let isPlain = settings?["tokenizer_class"]?.string == "PreTrainedTokenizerFast"
        if let flag = settings?["add_bos_token"]?.bool, !(isPlain && adds) { adds = flag }
        guard endIDs != tokenizer.endIDs || begin != tokenizer.beginID || adds != tokenizer.addsBegin else {
            return tokenizer
        }
        return Tokenizer(tokenizer, endIDs: endIDs, beginID: begin, addsBegin: adds)
    }

    /// Without the tokens beyond `rows`; nil where one of them is needed.
    private static func limited(_ tokenizer: Tokenizer, to rows: Int) -> Tokenizer? {
        let needed = [tokenizer.endOfTextID, tokenizer.beginID].compactMap { $0 }
        return needed.allSatisfy { $0 < rows } ? tokenizer.limited(to: rows) : nil
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

    /// A token's id, or a list of them.
    private static func ids(_ node: JSONNode?) -> [Int] {
        var ids: [Int] = []
        if let id = node?.integer { ids.append(id) }
        for element in node?.array ?? [] {
            if let id = element.integer { ids.append(id) }
        }
        return ids
    }

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

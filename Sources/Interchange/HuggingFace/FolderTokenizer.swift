// The tokenizer of a Hugging Face folder, with what its other files say of special tokens and conversations.

import Foundation
import StrictJSON
import Tokenizer

/// What a folder's tokenizer files say together.
package struct FolderTokenizer {
    /// The files of a folder, any of which may be the tokenizer.
    package static let names = ["tokenizer.json", "vocab.json"]

    package let tokenizer: Tokenizer
    /// The text of a chat template in Jinja, where the folder has one.
    package let template: String?
    /// The text of the token that begins a text, where the folder names one.
    package let startOfText: String?
    /// What was found and is not used.
    package let notes: [String]

    /// The text of the token that the folder's settings call `eos_token`, or else of the one that ends a text.
    package let endOfText: String?

    /// Reads the tokenizer of the folder `path`.
    ///
    /// The token that ends a text is the one that tokenizer_config.json or special_tokens_map.json names, else
    /// `<|endoftext|>`; the first of `endIDs` wins where that is an added token of the tokenizer and the named one is not
    /// in the list. The others, and those of generation_config.json, end a text too. A text begins with the named
    /// `bos_token` where the tokenizer or tokenizer_config.json puts it there. Added tokens for which the embedding of
    /// config.json has no row are dropped.
    ///
    /// - Parameter endIDs: the config's `eos_token_id`.
    package init(path: String, endIDs: [Int]) throws {
        let settings = try FolderTokenizer.object(path + "/tokenizer_config.json")
        let map = try FolderTokenizer.object(path + "/special_tokens_map.json")
        let start = FolderTokenizer.name(settings?["bos_token"]) ?? FolderTokenizer.name(map?["bos_token"])
        let end = FolderTokenizer.name(settings?["eos_token"]) ?? FolderTokenizer.name(map?["eos_token"])
        let named = try FolderTokenizer.read(path, endOfText: end)
        let (chosen, note) = try FolderTokenizer.ending(named, with: endIDs, path)
        let complete = FolderTokenizer.completed(
            chosen, ends: try endIDs + FolderTokenizer.generationEnds(path), start: start,
            addsStart: FolderTokenizer.addsStart(settings, chosen))
        let rows = try FolderTokenizer.object(path + "/config.json")?["vocab_size"]?.integer
        let (limited, limit) = FolderTokenizer.limited(complete, to: rows)
        tokenizer = limited
        notes = [note, limit].compactMap { $0 }
        startOfText = start
        endOfText = FolderTokenizer.endName(end == nil ? tokenizer : named)
        template = try FolderTokenizer.template(settings, path)
    }

    private static func endName(_ tokenizer: Tokenizer) -> String? {
        tokenizer.endOfTextID.map { String(decoding: tokenizer.bytes(of: $0), as: UTF8.self) }
    }

    /// The tokenizer with the config's end token, and what to say where that is not possible.
    private static func ending(
        _ tokenizer: Tokenizer, with endIDs: [Int], _ path: String
    ) throws(TokenizerError) -> (Tokenizer, note: String?) {
        guard let id = endIDs.first, id != tokenizer.endOfTextID else { return (tokenizer, nil) }
        guard let token = tokenizer.addedTokens.first(where: { $0.id == id }) else {
            let used = tokenizer.endOfTextID.map { "token \($0) is used" } ?? "none is used"
            return (
                tokenizer,
                "config.json ends texts with token \(id), which is no special token of the tokenizer; \(used)"
            )
        }
        // Of several ends the one that the tokenizer's own files name is the one to write.
        if let own = tokenizer.endOfTextID, endIDs.contains(own) { return (tokenizer, nil) }
        return (try Tokenizer(path: path, endOfText: String(decoding: token.content, as: UTF8.self)), nil)
    }

    /// The `eos_token_id` of generation_config.json: a number, or a list of them.
    private static func generationEnds(_ path: String) throws(InterchangeError) -> [Int] {
        let node = try object(path + "/generation_config.json")?["eos_token_id"]
        if let id = node?.integer { return [id] }
        return node?.array?.compactMap(\.integer) ?? []
    }

    /// Whether a text begins with its token: as the tokenizer says, or tokenizer_config.json, except where its class is
    /// the plainest of Transformers', which does not look at the setting where the tokenizer itself has an opinion.
    private static func addsStart(_ settings: JSONObject?, _ tokenizer: Tokenizer) -> Bool {
        let isPlain = settings?["tokenizer_class"]?.string == "PreTrainedTokenizerFast"
        guard let flag = settings?["add_bos_token"]?.bool, !(isPlain && tokenizer.addsBegin) else {
            return tokenizer.addsBegin
        }
        return flag
    }

    /// The tokenizer with further special tokens that end a text, and with the one that begins it.
    private static func completed(
        _ tokenizer: Tokenizer, ends further: [Int], start: String?, addsStart: Bool
    ) -> Tokenizer {
        var ends = tokenizer.endIDs
        for id in further where !ends.contains(id) && tokenizer.specialIDs.contains(id) { ends.append(id) }
        let named = start.flatMap { start in
            tokenizer.addedTokens.first { $0.content.elementsEqual(start.utf8) }?.id
        }
        let begin = tokenizer.beginID ?? named
        guard ends != tokenizer.endIDs || begin != tokenizer.beginID || addsStart != tokenizer.addsBegin else {
            return tokenizer
        }
        return Tokenizer(tokenizer, endIDs: ends, beginID: begin, addsBegin: addsStart)
    }

    /// Without the tokens beyond the embedding's rows, and a note of it; as it is where one of them is needed.
    private static func limited(_ tokenizer: Tokenizer, to rows: Int?) -> (Tokenizer, note: String?) {
        let needed = [tokenizer.endOfTextID, tokenizer.beginID].compactMap { $0 }
        guard let rows, rows < tokenizer.vocabularySize, needed.allSatisfy({ $0 < rows }),
            let limited = tokenizer.limited(to: rows)
        else { return (tokenizer, nil) }
        let count = tokenizer.vocabularySize - rows
        return (limited, "\(count) added tokens from id \(rows) on have no row in the embedding and are not used")
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

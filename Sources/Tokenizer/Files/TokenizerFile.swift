// Reads Hugging Face's tokenizer.json, and refuses by name what would change the ids.

import StrictJSON

/// A parsed tokenizer.json.
///
/// Read are `model` (BPE), `added_tokens` (special ones), `pre_tokenizer` (ByteLevel, with or without its pattern).
/// Any normalizer, any other pre-tokenizer or post-processor, prefixes and suffixes, dropout and byte fallback change
/// the ids and are refused. `truncation` and `padding` are about batches, `decoder` and `unk_token` change no id that
/// is made here; they are passed over.
struct TokenizerFile {
    private struct AddedToken {
        let content: String
        let id: Int
        let place: FilePlace
    }

    private let file: String
    private let root: JSONNode

    init(bytes: [UInt8], file: String) throws(TokenizerError) {
        self.file = file
        root = try TokenizerReader.parse(bytes, file: file)
    }

    func makeTokenizer(endOfText: String?) throws(TokenizerError) -> Tokenizer {
        let top = try object(root, name: "the tokenizer")
        if let normalizer = Self.present("normalizer", in: top) { throw unsupported("normalizer", normalizer) }
        let split = try readSplit(top)
        if let processor = Self.present("post_processor", in: top), Self.typeName(of: processor) != "ByteLevel" {
            throw unsupported("post_processor", processor)
        }
        let modelNode = try member("model", of: top, in: root)
        let model = try object(modelNode, name: "model")
        try checkModel(model, modelNode)

        let added = try readAddedTokens(top)
        let vocabularyNode = try member("vocab", of: model, in: modelNode)
        let vocabularyObject = try object(vocabularyNode, name: "vocab")
        let name = endOfText ?? Tokenizer.endOfText
        let endOfTextID = added.first { Self.equalBytes($0.content, name) }?.id ?? vocabularyObject[name]?.integer
        if endOfText != nil, endOfTextID == nil { throw .noEndOfText(file: file, name: name) }
        let special = Set(added.map(\.id) + (endOfTextID.map { [$0] } ?? []))
        let place = FilePlace(file: file, vocabularyNode.position)
        let vocabulary = try readVocabulary(vocabularyObject, at: place, added: added, endOfTextID: endOfTextID)
        return Tokenizer(
            vocabulary: vocabulary,
            merges: try readMerges(model, modelNode, vocabulary: vocabulary, special: special),
            split: split, endOfTextID: endOfTextID, specialIDs: special.sorted())
    }

    private func readVocabulary(
        _ object: JSONObject, at place: FilePlace, added: [AddedToken], endOfTextID: Int?
    ) throws(TokenizerError) -> Vocabulary {
        var listed = Set(endOfTextID.map { [$0] } ?? [])
        var unlisted: [AddedToken] = []
        for token in added {
            guard let node = object[token.content] else {
                unlisted.append(token)
                continue
            }
            if let id = node.integer, id != token.id {
                throw .contradictoryID(token.place, token: token.content, id: token.id, vocabularyID: id)
            }
            listed.insert(token.id)
        }
        var builder = VocabularyBuilder(file: file)
        try builder.add(object, at: place, specialIDs: listed)
        for token in unlisted {
            try builder.add(Array(token.content.utf8), written: token.content, id: token.id, at: token.place)
        }
        return try builder.build()
    }

    private func readSplit(_ top: JSONObject) throws(TokenizerError) -> Tokenizer.Split {
        guard let node = top["pre_tokenizer"], let byteLevel = node.object, Self.typeName(of: node) == "ByteLevel"
        else { throw unsupported("pre_tokenizer", top["pre_tokenizer"]) }
        if let prefix = byteLevel["add_prefix_space"], prefix.bool != false {
            throw unsupported("add_prefix_space", prefix)
        }
        guard let usesPattern = byteLevel["use_regex"] else { return .gpt2 }
        guard let flag = usesPattern.bool else {
            throw wrongType("use_regex", expected: "true or false", usesPattern)
        }
        return flag ? .gpt2 : .none
    }

    private func checkModel(_ model: JSONObject, _ node: JSONNode) throws(TokenizerError) {
        // Files of early versions name no type.
        if let type = model["type"], type.string != "BPE" { throw unsupported("model.type", type) }
        for name in ["continuing_subword_prefix", "end_of_word_suffix"] {
            if let affix = Self.present(name, in: model), affix.string != "" {
                throw unsupported("model." + name, affix)
            }
        }
        for name in ["byte_fallback", "ignore_merges"] {
            if let flag = Self.present(name, in: model), flag.bool != false { throw unsupported("model." + name, flag) }
        }
        if let dropout = Self.present("dropout", in: model), dropout.number != 0 {
            throw unsupported("model.dropout", dropout)
        }
    }

    private func readAddedTokens(
        _ top: JSONObject
    ) throws(TokenizerError) -> [AddedToken] {
        guard let list = Self.present("added_tokens", in: top) else { return [] }
        guard let elements = list.array else { throw wrongType("added_tokens", expected: "an array", list) }
        var tokens: [AddedToken] = []
        for element in elements {
            let token = try object(element, name: "added_tokens")
            let contentNode = try member("content", of: token, in: element)
            guard let content = contentNode.string else {
                throw wrongType("content", expected: "a string", contentNode)
            }
            let idNode = try member("id", of: token, in: element)
            let place = FilePlace(file: file, idNode.position)
            guard let id = idNode.integer else { throw .invalidID(place, token: content) }
            guard token["special"]?.bool == true else {
                throw .ordinaryAddedToken(FilePlace(file: file, element.position), token: content)
            }
            tokens.append(AddedToken(content: content, id: id, place: place))
        }
        return tokens
    }

    /// Merges are strings of two tokens in older files and arrays of two strings in newer ones.
    private func readMerges(
        _ model: JSONObject, _ modelNode: JSONNode, vocabulary: Vocabulary, special: Set<Int>
    ) throws(TokenizerError) -> [Merge] {
        let node = try member("merges", of: model, in: modelNode)
        guard let list = node.array else { throw wrongType("merges", expected: "an array", node) }
        var builder = MergeListBuilder(vocabulary: vocabulary, special: special)
        for element in list {
            let place = FilePlace(file: file, element.position)
            if let text = element.string {
                try builder.add(Array(text.utf8)[...], at: place)
            } else if let parts = element.array, parts.count == 2, let left = parts[0].string,
                let right = parts[1].string
            {
                try builder.add(Array(left.utf8)[...], Array(right.utf8)[...], at: place)
            } else {
                throw .malformedMerge(place, text: Self.shown(element))
            }
        }
        return builder.merges
    }
}

extension TokenizerFile {
    /// The member, where it is there and not null.
    private static func present(_ name: String, in object: JSONObject) -> JSONNode? {
        object[name].flatMap { $0.isNull ? nil : $0 }
    }

    private static func typeName(of node: JSONNode) -> String? { node.object?["type"]?.string }

    private static func equalBytes(_ left: String, _ right: String) -> Bool { left.utf8.elementsEqual(right.utf8) }

    private static func shown(_ node: JSONNode) -> String { String(JSONOutput(node).serialized().prefix(80)) }

    private func object(_ node: JSONNode, name: String) throws(TokenizerError) -> JSONObject {
        guard let object = node.object else { throw wrongType(name, expected: "an object", node) }
        return object
    }

    private func member(
        _ name: String, of object: JSONObject, in node: JSONNode
    ) throws(TokenizerError) -> JSONNode {
        guard let member = object[name] else {
            throw .missingMember(FilePlace(file: file, node.position), name: name)
        }
        return member
    }

    private func wrongType(_ name: String, expected: String, _ node: JSONNode) -> TokenizerError {
        .wrongType(FilePlace(file: file, node.position), name: name, expected: expected, found: node.typeName)
    }

    private func unsupported(_ name: String, _ node: JSONNode?) -> TokenizerError {
        let value = node.map { Self.typeName(of: $0).map { "\"\($0)\"" } ?? Self.shown($0) } ?? "missing"
        return .unsupported(FilePlace(file: file, (node ?? root).position), name: name, value: value)
    }
}

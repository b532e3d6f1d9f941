// The vocabulary and the added tokens of a tokenizer.json.

import StrictJSON

extension TokenizerFile {
    /// All tokens of the file and what the file says of them.
    struct Tokens {
        var vocabulary: Vocabulary
        /// As the file writes them.
        var written: Vocabulary
        /// By ascending id; the token that ends a text is one of them.
        var added: [AddedToken]
        /// The ids that end a text, the one that is written first.
        var ends: [Int]
    }

    /// An element of `added_tokens`.
    private struct ListedToken {
        var token: AddedToken
        let name: String
        let place: FilePlace
    }

    func readTokens(
        _ top: JSONObject, _ model: JSONObject, _ modelNode: JSONNode, endOfText: String?, form: TextForm,
        spelling: TokenSpelling
    ) throws(TokenizerError) -> Tokens {
        var listed = try readAddedTokens(top)
        let node = try member("vocab", of: model, in: modelNode)
        let object = try object(node, name: "vocab")
        let ends = try readEnds(model, endOfText: endOfText, listed, object)
        try compare(&listed, with: object)
        // A token that ends a text stands for no text, whether or not the file says so.
        for index in listed.indices where ends.contains(listed[index].token.id) {
            listed[index].token.isSpecial = true
        }
        var builder = VocabularyBuilder(file: file, spelling: spelling)
        let literal = Set(listed.lazy.filter { Self.isLiteral($0.token, spelling) }.map(\.token.id))
        let unlisted = Set(ends).subtracting(listed.map(\.token.id))
        try builder.add(object, at: FilePlace(file: file, node.position), literal: literal.union(unlisted))
        for token in listed where !token.token.isInModel {
            // Where a token is looked for in normalized text, that is what it stands for.
            let text = token.token.isNormalized ? form.normalized(token.token.content) : nil
            try builder.addLiteral(token.name, standingFor: text, id: token.token.id, at: token.place)
        }
        // A token that stands for no text is none of the model's, wherever it is listed.
        for index in listed.indices where listed[index].token.isSpecial { listed[index].token.isInModel = false }
        let built = builder.build()
        let special = unlisted.filter { built.written.hasToken($0) }.map {
            AddedToken(id: $0, content: Array(built.written.token($0)), isSpecial: true)
        }
        let added = (listed.map(\.token) + special).sorted { $0.id < $1.id }
        return Tokens(vocabulary: built.vocabulary, written: built.written, added: added, ends: ends)
    }

    /// Whether a token's name stands for itself. A token of the model that stands for text is spelled like the others.
    private static func isLiteral(_ token: AddedToken, _ spelling: TokenSpelling) -> Bool {
        guard token.isInModel, !token.isSpecial, case .byteAlphabet = spelling else { return token.isSpecial }
        return ByteAlphabet.bytes(of: token.content) == nil
    }

    /// Notes which of the added tokens the vocabulary has too, under the same id.
    private func compare(_ listed: inout [ListedToken], with vocabulary: JSONObject) throws(TokenizerError) {
        var idOfContent: [[UInt8]: Int] = [:]
        for index in listed.indices {
            let token = listed[index]
            var known = idOfContent.updateValue(token.token.id, forKey: token.token.content)
            if let node = vocabulary[token.name] {
                listed[index].token.isInModel = true
                known = known ?? node.integer
            }
            if let known, known != token.token.id {
                throw .contradictoryID(token.place, token: token.name, id: token.token.id, vocabularyID: known)
            }
        }
    }

    /// The ids that end a text: the one whose name the caller gives, then those that `serialized` wrote, else
    /// `<|endoftext|>`.
    private func readEnds(
        _ model: JSONObject, endOfText: String?, _ listed: [ListedToken], _ vocabulary: JSONObject
    ) throws(TokenizerError) -> [Int] {
        let name = endOfText ?? Tokenizer.endOfText
        let named = listed.first { $0.token.content.elementsEqual(name.utf8) }?.token.id ?? vocabulary[name]?.integer
        if endOfText != nil, named == nil { throw .noEndOfText(file: file, name: name) }
        guard let node = Self.present("end_ids", in: model) else { return named.map { [$0] } ?? [] }
        guard let list = node.array else { throw wrongType("end_ids", expected: "an array", node) }
        var ends = endOfText == nil ? [] : [named].compactMap { $0 }
        for element in list {
            guard let id = element.integer else { throw wrongType("end_ids", expected: "a whole number", element) }
            if !ends.contains(id) { ends.append(id) }
        }
        return ends
    }

    private func readAddedTokens(_ top: JSONObject) throws(TokenizerError) -> [ListedToken] {
        guard let list = Self.present("added_tokens", in: top) else { return [] }
        guard let elements = list.array else { throw wrongType("added_tokens", expected: "an array", list) }
        var tokens: [ListedToken] = []
        for element in elements {
            let object = try object(element, name: "added_tokens")
            let contentNode = try member("content", of: object, in: element)
            guard let content = contentNode.string else {
                throw wrongType("content", expected: "a string", contentNode)
            }
            let idNode = try member("id", of: object, in: element)
            let place = FilePlace(file: file, idNode.position)
            guard let id = idNode.integer else { throw .invalidID(place, token: content) }
            // Nothing to look for: such a token is never found.
            guard !content.isEmpty else { throw .emptyToken(place) }
            let token = AddedToken(
                id: id, content: Array(content.utf8), isSpecial: try flag("special", of: object, absent: false),
                stripsLeft: try flag("lstrip", of: object, absent: false),
                stripsRight: try flag("rstrip", of: object, absent: false),
                isSingleWord: try flag("single_word", of: object, absent: false),
                isNormalized: try flag("normalized", of: object, absent: false))
            tokens.append(ListedToken(token: token, name: content, place: place))
        }
        return tokens
    }
}

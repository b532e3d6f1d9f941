// A tokenizer in the older form: a vocabulary and its merges in two files.

import StrictJSON

/// The paths of `vocab.json` and `merges.txt`, and of what may stand with them.
struct PairFiles {
    let vocabulary: String
    let merges: String
    /// `{"name": id}`: tokens that were added, all of them special.
    let added: String?
    /// Tells whose tokenizer it is. The files themselves name no split; without a word of Qwen2's it is GPT-2's.
    let settings: String?

    func read(endOfText: String?) throws(TokenizerError) -> Tokenizer {
        let node = try TokenizerReader.parse(TokenizerReader.contents(of: vocabulary), file: vocabulary)
        let place = FilePlace(file: vocabulary, node.position)
        guard let object = node.object else {
            throw .wrongType(place, name: "the vocabulary", expected: "an object", found: node.typeName)
        }
        let isQwen = try isQwen2()
        var added = try readAdded()
        if isQwen { added += try readAddedOfSettings(except: Set(added.map(\.token.id))) }
        let name = endOfText ?? Tokenizer.endOfText
        let endOfTextID = object[name]?.integer ?? added.first { $0.name.utf8.elementsEqual(name.utf8) }?.token.id
        if endOfText != nil, endOfTextID == nil { throw .noEndOfText(file: vocabulary, name: name) }
        var literal = Set(endOfTextID.map { [$0] } ?? [])
        for element in added where object[element.name]?.integer == element.token.id {
            literal.insert(element.token.id)
        }
        var builder = VocabularyBuilder(file: vocabulary, spelling: .byteAlphabet)
        try builder.add(object, at: place, literal: literal)
        // A token that the vocabulary has under another id is the vocabulary's.
        added.removeAll { element in object[element.name].map { $0.integer != element.token.id } ?? false }
        for element in added where object[element.name] == nil {
            try builder.addLiteral(element.name, id: element.token.id, at: element.place)
        }
        let tokens = builder.build()
        var all = added.map(\.token)
        if let end = endOfTextID, !all.contains(where: { $0.id == end }) {
            all.append(AddedToken(id: end, content: Array(tokens.written.token(end)), isSpecial: true))
        }
        let outside = Set(all.map(\.id))
        var parts = TokenizerParts(
            vocabulary: tokens.vocabulary, merges: try readMerges(written: tokens.written, outside: outside),
            split: isQwen ? .qwen2 : .gpt2, added: all.sorted { $0.id < $1.id }, ends: endOfTextID.map { [$0] } ?? [])
        parts.form.composes = isQwen
        return Tokenizer(parts)
    }

    private struct NamedToken {
        var token: AddedToken
        let name: String
        let place: FilePlace
    }

    private func readAdded() throws(TokenizerError) -> [NamedToken] {
        guard let added else { return [] }
        let object = try TokenizerReader.parse(TokenizerReader.contents(of: added), file: added).object
        var tokens: [NamedToken] = []
        for member in object?.members ?? [] {
            let place = FilePlace(file: added, member.keyPosition)
            guard let id = member.value.integer else { throw .invalidID(place, token: member.key) }
            let token = AddedToken(id: id, content: Array(member.key.utf8), isSpecial: true)
            tokens.append(NamedToken(token: token, name: member.key, place: place))
        }
        return tokens
    }

    private func isQwen2() throws(TokenizerError) -> Bool {
        guard let settings else { return false }
        let object = try TokenizerReader.parse(TokenizerReader.contents(of: settings), file: settings).object
        return ["Qwen2Tokenizer", "Qwen2TokenizerFast"].contains(object?["tokenizer_class"]?.string)
    }

    /// `added_tokens_decoder` of tokenizer_config.json: `{"id": {"content": …}}`.
    private func readAddedOfSettings(except known: Set<Int>) throws(TokenizerError) -> [NamedToken] {
        guard let settings else { return [] }
        let object = try TokenizerReader.parse(TokenizerReader.contents(of: settings), file: settings).object
        var tokens: [NamedToken] = []
        for member in object?["added_tokens_decoder"]?.object?.members ?? [] {
            let place = FilePlace(file: settings, member.keyPosition)
            guard let id = Int(member.key) else { throw .invalidID(place, token: member.key) }
            guard let token = member.value.object, let name = token["content"]?.string, !name.isEmpty,
                !known.contains(id)
            else { continue }
            let added = AddedToken(
                id: id, content: Array(name.utf8), isSpecial: token["special"]?.bool ?? true,
                stripsLeft: token["lstrip"]?.bool ?? false, stripsRight: token["rstrip"]?.bool ?? false,
                isSingleWord: token["single_word"]?.bool ?? false, isNormalized: token["normalized"]?.bool ?? false)
            tokens.append(NamedToken(token: added, name: name, place: place))
        }
        return tokens
    }

    /// Reads one merge a line; a first line that starts with `#version` is passed over, and so are empty lines at the
    /// end.
    private func readMerges(written: Vocabulary, outside: Set<Int>) throws(TokenizerError) -> [Merge] {
        let bytes = try TokenizerReader.contents(of: merges)
        var builder = MergeListBuilder(written: written, outside: outside)
        var lineNumber = 0
        let contentEnd = (bytes.lastIndex { $0 != 0x0A && $0 != 0x0D } ?? -1) + 1
        var start = 0
        while start < contentEnd {
            let lineFeed = bytes[start..<contentEnd].firstIndex(of: 0x0A) ?? contentEnd
            var line = bytes[start..<lineFeed]
            if line.last == 0x0D { line.removeLast() }
            lineNumber += 1
            start = lineFeed + 1
            if lineNumber == 1, line.starts(with: "#version".utf8) { continue }
            try builder.add(line, at: FilePlace(file: merges, line: lineNumber))
        }
        return builder.merges
    }
}

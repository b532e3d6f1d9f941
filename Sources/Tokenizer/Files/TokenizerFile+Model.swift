// The BPE model of a tokenizer.json: what it does besides merging, and its merges.

import StrictJSON

extension TokenizerFile {
    /// Reads what merging depends on, and refuses what it would have to do and does not.
    func readSettings(_ model: JSONObject) throws(TokenizerError) -> MergeModel {
        // Files of early versions name no type.
        if let type = model["type"], type.string != "BPE" { throw unsupported("model.type", type) }
        for name in ["continuing_subword_prefix", "end_of_word_suffix"] {
            if let affix = Self.present(name, in: model), affix.string != "" {
                throw unsupported("model." + name, affix)
            }
        }
        if let dropout = Self.present("dropout", in: model), dropout.number != 0 {
            throw unsupported("model.dropout", dropout)
        }
        var settings = MergeModel()
        settings.leavesTokensUnmerged = try flag("ignore_merges", of: model, absent: false)
        settings.fallsBackToBytes = try flag("byte_fallback", of: model, absent: false)
        settings.fusesUnknown = try flag("fuse_unk", of: model, absent: false)
        return settings
    }

    /// Merges are strings of two tokens in older files and arrays of two strings in newer ones. Where the file has the
    /// scores of which they were made, these say more.
    func readMerges(
        _ model: JSONObject, _ modelNode: JSONNode, written: Vocabulary, into parts: inout TokenizerParts
    ) throws(TokenizerError) {
        let node = try member("merges", of: model, in: modelNode)
        guard let list = node.array else { throw wrongType("merges", expected: "an array", node) }
        if let scores = Self.present("scores", in: model), parts.form.marks != nil {
            parts.model.scores = try readScores(scores)
            try ScoredPairs.makeMerges(&parts, at: FilePlace(file: file, scores.position))
            return
        }
        var builder = MergeListBuilder(written: written, outside: parts.outsideModel)
        for element in list {
            let place = FilePlace(file: file, element.position)
            if let text = element.string {
                try builder.add(Array(text.utf8)[...], at: place)
            } else if let parts = element.array, parts.count == 2, let left = parts[0].string,
                let right = parts[1].string
            {
                try builder.add(Array(left.utf8)[...], Array(right.utf8)[...], at: place)
            } else {
                throw .malformedMerge(place, text: String(Self.shown(element).prefix(80)))
            }
        }
        parts.merges = builder.merges
    }

    private func readScores(_ node: JSONNode) throws(TokenizerError) -> [Float] {
        guard let list = node.array else { throw wrongType("scores", expected: "an array", node) }
        var scores: [Float] = []
        for element in list {
            guard let score = element.number else { throw wrongType("scores", expected: "a number", element) }
            scores.append(Float(score))
        }
        return scores
    }

    /// Notes the token for what is unknown, and forgets settings that change nothing, so that equal tokenizers are equal.
    func settle(_ parts: inout TokenizerParts, _ model: JSONObject) throws(TokenizerError) {
        if parts.form.marks != nil, !parts.hasSpaceMark { throw .noSpaceMark(file: file) }
        let unknown = model["unk_token"]?.string
        let inVocabulary = model["vocab"]?.object
        parts.model.unknownID = parts.refusesMissingBytes ? nil : unknown.flatMap { inVocabulary?[$0]?.integer }
        if parts.form.marks == nil {
            let isComplete = parts.hasAllBytes
            if parts.model.fallsBackToBytes, !isComplete {
                throw unsupported("model.byte_fallback", model["byte_fallback"])
            }
            parts.model.fallsBackToBytes = false
            if isComplete { parts.model.unknownID = nil }
        }
        if parts.model.unknownID == nil { parts.model.fusesUnknown = false }
        // Without a normalizer the order of two searches is all that this changes, and one search has no order.
        let isNormalized = parts.form.composes || parts.form.marks?.isNormalizer == true
        let isOneSearch = Set(parts.added.map(\.isNormalized)).count == 1 || parts.added.allSatisfy(\.isSpecial)
        if !isNormalized, isOneSearch {
            for index in parts.added.indices { parts.added[index].isNormalized = false }
        }
    }
}

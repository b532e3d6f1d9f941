// Writes Hugging Face's tokenizer.json.

import StrictJSON

/// A tokenizer as JSON.
///
/// The bytes of GPT-2's kinds are fixed: checkpoints hold them and are known by their hash. What other kinds need is
/// added only where it differs. Members that only this program knows stand in `model`, where other readers pass over
/// what they do not know: `end_ids`, `begin_id` and `scores`.
struct TokenizerFileWriter {
    private let tokenizer: Tokenizer
    private var parts: TokenizerParts { tokenizer.parts }

    init(_ tokenizer: Tokenizer) { self.tokenizer = tokenizer }

    var file: JSONOutput {
        [
            "version": "1.0", "truncation": nil, "padding": nil, "added_tokens": .array(parts.added.map(added)),
            "normalizer": normalizer, "pre_tokenizer": preTokenizer, "post_processor": postProcessor,
            "decoder": decoder, "model": .object(model),
        ]
    }

    private func added(_ token: AddedToken) -> JSONOutput {
        [
            "id": .integer(token.id), "content": .string(String(decoding: token.content, as: UTF8.self)),
            "single_word": .bool(token.isSingleWord), "lstrip": .bool(token.stripsLeft),
            "rstrip": .bool(token.stripsRight), "normalized": .bool(token.isNormalized),
            "special": .bool(token.isSpecial),
        ]
    }

    private var normalizer: JSONOutput {
        var steps: [JSONOutput] = parts.form.composes ? [["type": "NFC"]] : []
        if let marks = parts.form.marks, marks.isNormalizer {
            if marks.prefix == .always { steps.append(["type": "Prepend", "prepend": "▁"]) }
            steps.append(["type": "Replace", "pattern": ["String": " "], "content": "▁"])
        }
        if steps.count < 2 { return steps.first ?? nil }
        return ["type": "Sequence", "normalizers": .array(steps)]
    }

    private var byteLevel: JSONOutput {
        [
            "type": "ByteLevel", "add_prefix_space": .bool(parts.form.prefixesSpace), "trim_offsets": true,
            "use_regex": .bool(parts.split.steps.last == .gpt2),
        ]
    }

    private var preTokenizer: JSONOutput {
        if let marks = parts.form.marks { return marks.isNormalizer ? nil : metaspace(marks) }
        let steps = parts.split.steps
        // The last step is ByteLevel's own where that is GPT-2's pattern.
        let before = steps.last == .gpt2 ? steps.dropLast() : steps[...]
        guard !before.isEmpty else { return byteLevel }
        return ["type": "Sequence", "pretokenizers": .array(before.map(step) + [byteLevel])]
    }

    private func step(_ step: Tokenizer.Split.Step) -> JSONOutput {
        guard let pattern = step.pattern else { return ["type": "Digits", "individual_digits": true] }
        return ["type": "Split", "pattern": ["Regex": .string(pattern)], "behavior": "Isolated", "invert": false]
    }

    private func metaspace(_ marks: SpaceMarks) -> JSONOutput {
        let scheme: JSONOutput =
            switch marks.prefix {
            case .never: "never"
            case .always, .unlessPresent: "always"
            case .firstUnlessPresent: "first"
            }
        return ["type": "Metaspace", "replacement": "▁", "prepend_scheme": scheme, "split": .bool(marks.cuts)]
    }

    private var decoder: JSONOutput {
        guard parts.form.marks != nil else { return byteLevel }
        var steps: [JSONOutput] = [["type": "Replace", "pattern": ["String": "▁"], "content": " "]]
        if parts.model.fallsBackToBytes { steps.append(["type": "ByteFallback"]) }
        steps.append(["type": "Fuse"])
        if parts.form.prefixesMark { steps.append(["type": "Strip", "content": " ", "start": 1, "stop": 0]) }
        return ["type": "Sequence", "decoders": .array(steps)]
    }

    private var postProcessor: JSONOutput {
        guard parts.addsBegin, let begin = parts.begin else { return nil }
        let name = tokenizer.written(begin)
        func sequence(_ name: JSONOutput, _ type: JSONOutput) -> JSONOutput {
            ["Sequence": ["id": name, "type_id": type]]
        }
        func token(_ type: JSONOutput) -> JSONOutput { ["SpecialToken": ["id": .string(name), "type_id": type]] }
        let special: JSONOutput = ["id": .string(name), "ids": [.integer(begin)], "tokens": [.string(name)]]
        return [
            "type": "TemplateProcessing", "single": [token(0), sequence("A", 0)],
            "pair": [token(0), sequence("A", 0), token(1), sequence("B", 1)],
            "special_tokens": .object([(key: name, value: special)]),
        ]
    }

    private var model: [(key: String, value: JSONOutput)] {
        let unknown = parts.model.unknownID.map { JSONOutput.string(tokenizer.written($0)) }
        var members: [(key: String, value: JSONOutput)] = [
            ("type", "BPE"), ("dropout", nil), ("unk_token", unknown ?? nil), ("continuing_subword_prefix", ""),
            ("end_of_word_suffix", ""), ("fuse_unk", .bool(parts.model.fusesUnknown)),
            ("byte_fallback", .bool(parts.model.fallsBackToBytes)),
        ]
        if parts.model.leavesTokensUnmerged { members.append(("ignore_merges", true)) }
        let usual = parts.added.first { $0.content.elementsEqual(Tokenizer.endOfText.utf8) }.map { [$0.id] } ?? []
        if parts.ends != usual { members.append(("end_ids", .array(parts.ends.map { .integer($0) }))) }
        if let begin = parts.begin, !parts.addsBegin { members.append(("begin_id", .integer(begin))) }
        members.append(("vocab", vocabulary))
        members.append(("merges", .array(merges)))
        if let scores = parts.model.scores { members.append(("scores", .array(scores.map { .number(Double($0)) }))) }
        return members
    }

    /// Strings of two tokens; arrays of two strings where a token has a space in it.
    private var merges: [JSONOutput] {
        let written = tokenizer.writtenMergePairs
        guard written.contains(where: { $0.left.utf8.contains(0x20) || $0.right.utf8.contains(0x20) }) else {
            return written.map { .string($0.left + " " + $0.right) }
        }
        return written.map { [.string($0.left), .string($0.right)] }
    }

    /// The tokens that the model has. Added ones that stand for text and are no tokens of the model stay out; those that
    /// stand for none are in it, so that every reader gives them their ids.
    var vocabulary: JSONOutput {
        let onlyAdded = Set(parts.added.lazy.filter { !$0.isSpecial && !$0.isInModel }.map(\.id))
        let ids = (0..<tokenizer.vocabularySize).filter {
            parts.vocabulary.length(of: $0) > 0 && !onlyAdded.contains($0)
        }
        return .object(ids.map { (key: tokenizer.written($0), value: .integer($0)) })
    }
}

// The normalizer, the pre-tokenizer and the post-processor of a tokenizer.json.

import StrictJSON

extension TokenizerFile {
    /// What a text goes through before merging.
    struct Cutting {
        var form: TextForm
        var split = Tokenizer.Split.none
    }

    /// NFC, and Replace of spaces by ▁ with or without Prepend, alone or in a Sequence.
    func readNormalizer(_ top: JSONObject) throws(TokenizerError) -> TextForm {
        var form = TextForm.plain
        var prepends = false
        for node in try elements(of: Self.present("normalizer", in: top), "normalizer", list: "normalizers") {
            let object = try object(node, name: "normalizer")
            switch Self.typeName(of: node) {
            case "NFC" where form == .plain && !prepends: form.composes = true
            case "Prepend" where !prepends:
                guard object["prepend"]?.string == "▁" else { throw unsupported("Prepend.prepend", object["prepend"]) }
                prepends = true
            case "Replace" where form.marks == nil:
                guard object["pattern"]?.object?["String"]?.string == " " else {
                    throw unsupported("Replace.pattern", object["pattern"])
                }
                guard object["content"]?.string == "▁" else { throw unsupported("Replace.content", object["content"]) }
                form.marks = SpaceMarks(prefix: .never, isNormalizer: true, cuts: false)
            default: throw unsupported("normalizer", node)
            }
        }
        if prepends {
            guard form.marks != nil else { throw unsupported("normalizer", top["normalizer"]) }
            form.marks?.prefix = .always
        }
        return form
    }

    /// ByteLevel, alone or behind the steps of a known split; or what belongs to ▁: nothing, Metaspace, or a cut at the
    /// spaces that the normalizer has already replaced.
    func readPreTokenizer(_ top: JSONObject, _ normalizer: TextForm) throws(TokenizerError) -> Cutting {
        let nodes = try elements(of: Self.present("pre_tokenizer", in: top), "pre_tokenizer", list: "pretokenizers")
        var cutting = Cutting(form: normalizer)
        var steps: [Tokenizer.Split.Step] = []
        var isByteLevel = false
        for (place, node) in nodes.enumerated() {
            let object = try object(node, name: "pre_tokenizer")
            guard !isByteLevel else { throw unsupported("pre_tokenizer", node) }
            switch Self.typeName(of: node) {
            case "ByteLevel":
                isByteLevel = true
                cutting.form.prefixesSpace = try flag("add_prefix_space", of: object, absent: false)
                if cutting.form.prefixesSpace, place > 0 {
                    throw unsupported("add_prefix_space", object["add_prefix_space"])
                }
                if try flag("use_regex", of: object, absent: true) { steps.append(.gpt2) }
            case "Digits":
                guard object["individual_digits"]?.bool == true else {
                    throw unsupported("Digits.individual_digits", object["individual_digits"])
                }
                steps.append(.digits)
            case "Split":
                if let step = try readSplit(object, normalizer) { steps.append(step) }
            case "Metaspace" where nodes.count == 1 && normalizer.marks == nil:
                cutting.form.marks = try readMetaspace(object)
            default: throw unsupported("pre_tokenizer", node)
            }
        }
        if isByteLevel, cutting.form.marks != nil { throw unsupported("normalizer", top["normalizer"]) }
        guard isByteLevel || (cutting.form.marks != nil && steps.isEmpty), let split = Tokenizer.Split(steps: steps)
        else { throw unsupported("pre_tokenizer", top["pre_tokenizer"]) }
        cutting.split = split
        return cutting
    }

    /// The step of a Split; nil where it cuts at spaces of which none are left.
    private func readSplit(
        _ object: JSONObject, _ normalizer: TextForm
    ) throws(TokenizerError) -> Tokenizer.Split.Step? {
        let pattern = object["pattern"]?.object
        if pattern?["String"]?.string == " ", normalizer.marks != nil { return nil }
        guard let text = pattern?["Regex"]?.string, let step = Tokenizer.Split.Step(pattern: text) else {
            throw unsupported("Split.pattern", object["pattern"])
        }
        // The patterns leave nothing between two pieces, so to keep what matches is to keep all.
        let keeps = try flag("invert", of: object, absent: false) ? "Removed" : "Isolated"
        guard object["behavior"]?.string == keeps else { throw unsupported("Split.behavior", object["behavior"]) }
        return step
    }

    private func readMetaspace(_ object: JSONObject) throws(TokenizerError) -> SpaceMarks {
        guard object["replacement"]?.string == "▁" else {
            throw unsupported("Metaspace.replacement", object["replacement"])
        }
        var prefix: SpaceMarks.Prefix
        switch object["prepend_scheme"]?.string ?? "always" {
        case "always": prefix = .unlessPresent
        case "first": prefix = .firstUnlessPresent
        case "never": prefix = .never
        default: throw unsupported("Metaspace.prepend_scheme", object["prepend_scheme"])
        }
        // Older files say it so.
        if try flag("add_prefix_space", of: object, absent: true) == false { prefix = .never }
        return SpaceMarks(prefix: prefix, isNormalizer: false, cuts: try flag("split", of: object, absent: true))
    }

    /// The id that the post-processor puts in front of a text, if it puts one there.
    func readPostProcessor(_ top: JSONObject) throws(TokenizerError) -> Int? {
        var begin: Int?
        let node = Self.present("post_processor", in: top)
        for node in try elements(of: node, "post_processor", list: "processors") {
            switch Self.typeName(of: node) {
            case "ByteLevel": break
            case "TemplateProcessing" where begin == nil: begin = try readTemplate(node)
            default: throw unsupported("post_processor", node)
            }
        }
        return begin
    }

    /// A template for one text: the text alone, or one token and the text.
    private func readTemplate(_ node: JSONNode) throws(TokenizerError) -> Int? {
        let object = try object(node, name: "post_processor")
        let single = try member("single", of: object, in: node)
        let items = single.array ?? []
        guard let last = items.last, last.object?["Sequence"] != nil, items.count <= 2 else {
            throw unsupported("TemplateProcessing.single", single)
        }
        guard items.count == 2 else { return nil }
        guard let name = items[0].object?["SpecialToken"]?.object?["id"]?.string,
            let ids = object["special_tokens"]?.object?[name]?.object?["ids"]?.array, ids.count == 1,
            let id = ids[0].integer
        else { throw unsupported("TemplateProcessing.single", single) }
        return id
    }

    /// The elements of a Sequence, also of one inside another; what is no Sequence is the only element.
    private func elements(of node: JSONNode?, _ name: String, list: String) throws(TokenizerError) -> [JSONNode] {
        guard let node else { return [] }
        guard Self.typeName(of: node) == "Sequence" else { return [node] }
        let object = try object(node, name: name)
        let members = try member(list, of: object, in: node)
        guard let elements = members.array else { throw wrongType(list, expected: "an array", members) }
        var result: [JSONNode] = []
        for element in elements { result += try self.elements(of: element, name, list: list) }
        return result
    }
}

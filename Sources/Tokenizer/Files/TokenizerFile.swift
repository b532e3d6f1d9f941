// Reads Hugging Face's tokenizer.json, and refuses by name what would change the ids.

import StrictJSON

/// A parsed tokenizer.json.
///
/// Read are `model` (BPE), `added_tokens`, the normalizers NFC and those that write ▁ for spaces, the pre-tokenizers
/// ByteLevel, Digits, Split with a known pattern and Metaspace, and the post-processor that puts a token in front.
/// Everything else there that changes ids is refused. `truncation` and `padding` are about batches, `decoder` follows
/// from the rest; they are passed over.
struct TokenizerFile {
    let file: String
    let root: JSONNode

    init(bytes: [UInt8], file: String) throws(TokenizerError) {
        self.file = file
        root = try TokenizerReader.parse(bytes, file: file)
    }

    func readParts(endOfText: String?) throws(TokenizerError) -> TokenizerParts {
        let top = try object(root, name: "the tokenizer")
        let cutting = try readPreTokenizer(top, try readNormalizer(top))
        let begin = try readPostProcessor(top)
        let modelNode = try member("model", of: top, in: root)
        let model = try object(modelNode, name: "model")
        let settings = try readSettings(model)
        let tokens = try readTokens(
            top, model, modelNode, endOfText: endOfText, form: cutting.form,
            spelling: cutting.form.marks == nil
                ? .byteAlphabet : .marked(fallsBackToBytes: settings.fallsBackToBytes))
        var parts = TokenizerParts(
            vocabulary: tokens.vocabulary, written: cutting.form.marks == nil ? nil : tokens.written, merges: [],
            split: cutting.split, form: cutting.form, model: settings, added: tokens.added, ends: tokens.ends,
            begin: begin ?? model["begin_id"]?.integer, addsBegin: begin != nil)
        // Neither beyond the vocabulary nor in a gap of its ids.
        for id in parts.ends + [parts.begin].compactMap({ $0 }) where !parts.vocabulary.hasToken(id) {
            throw .unknownID(id, vocabularySize: parts.vocabulary.count)
        }
        try readMerges(model, modelNode, written: tokens.written, into: &parts)
        try settle(&parts, model)
        return parts
    }
}

extension TokenizerFile {
    /// The member, where it is there and not null.
    static func present(_ name: String, in object: JSONObject) -> JSONNode? {
        object[name].flatMap { $0.isNull ? nil : $0 }
    }

    static func typeName(of node: JSONNode) -> String? { node.object?["type"]?.string }

    static func shown(_ node: JSONNode) -> String { String(JSONOutput(node).serialized().prefix(160)) }

    func object(_ node: JSONNode, name: String) throws(TokenizerError) -> JSONObject {
        guard let object = node.object else { throw wrongType(name, expected: "an object", node) }
        return object
    }

    func member(_ name: String, of object: JSONObject, in node: JSONNode) throws(TokenizerError) -> JSONNode {
        guard let member = object[name] else {
            throw .missingMember(FilePlace(file: file, node.position), name: name)
        }
        return member
    }

    func flag(_ name: String, of object: JSONObject, absent: Bool) throws(TokenizerError) -> Bool {
        guard let node = Self.present(name, in: object) else { return absent }
        guard let flag = node.bool else { throw wrongType(name, expected: "true or false", node) }
        return flag
    }

    func wrongType(_ name: String, expected: String, _ node: JSONNode) -> TokenizerError {
        .wrongType(FilePlace(file: file, node.position), name: name, expected: expected, found: node.typeName)
    }

    func unsupported(_ name: String, _ node: JSONNode?) -> TokenizerError {
        let value = node.map { Self.typeName(of: $0).map { "\"\($0)\"" } ?? Self.shown($0) } ?? "missing"
        return .unsupported(FilePlace(file: file, (node ?? root).position), name: name, value: value)
    }
}

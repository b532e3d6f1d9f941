// Changes a text as a tokenizer's form says.

extension TextForm {
    /// What the normalizer makes of a stretch of text, which is not empty; nil where nothing changes.
    ///
    /// - Parameter prefixes: whether a prefix is put where the form has one.
    func normalized(_ text: UnsafeBufferPointer<UInt8>, prefixes: Bool) -> [UInt8]? {
        var result = composes ? Composition.composed(text) : nil
        guard let marks, marks.isNormalizer else { return result }
        if let marked = Self.replacingMarks(result, or: text) { result = marked }
        if prefixes, marks.prefix == .always { result = [0x20] + (result ?? Array(text)) }
        return result
    }

    /// The same for a token that is looked for in normalized text.
    func normalized(_ token: [UInt8]) -> [UInt8] {
        token.withUnsafeBufferPointer { normalized($0, prefixes: true) } ?? token
    }

    /// What the pre-tokenizer makes of a stretch of normalized text, which is not empty, before cutting it; nil where
    /// nothing changes.
    ///
    /// - Parameters:
    ///   - isFirst: whether the stretch begins where the text begins.
    ///   - prefixes: as above.
    func preTokenized(_ text: UnsafeBufferPointer<UInt8>, isFirst: Bool, prefixes: Bool) -> [UInt8]? {
        var result: [UInt8]?
        var wantsPrefix = prefixesSpace
        if let marks, !marks.isNormalizer {
            result = Self.replacingMarks(nil, or: text)
            wantsPrefix =
                switch marks.prefix {
                case .never: false
                case .always, .unlessPresent: true
                case .firstUnlessPresent: isFirst
                }
        }
        guard wantsPrefix, prefixes, (result?.first ?? text[0]) != 0x20 else { return result }
        return [0x20] + (result ?? Array(text))
    }

    private static func replacingMarks(_ bytes: [UInt8]?, or text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
        guard let bytes else { return SpaceMarks.replacingMarks(in: text) }
        return bytes.withUnsafeBufferPointer { SpaceMarks.replacingMarks(in: $0) }
    }

    /// Whether a prefix is ever put in front of a text, so that decoding takes a space away there.
    var prefixesMark: Bool { marks.map { $0.prefix != .never } ?? false }
}

// Bytes to ids.

extension Tokenizer {
    /// Appends the ids of a text to `ids`; where it fails, `ids` is as before.
    ///
    /// - Parameters:
    ///   - findsSpecialTokens: whether the name of a special token stands for the token. Texts of unknown origin are
    ///     encoded without: they could end a text or play another part.
    ///   - continues: whether the text continues another one, so that nothing is put in front of its first character.
    /// - Throws: `missingByte` where the vocabulary lacks a byte of the text.
    package func encode(
        _ bytes: UnsafeBufferPointer<UInt8>, findsSpecialTokens: Bool = false, continues: Bool = false,
        into ids: inout [Int32]
    ) throws(TokenizerError) {
        guard let base = bytes.baseAddress, bytes.count > 0 else { return }
        let workspace = workspaces.take(tables: tables)
        defer { workspaces.giveBack(workspace) }
        let countBefore = ids.count
        do {
            if parts.form == .plain, !searches.find(special: findsSpecialTokens) {
                try PieceEncoder(text: base, count: bytes.count, workspace: workspace).encode(into: &ids)
            } else {
                let encoder = TextEncoder(
                    form: parts.form, searches: searches, workspace: workspace, special: findsSpecialTokens,
                    continues: continues)
                try encoder.encode(bytes, into: &ids)
            }
        } catch {
            ids.removeSubrange(countBefore...)
            switch error {
            case .missingByte(let offset): throw .missingByte(base[offset], offset: offset)
            case .pieceTooLong(let count): throw .pieceTooLong(bytes: count, limit: Int(Int32.max))
            }
        }
    }

    package func encode(
        _ bytes: [UInt8], findsSpecialTokens: Bool = false, continues: Bool = false
    ) throws(TokenizerError) -> [Int32] {
        var ids: [Int32] = []
        try bytes.withUnsafeBufferPointer { (buffer) throws(TokenizerError) in
            try encode(buffer, findsSpecialTokens: findsSpecialTokens, continues: continues, into: &ids)
        }
        return ids
    }

    /// The ids of the string's UTF-8.
    package func encode(
        _ text: String, findsSpecialTokens: Bool = false, continues: Bool = false
    ) throws(TokenizerError) -> [Int32] {
        try encode(Array(text.utf8), findsSpecialTokens: findsSpecialTokens, continues: continues)
    }

    /// How a pattern cuts a text: the ends of its pieces in order, the last one the text's.
    package static func pieceEnds(of bytes: [UInt8], split: Split = .gpt2) -> [Int] {
        guard let rules = PieceRules(split) else { return bytes.isEmpty ? [] : [bytes.count] }
        var ends: [Int] = []
        bytes.withUnsafeBufferPointer { text in
            ScalarClasses.ofFirstBytes.withUnsafeBufferPointer { classes in
                guard let base = text.baseAddress, let classes = classes.baseAddress else { return }
                let scanner = PieceScanner(base: base, count: text.count, classOfFirstByte: classes, rules: rules)
                while (ends.last ?? 0) < text.count { ends.append(scanner.pieceEnd(from: ends.last ?? 0)) }
            }
        }
        return ends
    }
}

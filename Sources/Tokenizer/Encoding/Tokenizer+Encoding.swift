// Bytes to ids.

extension Tokenizer {
    /// Appends the ids of a text to `ids`; where it fails, `ids` is as before.
    ///
    /// - Throws: `missingByte` where the vocabulary lacks a byte of the text.
    public func encode(_ bytes: UnsafeBufferPointer<UInt8>, into ids: inout [Int32]) throws(TokenizerError) {
        guard let base = bytes.baseAddress, bytes.count > 0 else { return }
        let workspace = workspaces.take(tables: tables)
        defer { workspaces.giveBack(workspace) }
        let countBefore = ids.count
        let encoder = PieceEncoder(text: base, count: bytes.count, workspace: workspace)
        do {
            try encoder.encode(split: split, into: &ids)
        } catch {
            ids.removeSubrange(countBefore...)
            switch error {
            case .missingByte(let offset): throw .missingByte(base[offset], offset: offset)
            case .pieceTooLong(let count): throw .pieceTooLong(bytes: count, limit: Int(Int32.max))
            }
        }
    }

    public func encode(_ bytes: [UInt8]) throws(TokenizerError) -> [Int32] {
        var ids: [Int32] = []
        try bytes.withUnsafeBufferPointer { (buffer) throws(TokenizerError) in try encode(buffer, into: &ids) }
        return ids
    }

    /// The ids of the string's UTF-8.
    public func encode(_ text: String) throws(TokenizerError) -> [Int32] { try encode(Array(text.utf8)) }

    /// How GPT-2's pattern cuts a text: the ends of its pieces in order, the last one the text's.
    package static func pieceEnds(of bytes: [UInt8]) -> [Int] {
        var ends: [Int] = []
        bytes.withUnsafeBufferPointer { text in
            ScalarClasses.ofFirstBytes.withUnsafeBufferPointer { classes in
                guard let base = text.baseAddress, let classes = classes.baseAddress else { return }
                let scanner = PieceScanner(base: base, count: text.count, classOfFirstByte: classes)
                while (ends.last ?? 0) < text.count { ends.append(scanner.pieceEnd(from: ends.last ?? 0)) }
            }
        }
        return ends
    }
}

// The loop over the pieces of a text: known ones from the cache, new ones through the merges.

/// One encoding of one text in one workspace. Valid while both live.
struct PieceEncoder {
    /// A place that cannot be encoded.
    enum Failure: Error {
        /// The vocabulary has no token for the byte at this offset.
        case missingByte(offset: Int)
        /// A piece of 2³¹ bytes or more.
        case pieceTooLong(bytes: Int)
    }

    private let text: UnsafePointer<UInt8>
    private let count: Int
    private let tables: EncodingTables
    private let cache: PieceCache
    private let merger: PieceMerger
    private let output: UnsafeMutablePointer<Int32>

    init(text: UnsafePointer<UInt8>, count: Int, workspace: Workspace) {
        self.text = text
        self.count = count
        tables = workspace.tables
        cache = workspace.cache
        merger = workspace.merger
        output = workspace.output
    }

    /// Appends the ids of the text, which has at least one byte.
    func encode(into ids: inout [Int32]) throws(Failure) {
        if !tables.hasMerges && tables.refusesMissingBytes {
            try encodeBytes(into: &ids)
        } else if let rules = tables.rules {
            let scanner = PieceScanner(
                base: text, count: count, classOfFirstByte: tables.classOfFirstByte, rules: rules)
            try encodePieces(scanner, into: &ids)
        } else if let cutsAfter = tables.cutsAfter {
            try encodePieces(SpaceScanner(base: text, count: count, cutsAfter: cutsAfter), into: &ids)
        } else {
            try mergePiece(from: 0, length: count, into: &ids)
        }
    }

    private func encodePieces(_ cutter: some PieceCutter, into ids: inout [Int32]) throws(Failure) {
        var start = 0
        var written = 0
        while start < count {
            let end = cutter.pieceEnd(from: start)
            let length = end - start
            if written > Workspace.outputCapacity - 32 { flush(&written, into: &ids) }
            if length <= PieceKey.longestPiece {
                let key = PieceKey(start: text + start, length: length, available: count - start)
                var found = cache.copyIDs(of: key, to: output + written)
                if found == 0 { found = try mergeNewPiece(key, from: start, length: length, to: output + written) }
                written += found
            } else {
                flush(&written, into: &ids)
                try mergePiece(from: start, length: length, into: &ids)
            }
            start = end
        }
        flush(&written, into: &ids)
    }

    @inline(__always)
    private func flush(_ written: inout Int, into ids: inout [Int32]) {
        ids.append(contentsOf: UnsafeBufferPointer(start: output, count: written))
        written = 0
    }

    @inline(never)
    private func mergeNewPiece(
        _ key: PieceKey, from start: Int, length: Int, to output: UnsafeMutablePointer<Int32>
    ) throws(Failure) -> Int {
        guard let found = merge(from: start, length) else { throw missingByte(from: start) }
        cache.insert(key, ids: merger.tokens, count: found)
        output.update(from: merger.tokens, count: found)
        return found
    }

    private func mergePiece(from start: Int, length: Int, into ids: inout [Int32]) throws(Failure) {
        guard length <= Int(Int32.max) else { throw .pieceTooLong(bytes: length) }
        guard let found = merge(from: start, length) else { throw missingByte(from: start) }
        ids.append(contentsOf: UnsafeBufferPointer(start: merger.tokens, count: found))
    }

    /// Leaves the ids in `merger.tokens` and returns their number, or nil where a byte is missing.
    private func merge(from start: Int, _ length: Int) -> Int? {
        let bytes = UnsafeBufferPointer(start: text + start, count: length)
        if let index = tables.unmergedPieces, length <= Vocabulary.longestToken, let id = index.id(of: bytes) {
            merger.tokens[0] = Int32(id)
            return 1
        }
        return merger.merge(text + start, length: length)
    }

    /// Without merges every byte is its own token, however the text is cut.
    private func encodeBytes(into ids: inout [Int32]) throws(Failure) {
        ids.reserveCapacity(ids.isEmpty ? count : 0)
        for offset in 0..<count {
            let token = tables.tokenOfByte[Int(text[offset])]
            guard token >= 0 else { throw .missingByte(offset: offset) }
            ids.append(token)
        }
    }

    private func missingByte(from start: Int) -> Failure {
        let offset = (start..<count).first { tables.tokenOfByte[Int(text[$0])] < 0 }
        return .missingByte(offset: offset ?? start)
    }
}

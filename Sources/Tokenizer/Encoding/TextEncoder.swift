// One text on its way to ids: added tokens are taken out, what lies between is changed, cut and merged.

struct TextEncoder {
    let form: TextForm
    let searches: AddedTokenSearches
    let workspace: Workspace
    /// Whether special tokens are found.
    let special: Bool
    /// Whether the text continues another one.
    let continues: Bool

    func encode(_ text: UnsafeBufferPointer<UInt8>, into ids: inout [Int32]) throws(PieceEncoder.Failure) {
        for segment in segments(text, searches.raw) {
            if segment.id >= 0 {
                ids.append(segment.id)
            } else {
                try encodeStretch(text, segment.range, into: &ids)
            }
        }
    }

    private func segments(_ text: UnsafeBufferPointer<UInt8>, _ search: AddedTokenSearch?) -> [TextSegment] {
        search?.segments(of: text, special: special) ?? [TextSegment(range: 0..<text.count, id: -1)]
    }

    /// Encodes what lies between added tokens that are found in the text as it is.
    private func encodeStretch(
        _ text: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, into ids: inout [Int32]
    ) throws(PieceEncoder.Failure) {
        let stretch = UnsafeBufferPointer(rebasing: text[range])
        let isFirst = range.lowerBound == 0
        let changed = form.normalized(stretch, prefixes: !(isFirst && continues))
        try Self.with(changed, or: stretch) { (normalized) throws(PieceEncoder.Failure) in
            for segment in segments(normalized, searches.normalized) {
                if segment.id >= 0 {
                    ids.append(segment.id)
                    continue
                }
                let start = segment.range.lowerBound
                do throws(PieceEncoder.Failure) {
                    let part = UnsafeBufferPointer(rebasing: normalized[segment.range])
                    try encodePart(part, isFirst: isFirst && start == 0, into: &ids)
                } catch {
                    // Texts are refused in the plain form only, where nothing has changed.
                    guard case .missingByte(let offset) = error else { throw error }
                    throw .missingByte(offset: range.lowerBound + start + offset)
                }
            }
        }
    }

    private func encodePart(
        _ text: UnsafeBufferPointer<UInt8>, isFirst: Bool, into ids: inout [Int32]
    ) throws(PieceEncoder.Failure) {
        let changed = form.preTokenized(text, isFirst: isFirst, prefixes: !(isFirst && continues))
        try Self.with(changed, or: text) { (final) throws(PieceEncoder.Failure) in
            guard let base = final.baseAddress, final.count > 0 else { return }
            try PieceEncoder(text: base, count: final.count, workspace: workspace).encode(into: &ids)
        }
    }

    private static func with(
        _ changed: [UInt8]?, or text: UnsafeBufferPointer<UInt8>,
        _ body: (UnsafeBufferPointer<UInt8>) throws(PieceEncoder.Failure) -> Void
    ) throws(PieceEncoder.Failure) {
        guard let changed else { return try body(text) }
        try changed.withUnsafeBufferPointer { (buffer) throws(PieceEncoder.Failure) in try body(buffer) }
    }
}

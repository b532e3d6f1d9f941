// Weights in few bytes: copies for generation, which is bound by reading them, and the only ones of a frozen base.

/// The memory of a model's copies, concatenated. Most of them are smaller than a huge page; if each had its own block,
/// the processor would have to look up an address every 4 KiB.
package final class CompactStorage: @unchecked Sendable {
    private let arena: FloatArena
    private var used = 0

    /// - Parameter wordCount: the sum of `CompactWeight.wordCount` over all copies.
    package init(wordCount: Int) { arena = FloatArena(count: wordCount) }

    /// The next `count` words, which begin a cache line.
    fileprivate func take(_ count: Int) -> UnsafeMutablePointer<UInt32> {
        precondition(used + count <= arena.count, "\(count) words of a storage of \(arena.count) with \(used) taken")
        defer { used += count }
        return UnsafeMutableRawPointer(arena.base + used).assumingMemoryBound(to: UInt32.self)
    }
}

/// A copy of an (in, out) matrix in blocks of 64 columns, each block's rows concatenated, so that a product
/// reads memory in one stream. A 32-bit word holds what four (int8) or two (bfloat16) groups of sixteen columns have in
/// one lane: shifts and masks then give full registers, and no conversion is needed. A float is a word.
package final class CompactWeight: @unchecked Sendable {
    package let inner: Int
    package let columns: Int
    let layout: any PackedWords.Type
    /// Keeps the memory of the next two.
    private let storage: CompactStorage
    let words: UnsafeMutablePointer<UInt32>
    /// One for each column, filled up to full blocks; 1 where the format has none.
    let scales: UnsafeMutablePointer<Float>
    /// Words of a block.
    let blockWords: Int

    /// Columns of a block, in four registers.
    static let block = 4 * laneCount
    var blockCount: Int { (columns + Self.block - 1) / Self.block }

    /// - Parameters:
    ///   - weight: (in, out), or (out, in) where `transposed`; not needed any more afterwards.
    ///   - isGrouped: whether 32 inputs have a scale where the format could have one for all of an output.
    ///   - storage: with room for `wordCount` words more; nil to allocate its own.
    package init(
        _ weight: Matrix, transposed: Bool, format: WeightFormat, isGrouped: Bool = false,
        in storage: CompactStorage? = nil
    ) {
        (inner, columns) = transposed ? (weight.columns, weight.rows) : (weight.rows, weight.columns)
        layout = format.layout(isGrouped: isGrouped)
        let storage =
            storage
            ?? CompactStorage(
                wordCount: CompactWeight.wordCount(
                    inner: inner, columns: columns, format: format, isGrouped: isGrouped))
        self.storage = storage
        let blocks = (columns + Self.block - 1) / Self.block
        blockWords = layout.wordCount(rows: inner)
        words = storage.take(blocks * blockWords)
        scales = UnsafeMutableRawPointer(storage.take(blocks * Self.block)).assumingMemoryBound(to: Float.self)
        let hasColumnScales = format == .int8 && !isGrouped
        ParallelFor.tasks(blocks) { pack($0, weight, transposed, hasColumnScales: hasColumnScales) }
    }

    /// The words that an (inner, columns) matrix takes of its storage.
    package static func wordCount(inner: Int, columns: Int, format: WeightFormat, isGrouped: Bool = false) -> Int {
        (columns + block - 1) / block * (format.layout(isGrouped: isGrouped).wordCount(rows: inner) + block)
    }

    /// Packs one block, 32 rows at a time.
    private func pack(_ block: Int, _ weight: Matrix, _ transposed: Bool, hasColumnScales: Bool) {
        let own = scales + block * Self.block
        withScratch(32 * Self.block) { tile in
            func tiles(_ body: (Range<Int>) -> Void) {
                for start in stride(from: 0, to: inner, by: 32) {
                    let rows = start..<min(start + 32, inner)
                    copy(rows, block, of: weight, transposed, to: tile)
                    body(rows)
                }
            }
            own.update(repeating: hasColumnScales ? 0 : 1, count: Self.block)
            if hasColumnScales {
                tiles { rows in
                    for index in 0..<(Self.block * rows.count) {
                        own[index % Self.block] = max(own[index % Self.block], abs(tile[index]))
                    }
                }
                for column in 0..<Self.block { own[column] = own[column] > 0 ? own[column] / 127 : 1 }
            }
            tiles { layout.store(tile, rows: $0, in: words + block * blockWords, scales: own) }
        }
    }

    /// Copies some rows of a block to `tile` (32, 64), and zeros to where the matrix ends.
    private func copy(
        _ rows: Range<Int>, _ block: Int, of weight: Matrix, _ transposed: Bool, to tile: UnsafeMutablePointer<Float>
    ) {
        let (first, width) = (block * Self.block, min(Self.block, columns - block * Self.block))
        if rows.count < 32 || width < Self.block { tile.update(repeating: 0, count: 32 * Self.block) }
        if transposed {
            for column in 0..<width {
                let source = weight.row(first + column)
                for (place, row) in rows.enumerated() { tile[Self.block * place + column] = source[row] }
            }
        } else {
            for (place, row) in rows.enumerated() {
                (tile + Self.block * place).update(from: weight.row(row) + first, count: width)
            }
        }
    }
}

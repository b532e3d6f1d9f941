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

    /// output = input · weight + bias: (n, out) = (n, in) · (in, out) + (out), for a few rows. A row's result does not
    /// depend on how many others are worked on with it.
    package func multiply(into output: Matrix, _ input: Matrix, bias: Vector?) {
        precondition(
            input.rows == output.rows && input.columns == inner && output.columns == columns,
            "row product of \(input.shape) with (\(inner), \(columns)) into \(output.shape)")
        // Each kind of words has its own loops.
        switch layout {
        case is EightBitWords.Type: multiply(into: output, input, bias, EightBitWords.self)
        case is SixteenBitWords.Type: multiply(into: output, input, bias, SixteenBitWords.self)
        case is EightBitGroups.Type: multiply(into: output, input, bias, EightBitGroups.self)
        case is FourBitGroups.Type: multiply(into: output, input, bias, FourBitGroups.self)
        default: multiply(into: output, input, bias, FloatWords.self)
        }
    }

    @inline(__always)
    private func multiply<Words: PackedWords>(
        into output: Matrix, _ input: Matrix, _ bias: Vector?, _: Words.Type
    ) {
        ParallelFor.tasks(blockCount) { block in
            var row = 0
            while row + 4 <= input.rows {
                multiplyFour(into: output, input, row, block, bias, Words.self)
                row += 4
            }
            while row < input.rows {
                let sums = sums(input.row(row), block, Words.self)
                finish(sums, block, output.row(row), bias)
                row += 1
            }
        }
    }

    /// A block's sums for one input. Rows of even and of odd index are added up separately, since one chain of additions
    /// would take longer than reading eight bits a weight does.
    @inline(__always)
    private func sums<Words: PackedWords>(
        _ x: UnsafeMutablePointer<Float>, _ block: Int, _: Words.Type
    ) -> Quad {
        let source = words + block * blockWords
        var (even, odd) = (Quad(), Quad())
        var index = 0
        while index + 2 <= inner {
            even.add(x[index], Words.load(source, index))
            odd.add(x[index + 1], Words.load(source, index + 1))
            index += 2
        }
        if index < inner { even.add(x[index], Words.load(source, index)) }
        return even + odd
    }

    /// Four inputs at once, with the same sums: registers do for the even rows or the odd ones, so they take turns.
    @inline(__always)
    private func multiplyFour<Words: PackedWords>(
        into output: Matrix, _ input: Matrix, _ row: Int, _ block: Int, _ bias: Vector?, _: Words.Type
    ) {
        let source = words + block * blockWords
        let (x0, x1, x2, x3) = (input.row(row), input.row(row + 1), input.row(row + 2), input.row(row + 3))
        func sums(_ parity: Int) -> (Quad, Quad, Quad, Quad) {
            var (first, second, third, fourth) = (Quad(), Quad(), Quad(), Quad())
            var index = parity
            while index < inner {
                let weights = Words.load(source, index)
                first.add(x0[index], weights)
                second.add(x1[index], weights)
                third.add(x2[index], weights)
                fourth.add(x3[index], weights)
                index += 2
            }
            return (first, second, third, fourth)
        }
        let (even, odd) = (sums(0), sums(1))
        finish(even.0 + odd.0, block, output.row(row), bias)
        finish(even.1 + odd.1, block, output.row(row + 1), bias)
        finish(even.2 + odd.2, block, output.row(row + 2), bias)
        finish(even.3 + odd.3, block, output.row(row + 3), bias)
    }

    /// Scales a block's sums, adds the bias and stores them; the last block may be incomplete.
    @inline(__always)
    private func finish(_ sum: Quad, _ block: Int, _ y: UnsafeMutablePointer<Float>, _ bias: Vector?) {
        let first = block * Self.block
        finish(sum.a, first, y, bias)
        finish(sum.b, first + laneCount, y, bias)
        finish(sum.c, first + 2 * laneCount, y, bias)
        finish(sum.d, first + 3 * laneCount, y, bias)
    }

    @inline(__always)
    private func finish(_ sums: Lanes, _ first: Int, _ y: UnsafeMutablePointer<Float>, _ bias: Vector?) {
        let rest = min(laneCount, columns - first)
        guard rest > 0 else { return }
        var shift = Lanes.zero
        if let bias {
            shift = rest == laneCount ? (bias.base + first).lanes() : (bias.base + first).lanes(first: rest, filler: 0)
        }
        let value = shift.addingProduct(sums, (scales + first).lanes())
        if rest == laneCount { (y + first).setLanes(value) } else { (y + first).setLanes(value, first: rest) }
    }
}

// Copies of weights for generation, which is bound by reading them: in one stream, and smaller where that is wanted.

/// The memory of a model's copies, concatenated. Most of them are smaller than a huge page; if each had its own block,
/// the processor would have to look up an address every 4 KiB.
public final class CompactStorage: @unchecked Sendable {
    private let arena: FloatArena
    private var used = 0

    /// - Parameter wordCount: the sum of `CompactWeight.wordCount` over all copies.
    public init(wordCount: Int) { arena = FloatArena(count: wordCount) }

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
public final class CompactWeight: @unchecked Sendable {
    public let inner: Int
    public let columns: Int
    private let format: WeightFormat
    /// Keeps the memory of the next two.
    private let storage: CompactStorage
    private let words: UnsafeMutablePointer<UInt32>
    /// One for each column, filled up to full blocks; 1 for bfloat16.
    private let scales: UnsafeMutablePointer<Float>

    /// Columns of a block, in four registers.
    private static let block = 4 * laneCount
    private var blockCount: Int { (columns + Self.block - 1) / Self.block }

    /// - Parameters:
    ///   - weight: (in, out), or (out, in) where `transposed`; not needed any more afterwards.
    ///   - storage: with room for `wordCount` words more; nil to allocate its own.
    public init(_ weight: Matrix, transposed: Bool, format: WeightFormat, in storage: CompactStorage? = nil) {
        (inner, columns) = transposed ? (weight.columns, weight.rows) : (weight.rows, weight.columns)
        self.format = format
        let storage =
            storage
            ?? CompactStorage(wordCount: CompactWeight.wordCount(of: weight, transposed: transposed, format: format))
        self.storage = storage
        let blocks = (columns + Self.block - 1) / Self.block
        words = storage.take(blocks * inner * format.wordsInRow)
        scales = UnsafeMutableRawPointer(storage.take(blocks * Self.block)).assumingMemoryBound(to: Float.self)
        ParallelFor.tasks(blocks) { pack($0, weight, transposed) }
    }

    /// The words that a copy takes of its storage.
    public static func wordCount(of weight: Matrix, transposed: Bool, format: WeightFormat) -> Int {
        let (inner, columns) = transposed ? (weight.columns, weight.rows) : (weight.rows, weight.columns)
        return (columns + block - 1) / block * (inner * format.wordsInRow + block)
    }

    private func pack(_ block: Int, _ weight: Matrix, _ transposed: Bool) {
        func value(_ row: Int, _ column: Int) -> Float {
            guard column < columns else { return 0 }
            return transposed ? weight.row(column)[row] : weight.row(row)[column]
        }
        let first = block * Self.block
        for column in 0..<Self.block {
            let largest = (0..<inner).reduce(Float(0)) { max($0, abs(value($1, first + column))) }
            scales[first + column] = format == .int8 && largest > 0 ? largest / 127 : 1
        }
        let target = words + block * inner * format.wordsInRow
        for row in 0..<inner {
            for lane in 0..<laneCount {
                let columns = (0..<4).map { first + $0 * laneCount + lane }
                switch format {
                case .int8:
                    let steps = columns.map {
                        UInt32(Int32((value(row, $0) / scales[$0]).rounded()) + 128)
                    }
                    target[row * 16 + lane] = steps[0] | steps[1] << 8 | steps[2] << 16 | steps[3] << 24
                case .bf16:
                    let bits = columns.map { BFloat16.bits(value(row, $0)) }
                    target[row * 32 + lane] = bits[0] | bits[1] << 16
                    target[row * 32 + 16 + lane] = bits[2] | bits[3] << 16
                case .f32:
                    for group in 0..<4 { target[row * 64 + 16 * group + lane] = value(row, columns[group]).bitPattern }
                }
            }
        }
    }

    /// output = input · weight + bias: (n, out) = (n, in) · (in, out) + (out), for a few rows. A row's result does not
    /// depend on how many others are worked on with it.
    public func multiply(into output: Matrix, _ input: Matrix, bias: Vector?) {
        precondition(
            input.rows == output.rows && input.columns == inner && output.columns == columns,
            "row product of \(input.shape) with (\(inner), \(columns)) into \(output.shape)")
        switch format {
        case .int8: multiply(into: output, input, bias, EightBitWords.self)
        case .bf16: multiply(into: output, input, bias, SixteenBitWords.self)
        case .f32: multiply(into: output, input, bias, FloatWords.self)
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
        let source = words + block * inner * Words.wordsInRow
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
        let source = words + block * inner * Words.wordsInRow
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

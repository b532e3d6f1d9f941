// Weights of half or a quarter of the size for generation, which is bound by reading them.

/// How generation keeps its copy of a weight matrix.
public enum WeightFormat: String, Sendable, CaseIterable {
    /// No copy: the float weights themselves.
    case f32
    /// Rounded to bfloat16.
    case bf16
    /// Rounded to 255 steps of a column's largest magnitude, one scale for each output.
    case int8
}

/// A copy of an (in, out) matrix in blocks of 64 columns, each block's rows one behind the other, so that a product
/// reads memory in one stream. A 32-bit word holds what four (int8) or two (bfloat16) groups of sixteen columns have in
/// one lane: shifts and masks then give whole registers, and no conversion is needed.
public final class CompactWeight: @unchecked Sendable {
    public let inner: Int
    public let columns: Int
    private let format: WeightFormat
    /// An arena for its alignment and huge pages; its bits are the words.
    private let storage: FloatArena
    private let words: UnsafeMutablePointer<UInt32>
    /// One for each column, filled up to whole blocks; 1 for bfloat16.
    private let scales: FloatArena

    /// Columns of a block, in four registers.
    private static let block = 4 * laneCount
    private var blockCount: Int { (columns + Self.block - 1) / Self.block }

    /// - Parameters:
    ///   - weight: (in, out), or (out, in) where `transposed`; not needed any more afterwards.
    ///   - format: bf16 or int8.
    public init(_ weight: Matrix, transposed: Bool, format: WeightFormat) {
        precondition(format != .f32, "a compact copy in f32")
        (inner, columns) = transposed ? (weight.columns, weight.rows) : (weight.rows, weight.columns)
        self.format = format
        let blocks = (columns + Self.block - 1) / Self.block
        let count = blocks * inner * (format == .int8 ? laneCount : 2 * laneCount)
        storage = FloatArena(count: count)
        words = UnsafeMutableRawPointer(storage.base).bindMemory(to: UInt32.self, capacity: count)
        scales = FloatArena(count: blocks * Self.block)
        ParallelFor.tasks(blocks) { pack($0, weight, transposed) }
    }

    private func pack(_ block: Int, _ weight: Matrix, _ transposed: Bool) {
        func value(_ row: Int, _ column: Int) -> Float {
            guard column < columns else { return 0 }
            return transposed ? weight.row(column)[row] : weight.row(row)[column]
        }
        let first = block * Self.block
        for column in 0..<Self.block {
            let largest = (0..<inner).reduce(Float(0)) { max($0, abs(value($1, first + column))) }
            scales.base[first + column] = format == .int8 && largest > 0 ? largest / 127 : 1
        }
        let target = words + block * inner * (format == .int8 ? laneCount : 2 * laneCount)
        for row in 0..<inner {
            for lane in 0..<laneCount {
                func bits(_ group: Int) -> UInt32 {
                    let column = first + group * laneCount + lane
                    return format == .int8
                        ? UInt32(Int32((value(row, column) / scales.base[column]).rounded()) + 128)
                        : BFloat16.bits(value(row, column))
                }
                if format == .int8 {
                    target[row * laneCount + lane] = bits(0) | bits(1) << 8 | bits(2) << 16 | bits(3) << 24
                } else {
                    target[row * 2 * laneCount + lane] = bits(0) | bits(1) << 16
                    target[row * 2 * laneCount + laneCount + lane] = bits(2) | bits(3) << 16
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
        case .bf16, .f32: multiply(into: output, input, bias, SixteenBitWords.self)
        }
    }

    @inline(__always)
    private func multiply<Words: PackedWords>(
        into output: Matrix, _ input: Matrix, _ bias: Vector?, _: Words.Type
    ) {
        let (inner, words) = (inner, words)
        ParallelFor.ranges(blockCount) { blocks in
            for block in blocks {
                let source = words + block * inner * Words.wordsInRow
                var row = 0
                while row + 4 <= input.rows {
                    var (first, second, third, fourth) = (Quad(), Quad(), Quad(), Quad())
                    let (x0, x1) = (input.row(row), input.row(row + 1))
                    let (x2, x3) = (input.row(row + 2), input.row(row + 3))
                    for index in 0..<inner {
                        let weights = Words.load(source, index)
                        first.add(x0[index], weights)
                        second.add(x1[index], weights)
                        third.add(x2[index], weights)
                        fourth.add(x3[index], weights)
                    }
                    finish(first, block, output.row(row), bias)
                    finish(second, block, output.row(row + 1), bias)
                    finish(third, block, output.row(row + 2), bias)
                    finish(fourth, block, output.row(row + 3), bias)
                    row += 4
                }
                while row < input.rows {
                    let x = input.row(row)
                    var sum = Quad()
                    for index in 0..<inner { sum.add(x[index], Words.load(source, index)) }
                    finish(sum, block, output.row(row), bias)
                    row += 1
                }
            }
        }
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
        let value = shift.addingProduct(sums, (scales.base + first).lanes())
        if rest == laneCount { (y + first).setLanes(value) } else { (y + first).setLanes(value, first: rest) }
    }
}

/// Sixty-four columns in four registers.
private struct Quad {
    var a = Lanes.zero, b = Lanes.zero, c = Lanes.zero, d = Lanes.zero

    @inline(__always)
    mutating func add(_ factor: Float, _ weights: Quad) {
        let x = Lanes(repeating: factor)
        a = a.addingProduct(x, weights.a)
        b = b.addingProduct(x, weights.b)
        c = c.addingProduct(x, weights.c)
        d = d.addingProduct(x, weights.d)
    }
}

/// How a row of a block is stored.
private protocol PackedWords {
    static var wordsInRow: Int { get }
    static func load(_ block: UnsafeMutablePointer<UInt32>, _ row: Int) -> Quad
}

private enum EightBitWords: PackedWords {
    static let wordsInRow = 16

    @inline(__always)
    static func load(_ block: UnsafeMutablePointer<UInt32>, _ row: Int) -> Quad {
        let word = UnsafeRawPointer(block + row * 16).loadUnaligned(as: SIMD16<UInt32>.self)
        // The bits of 2²³ with an integer in its last places are that sum as a float.
        let exponent = SIMD16<UInt32>(repeating: 0x4B00_0000)
        let mask = SIMD16<UInt32>(repeating: 0xFF)
        let offset = Lanes(repeating: 8_388_608 + 128)
        return Quad(
            a: unsafeBitCast((word & mask) | exponent, to: Lanes.self) - offset,
            b: unsafeBitCast(((word &>> 8) & mask) | exponent, to: Lanes.self) - offset,
            c: unsafeBitCast(((word &>> 16) & mask) | exponent, to: Lanes.self) - offset,
            d: unsafeBitCast((word &>> 24) | exponent, to: Lanes.self) - offset)
    }
}

private enum SixteenBitWords: PackedWords {
    static let wordsInRow = 32

    @inline(__always)
    static func load(_ block: UnsafeMutablePointer<UInt32>, _ row: Int) -> Quad {
        let first = UnsafeRawPointer(block + row * 32).loadUnaligned(as: SIMD16<UInt32>.self)
        let second = UnsafeRawPointer(block + row * 32 + 16).loadUnaligned(as: SIMD16<UInt32>.self)
        let upper = SIMD16<UInt32>(repeating: 0xFFFF_0000)
        return Quad(
            a: unsafeBitCast(first &<< 16, to: Lanes.self), b: unsafeBitCast(first & upper, to: Lanes.self),
            c: unsafeBitCast(second &<< 16, to: Lanes.self), d: unsafeBitCast(second & upper, to: Lanes.self))
    }
}

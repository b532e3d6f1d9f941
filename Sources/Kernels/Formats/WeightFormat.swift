// The formats of compact weights, and how a row of sixty-four of them becomes floats.

/// How generation keeps its copy of a weight matrix, or training a frozen one.
package enum WeightFormat: String, Sendable, CaseIterable {
    /// The float weights in another order.
    case f32
    /// Rounded to bfloat16.
    case bf16
    /// Rounded to 255 steps of the largest magnitude: for generation of a column, one scale for each output; of a frozen
    /// base, of 32 inputs of a column, as GGUF's Q8_0.
    case int8
    /// Rounded to 16 steps of the largest magnitude among 32 inputs of a column, as GGUF's Q4_0.
    case q4

    /// Scales of groups included.
    package var bitsPerWeight: Double {
        switch self {
        case .f32: 32
        case .bf16: 16
        case .int8: 8
        case .q4: 4.5
        }
    }

    /// How the words of a block are arranged.
    ///
    /// - Parameter isGrouped: whether 32 inputs of an output have a scale, where the format could also have one for all.
    func layout(isGrouped: Bool) -> any PackedWords.Type {
        switch self {
        case .f32: FloatWords.self
        case .bf16: SixteenBitWords.self
        case .int8 where isGrouped: EightBitGroups.self
        case .int8: EightBitWords.self
        case .q4: FourBitGroups.self
        }
    }
}

/// Sixty-four columns in four registers.
struct Quad {
    var a = Lanes.zero, b = Lanes.zero, c = Lanes.zero, d = Lanes.zero

    @inline(__always)
    init(a: Lanes = .zero, b: Lanes = .zero, c: Lanes = .zero, d: Lanes = .zero) {
        (self.a, self.b, self.c, self.d) = (a, b, c, d)
    }

    /// The sixty-four floats that start there.
    @inline(__always)
    init(_ source: UnsafeMutablePointer<Float>) {
        self.init(
            a: source.lanes(), b: (source + laneCount).lanes(), c: (source + 2 * laneCount).lanes(),
            d: (source + 3 * laneCount).lanes())
    }

    /// Overwrites the sixty-four floats that start there.
    @inline(__always)
    func store(_ target: UnsafeMutablePointer<Float>) {
        target.setLanes(a)
        (target + laneCount).setLanes(b)
        (target + 2 * laneCount).setLanes(c)
        (target + 3 * laneCount).setLanes(d)
    }

    @inline(__always)
    mutating func add(_ factor: Float, _ weights: Quad) {
        let x = Lanes(repeating: factor)
        a = a.addingProduct(x, weights.a)
        b = b.addingProduct(x, weights.b)
        c = c.addingProduct(x, weights.c)
        d = d.addingProduct(x, weights.d)
    }

    @inline(__always)
    static func + (one: Quad, other: Quad) -> Quad {
        Quad(a: one.a + other.a, b: one.b + other.b, c: one.c + other.c, d: one.d + other.d)
    }
}

/// How the rows of a block are stored.
protocol PackedWords {
    /// 32-bit words that a block of `rows` rows takes.
    static func wordCount(rows: Int) -> Int
    /// Bytes from a row to the next one, scales of groups included.
    static var rowBytes: Int { get }
    /// From this many inputs on, rows are made floats first, not again for every four inputs.
    static var decodedFrom: Int { get }
    /// A row's numbers, without the scale of their column.
    static func load(_ block: UnsafeMutablePointer<UInt32>, _ row: Int) -> Quad
    /// Stores up to 32 rows of a block, the first of which is a multiple of 32. `tile` (32, 64) holds them, zeros after
    /// the last one; `scales` are the columns'.
    static func store(
        _ tile: UnsafeMutablePointer<Float>, rows: Range<Int>, in block: UnsafeMutablePointer<UInt32>,
        scales: UnsafeMutablePointer<Float>)
}

extension PackedWords {
    /// The same, asking for what comes later: for one pass over a block.
    @inline(__always)
    static func loadAhead(_ block: UnsafeMutablePointer<UInt32>, _ row: Int) -> Quad {
        (UnsafeRawPointer(block) + rowBytes * row).prefetchAhead(lines: max(1, rowBytes / 64))
        return load(block, row)
    }
}

/// Integers from 0 to 255, which are 128 more than those they stand for. Two rows share words, so that a lane holds what
/// products of integers take in pairs: first the even row's byte of columns 0 and 16 and the odd row's, then, sixteen
/// words on, those of columns 32 and 48.
enum EightBitWords: PackedWords {
    static let (rowBytes, decodedFrom) = (64, 12)
    static let wordsInPair = 32

    static func wordCount(rows: Int) -> Int { wordsInPair * ((rows + 1) / 2) }

    @inline(__always)
    static func load(_ block: UnsafeMutablePointer<UInt32>, _ row: Int) -> Quad {
        let pair = UnsafeRawPointer(block + row / 2 * wordsInPair)
        let half = SIMD16<UInt32>(repeating: UInt32(row % 2 * 16))
        let first = pair.loadUnaligned(as: SIMD16<UInt32>.self) &>> half
        let second = pair.loadUnaligned(fromByteOffset: 64, as: SIMD16<UInt32>.self) &>> half
        // The bits of 2²³ with an integer in its last places are that sum as a float.
        let exponent = SIMD16<UInt32>(repeating: 0x4B00_0000)
        let mask = SIMD16<UInt32>(repeating: 0xFF)
        let offset = Lanes(repeating: 8_388_608 + 128)
        return Quad(
            a: unsafeBitCast((first & mask) | exponent, to: Lanes.self) - offset,
            b: unsafeBitCast(((first &>> 8) & mask) | exponent, to: Lanes.self) - offset,
            c: unsafeBitCast((second & mask) | exponent, to: Lanes.self) - offset,
            d: unsafeBitCast(((second &>> 8) & mask) | exponent, to: Lanes.self) - offset)
    }

    static func store(
        _ tile: UnsafeMutablePointer<Float>, rows: Range<Int>, in block: UnsafeMutablePointer<UInt32>,
        scales: UnsafeMutablePointer<Float>
    ) {
        for first in stride(from: rows.lowerBound, to: rows.upperBound, by: 2) {
            let values = tile + 64 * (first - rows.lowerBound)
            // A row after the last one is of zeros.
            func step(_ row: Int, _ column: Int) -> UInt32 {
                guard first + row < rows.upperBound else { return 128 }
                return UInt32(Int32((values[64 * row + column] / scales[column]).rounded()) + 128)
            }
            let pair = block + first / 2 * wordsInPair
            for lane in 0..<laneCount {
                for (word, column) in [(lane, lane), (lane + laneCount, lane + 2 * laneCount)] {
                    pair[word] =
                        step(0, column) | step(0, column + 16) << 8 | step(1, column) << 16 | step(1, column + 16) << 24
                }
            }
        }
    }
}

enum FloatWords: PackedWords {
    static let (rowBytes, decodedFrom) = (256, Int.max)

    static func wordCount(rows: Int) -> Int { 64 * rows }

    @inline(__always)
    static func load(_ block: UnsafeMutablePointer<UInt32>, _ row: Int) -> Quad {
        let source = UnsafeRawPointer(block + row * 64)
        return Quad(
            a: source.loadUnaligned(as: Lanes.self), b: source.loadUnaligned(fromByteOffset: 64, as: Lanes.self),
            c: source.loadUnaligned(fromByteOffset: 128, as: Lanes.self),
            d: source.loadUnaligned(fromByteOffset: 192, as: Lanes.self))
    }

    static func store(
        _ tile: UnsafeMutablePointer<Float>, rows: Range<Int>, in block: UnsafeMutablePointer<UInt32>,
        scales: UnsafeMutablePointer<Float>
    ) {
        for index in 0..<(64 * rows.count) { block[64 * rows.lowerBound + index] = tile[index].bitPattern }
    }
}

enum SixteenBitWords: PackedWords {
    static let (rowBytes, decodedFrom) = (128, 12)

    static func wordCount(rows: Int) -> Int { 32 * rows }

    @inline(__always)
    static func load(_ block: UnsafeMutablePointer<UInt32>, _ row: Int) -> Quad {
        quad(UnsafeRawPointer(block + row * 32))
    }

    /// Sixty-four numbers from thirty-two words.
    @inline(__always)
    static func quad(_ source: UnsafeRawPointer) -> Quad {
        let first = source.loadUnaligned(as: SIMD16<UInt32>.self)
        let second = source.loadUnaligned(fromByteOffset: 64, as: SIMD16<UInt32>.self)
        let upper = SIMD16<UInt32>(repeating: 0xFFFF_0000)
        return Quad(
            a: unsafeBitCast(first &<< 16, to: Lanes.self), b: unsafeBitCast(first & upper, to: Lanes.self),
            c: unsafeBitCast(second &<< 16, to: Lanes.self), d: unsafeBitCast(second & upper, to: Lanes.self))
    }

    static func store(
        _ tile: UnsafeMutablePointer<Float>, rows: Range<Int>, in block: UnsafeMutablePointer<UInt32>,
        scales: UnsafeMutablePointer<Float>
    ) {
        for (place, row) in rows.enumerated() { store(tile + 64 * place, in: block + 32 * row) }
    }

    /// Sixty-four numbers, rounded, into thirty-two words.
    static func store(_ values: UnsafeMutablePointer<Float>, in target: UnsafeMutablePointer<UInt32>) {
        for lane in 0..<laneCount {
            target[lane] = BFloat16.bits(values[lane]) | BFloat16.bits(values[lane + 16]) << 16
            target[lane + 16] = BFloat16.bits(values[lane + 32]) | BFloat16.bits(values[lane + 48]) << 16
        }
    }
}

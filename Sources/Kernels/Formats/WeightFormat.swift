// The formats of generation's copies of weights, and how a row of sixty-four of them becomes floats.

/// How generation keeps its copy of a weight matrix.
public enum WeightFormat: String, Sendable, CaseIterable {
    /// The float weights in another order.
    case f32
    /// Rounded to bfloat16.
    case bf16
    /// Rounded to 255 steps of a column's largest magnitude, one scale for each output.
    case int8

    public var bytesPerWeight: Int {
        switch self {
        case .f32: 4
        case .bf16: 2
        case .int8: 1
        }
    }

    /// 32-bit words that sixty-four columns of a row take.
    var wordsInRow: Int { 16 * bytesPerWeight }
}

/// Sixty-four columns in four registers.
struct Quad {
    var a = Lanes.zero, b = Lanes.zero, c = Lanes.zero, d = Lanes.zero

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

/// How a row of a block is stored.
protocol PackedWords {
    static var wordsInRow: Int { get }
    static func load(_ block: UnsafeMutablePointer<UInt32>, _ row: Int) -> Quad
}

enum EightBitWords: PackedWords {
    static let wordsInRow = WeightFormat.int8.wordsInRow

    @inline(__always)
    static func load(_ block: UnsafeMutablePointer<UInt32>, _ row: Int) -> Quad {
        let source = UnsafeRawPointer(block + row * 16)
        source.prefetchAhead(lines: 1)
        let word = source.loadUnaligned(as: SIMD16<UInt32>.self)
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

enum FloatWords: PackedWords {
    static let wordsInRow = WeightFormat.f32.wordsInRow

    @inline(__always)
    static func load(_ block: UnsafeMutablePointer<UInt32>, _ row: Int) -> Quad {
        let source = UnsafeRawPointer(block + row * 64)
        source.prefetchAhead(lines: 4)
        return Quad(
            a: source.loadUnaligned(as: Lanes.self), b: source.loadUnaligned(fromByteOffset: 64, as: Lanes.self),
            c: source.loadUnaligned(fromByteOffset: 128, as: Lanes.self),
            d: source.loadUnaligned(fromByteOffset: 192, as: Lanes.self))
    }
}

enum SixteenBitWords: PackedWords {
    static let wordsInRow = WeightFormat.bf16.wordsInRow

    @inline(__always)
    static func load(_ block: UnsafeMutablePointer<UInt32>, _ row: Int) -> Quad {
        let source = UnsafeRawPointer(block + row * 32)
        source.prefetchAhead(lines: 2)
        let first = source.loadUnaligned(as: SIMD16<UInt32>.self)
        let second = source.loadUnaligned(fromByteOffset: 64, as: SIMD16<UInt32>.self)
        let upper = SIMD16<UInt32>(repeating: 0xFFFF_0000)
        return Quad(
            a: unsafeBitCast(first &<< 16, to: Lanes.self), b: unsafeBitCast(first & upper, to: Lanes.self),
            c: unsafeBitCast(second &<< 16, to: Lanes.self), d: unsafeBitCast(second & upper, to: Lanes.self))
    }
}

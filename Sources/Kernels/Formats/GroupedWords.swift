// Formats in which 32 rows of a column share a scale: 8 and 4 bits a weight.

/// Thirty-two rows of a block of sixty-four columns: the columns' scales in bfloat16, then the rows' integers.
protocol GroupedWords: PackedWords {
    /// Words of a group, its scales included.
    static var wordsInGroup: Int { get }
    /// The integers of a row of a group.
    static func integers(_ words: UnsafeRawPointer, _ row: Int) -> Quad
    /// The scale of sixteen columns whose largest magnitude is `largest`, of the value `signed`.
    static func scale(largest: Lanes, signed: Lanes) -> Lanes
    /// Packs the integers of 32 rows, four groups of lanes each.
    static func pack(_ tile: UnsafeMutablePointer<Float>, inverse: Quad, into words: UnsafeMutablePointer<UInt32>)
}

private let groupRows = 32
private let scaleWords = 32

extension GroupedWords {
    static func wordCount(rows: Int) -> Int { (rows + groupRows - 1) / groupRows * wordsInGroup }
    @inline(__always) static var rowBytes: Int { 4 * wordsInGroup / groupRows }
    @inline(__always) static var decodedFrom: Int { 2 }

    @inline(__always)
    static func load(_ block: UnsafeMutablePointer<UInt32>, _ row: Int) -> Quad {
        let group = UnsafeRawPointer(block + (row / groupRows) * wordsInGroup)
        let scales = SixteenBitWords.quad(group)
        let integers = integers(group + 4 * scaleWords, row % groupRows)
        return Quad(
            a: integers.a * scales.a, b: integers.b * scales.b, c: integers.c * scales.c, d: integers.d * scales.d)
    }

    static func store(
        _ tile: UnsafeMutablePointer<Float>, rows: Range<Int>, in block: UnsafeMutablePointer<UInt32>,
        scales: UnsafeMutablePointer<Float>
    ) {
        let group = block + rows.lowerBound / groupRows * wordsInGroup
        withScratch(64) { own in
            for column in stride(from: 0, to: 64, by: laneCount) {
                var (largest, signed) = (Lanes.zero, Lanes.zero)
                for row in 0..<rows.count {
                    let value = (tile + 64 * row + column).lanes()
                    let magnitude = value.replacing(with: -value, where: value .< 0)
                    let isLarger = magnitude .> largest
                    largest.replace(with: magnitude, where: isLarger)
                    signed.replace(with: value, where: isLarger)
                }
                (own + column).setLanes(scale(largest: largest, signed: signed))
            }
            // The scales that are stored are those that are divided by.
            SixteenBitWords.store(own, in: group)
        }
        let stored = SixteenBitWords.quad(UnsafeRawPointer(group))
        let inverse = Quad(
            a: reciprocal(stored.a), b: reciprocal(stored.b), c: reciprocal(stored.c), d: reciprocal(stored.d))
        pack(tile, inverse: inverse, into: group + scaleWords)
    }

    /// 1 / scale, and 0 where that is too large for a float: then all values round to 0.
    private static func reciprocal(_ scale: Lanes) -> Lanes {
        let isTiny = (scale .< 1e-37) .& (scale .> -1e-37)
        return (Lanes(repeating: 1) / scale).replacing(with: 0, where: isTiny)
    }
}

/// The bits of 2²³ with an integer in its last places are that sum as a float.
private let exponent = SIMD16<UInt32>(repeating: 0x4B00_0000)

/// The integer nearest to each value within -limit and top, plus `limit`, in the last bits.
@inline(__always)
private func steps(_ values: Lanes, _ inverse: Lanes, from bottom: Float, to top: Float, plus offset: Float) -> SIMD16<
    UInt32
> {
    var scaled = values * inverse
    scaled.replace(with: bottom, where: scaled .< bottom)
    scaled.replace(with: top, where: scaled .> top)
    return unsafeBitCast(scaled + Lanes(repeating: 8_388_608 + offset), to: SIMD16<UInt32>.self) & ~exponent
}

/// One byte a weight, -127…127: a word holds those of four groups of columns.
enum EightBitGroups: GroupedWords {
    static let wordsInGroup = scaleWords + 16 * groupRows

    @inline(__always)
    static func integers(_ words: UnsafeRawPointer, _ row: Int) -> Quad {
        let word = words.loadUnaligned(fromByteOffset: 64 * row, as: SIMD16<UInt32>.self)
        let mask = SIMD16<UInt32>(repeating: 0xFF)
        let offset = Lanes(repeating: 8_388_608 + 128)
        return Quad(
            a: unsafeBitCast((word & mask) | exponent, to: Lanes.self) - offset,
            b: unsafeBitCast(((word &>> 8) & mask) | exponent, to: Lanes.self) - offset,
            c: unsafeBitCast(((word &>> 16) & mask) | exponent, to: Lanes.self) - offset,
            d: unsafeBitCast((word &>> 24) | exponent, to: Lanes.self) - offset)
    }

    static func scale(largest: Lanes, signed: Lanes) -> Lanes { largest / Lanes(repeating: 127) }

    static func pack(
        _ tile: UnsafeMutablePointer<Float>, inverse: Quad, into words: UnsafeMutablePointer<UInt32>
    ) {
        for row in 0..<groupRows {
            let values = tile + 64 * row
            func byte(_ column: Int, _ inverse: Lanes) -> SIMD16<UInt32> {
                steps((values + column).lanes(), inverse, from: -127, to: 127, plus: 128)
            }
            let word =
                byte(0, inverse.a) | byte(16, inverse.b) &<< 8 | byte(32, inverse.c) &<< 16 | byte(48, inverse.d) &<< 24
            UnsafeMutableRawPointer(words + 16 * row).storeBytes(of: word, as: SIMD16<UInt32>.self)
        }
    }
}

/// Half a byte a weight, -8…7: a word holds the nibbles of four groups of columns in two rows, the even row's first.
enum FourBitGroups: GroupedWords {
    static let wordsInGroup = scaleWords + 8 * groupRows

    @inline(__always)
    static func integers(_ words: UnsafeRawPointer, _ row: Int) -> Quad {
        let pair = words.loadUnaligned(fromByteOffset: 64 * (row / 2), as: SIMD16<UInt32>.self)
        let word = pair &>> SIMD16<UInt32>(repeating: UInt32(16 * (row % 2)))
        let mask = SIMD16<UInt32>(repeating: 0xF)
        let offset = Lanes(repeating: 8_388_608 + 8)
        return Quad(
            a: unsafeBitCast((word & mask) | exponent, to: Lanes.self) - offset,
            b: unsafeBitCast(((word &>> 4) & mask) | exponent, to: Lanes.self) - offset,
            c: unsafeBitCast(((word &>> 8) & mask) | exponent, to: Lanes.self) - offset,
            d: unsafeBitCast(((word &>> 12) & mask) | exponent, to: Lanes.self) - offset)
    }

    /// The value of largest magnitude is -8 steps, which makes use of all sixteen.
    static func scale(largest: Lanes, signed: Lanes) -> Lanes { signed / Lanes(repeating: -8) }

    static func pack(
        _ tile: UnsafeMutablePointer<Float>, inverse: Quad, into words: UnsafeMutablePointer<UInt32>
    ) {
        for pair in 0..<(groupRows / 2) {
            var word = SIMD16<UInt32>.zero
            for half in 0..<2 {
                let values = tile + 64 * (2 * pair + half)
                func nibble(_ column: Int, _ inverse: Lanes) -> SIMD16<UInt32> {
                    steps((values + column).lanes(), inverse, from: -8, to: 7, plus: 8)
                }
                let row =
                    nibble(0, inverse.a) | nibble(16, inverse.b) &<< 4 | nibble(32, inverse.c) &<< 8
                    | nibble(48, inverse.d) &<< 12
                word |= row &<< SIMD16<UInt32>(repeating: UInt32(16 * half))
            }
            UnsafeMutableRawPointer(words + 16 * pair).storeBytes(of: word, as: SIMD16<UInt32>.self)
        }
    }
}

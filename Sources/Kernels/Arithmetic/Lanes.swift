// Sixteen floats at a time: loads, stores, and the elementary functions that the layers share.

import CProcessor

/// One AVX-512 register of floats (two AVX2 registers, four of SSE or NEON).
package typealias Lanes = SIMD16<Float>

/// How many floats a `Lanes` holds.
let laneCount = 16

extension UnsafeRawPointer {
    /// Asks for `lines` cache lines 8 KiB from here, which is as far ahead as memory needs to answer a core that reads at
    /// its full speed. The processor's own prefetching starts again in each page and each loop.
    @inline(__always)
    func prefetchAhead(lines: Int) { (self + 8192).prefetch(lines: lines) }

    /// Asks for the cache lines that begin here; memory that is not there is no error.
    @inline(__always)
    func prefetch(lines: Int) {
        for line in 0..<lines { luthier_prefetch(self + 64 * line) }
    }
}

/// Memory that will be used soon, asked for a piece at each step of other work, so that it is never waited for.
struct UpcomingMemory {
    /// What is asked for next; it need not be there.
    var next: UnsafeRawPointer
    /// Bytes of one step.
    var pace = 0

    @inline(__always)
    mutating func ask() {
        var offset = 0
        while offset < pace {
            (next + offset).prefetch(lines: 1)
            offset += 64
        }
        next += pace
    }
}

extension UnsafeMutablePointer<Float> {
    /// The sixteen floats that start here; no alignment asked for.
    @inline(__always)
    func lanes() -> Lanes { UnsafeRawPointer(self).loadUnaligned(as: Lanes.self) }

    /// Overwrites the sixteen floats that start here.
    @inline(__always)
    func setLanes(_ value: Lanes) { UnsafeMutableRawPointer(self).storeBytes(of: value, as: Lanes.self) }

    /// The first `count` (at most 15) floats from here, the other lanes `filler`.
    @inline(__always)
    func lanes(first count: Int, filler: Float) -> Lanes {
        var value = Lanes(repeating: filler)
        for lane in 0..<count { value[lane] = self[lane] }
        return value
    }

    /// Overwrites the first `count` floats from here with the first lanes.
    @inline(__always)
    func setLanes(_ value: Lanes, first count: Int) {
        for lane in 0..<count { self[lane] = value[lane] }
    }
}

extension Lanes {
    /// The sum of all lanes, halves added to halves: four additions deep instead of the library's fifteen.
    @inline(__always)
    var total: Float {
        let eight = lowHalf + highHalf
        let four = eight.lowHalf + eight.highHalf
        let two = four.lowHalf + four.highHalf
        return two.x + two.y
    }

    /// The largest lane, found in the same way; none may be NaN.
    @inline(__always)
    var largest: Float {
        let eight = lowHalf.replacing(with: highHalf, where: highHalf .> lowHalf)
        let four = eight.lowHalf.replacing(with: eight.highHalf, where: eight.highHalf .> eight.lowHalf)
        let two = four.lowHalf.replacing(with: four.highHalf, where: four.highHalf .> four.lowHalf)
        return two.y > two.x ? two.y : two.x
    }
}

/// Applies `body` to `count` floats, sixteen at a time; the last, incomplete group is padded with `filler`.
@inline(__always)
func mapLanes(
    into output: UnsafeMutablePointer<Float>, _ input: UnsafeMutablePointer<Float>, count: Int, filler: Float = 0,
    _ body: (Lanes) -> Lanes
) {
    var index = 0
    while index + laneCount <= count {
        (output + index).setLanes(body((input + index).lanes()))
        index += laneCount
    }
    if index < count {
        let rest = count - index
        (output + index).setLanes(body((input + index).lanes(first: rest, filler: filler)), first: rest)
    }
}

/// As above with two inputs.
@inline(__always)
func mapLanes(
    into output: UnsafeMutablePointer<Float>, _ first: UnsafeMutablePointer<Float>,
    _ second: UnsafeMutablePointer<Float>, count: Int, _ body: (Lanes, Lanes) -> Lanes
) {
    var index = 0
    while index + laneCount <= count {
        (output + index).setLanes(body((first + index).lanes(), (second + index).lanes()))
        index += laneCount
    }
    if index < count {
        let rest = count - index
        let a = (first + index).lanes(first: rest, filler: 0)
        let b = (second + index).lanes(first: rest, filler: 0)
        (output + index).setLanes(body(a, b), first: rest)
    }
}

/// Adds up `body` over `count` floats in four independent accumulators; lanes beyond the end are `filler`.
@inline(__always)
func sumLanes(
    _ input: UnsafeMutablePointer<Float>, count: Int, filler: Float = 0, _ body: (Lanes) -> Lanes
) -> Float {
    var (a, b, c, d) = (Lanes.zero, Lanes.zero, Lanes.zero, Lanes.zero)
    var index = 0
    while index + 4 * laneCount <= count {
        a += body((input + index).lanes())
        b += body((input + index + laneCount).lanes())
        c += body((input + index + 2 * laneCount).lanes())
        d += body((input + index + 3 * laneCount).lanes())
        index += 4 * laneCount
    }
    while index + laneCount <= count {
        a += body((input + index).lanes())
        index += laneCount
    }
    if index < count { b += body((input + index).lanes(first: count - index, filler: filler)) }
    return ((a + b) + (c + d)).sum()
}

/// Σ a·b over `count` floats.
@inline(__always)
func dotProduct(_ a: UnsafeMutablePointer<Float>, _ b: UnsafeMutablePointer<Float>, count: Int) -> Float {
    productLanes(a, b, count: count).sum()
}

/// a·b over `count` floats, added up lane by lane.
@inline(__always)
func productLanes(_ a: UnsafeMutablePointer<Float>, _ b: UnsafeMutablePointer<Float>, count: Int) -> Lanes {
    var (s0, s1, s2, s3) = (Lanes.zero, Lanes.zero, Lanes.zero, Lanes.zero)
    var index = 0
    while index + 4 * laneCount <= count {
        s0 = s0.addingProduct((a + index).lanes(), (b + index).lanes())
        s1 = s1.addingProduct((a + index + laneCount).lanes(), (b + index + laneCount).lanes())
        s2 = s2.addingProduct((a + index + 2 * laneCount).lanes(), (b + index + 2 * laneCount).lanes())
        s3 = s3.addingProduct((a + index + 3 * laneCount).lanes(), (b + index + 3 * laneCount).lanes())
        index += 4 * laneCount
    }
    while index + laneCount <= count {
        s0 = s0.addingProduct((a + index).lanes(), (b + index).lanes())
        index += laneCount
    }
    if index < count {
        let rest = count - index
        let (x, y) = ((a + index).lanes(first: rest, filler: 0), (b + index).lanes(first: rest, filler: 0))
        s1 = s1.addingProduct(x, y)
    }
    return (s0 + s1) + (s2 + s3)
}

/// The largest of `count` floats; -∞ for none.
@inline(__always)
func largest(_ input: UnsafeMutablePointer<Float>, count: Int) -> Float {
    var best = Lanes(repeating: -.infinity)
    var index = 0
    while index + laneCount <= count {
        let value = (input + index).lanes()
        best = best.replacing(with: value, where: value .> best)
        index += laneCount
    }
    if index < count {
        let value = (input + index).lanes(first: count - index, filler: -.infinity)
        best = best.replacing(with: value, where: value .> best)
    }
    return best.largest
}

/// The elementary functions of the layers, sixteen lanes at a time, correct to about two units in the last place.
package enum Elementary {
    /// eˣ: x = n ln 2 + r with |r| ≤ ln 2 / 2, eʳ by a Taylor polynomial of degree seven, scaled by 2ⁿ in the
    /// exponent's bits. Zero below -87.33 (where the result would be subnormal), e^88.37 above 88.37; NaN stays NaN.
    @inline(__always)
    package static func exp(_ x: Lanes) -> Lanes {
        let upper = Lanes(repeating: 88.37)
        let lower = Lanes(repeating: -87.33)
        var bounded = x.replacing(with: upper, where: x .> upper)
        bounded = bounded.replacing(with: lower, where: bounded .< lower)
        // Adding 1.5 · 2²³ rounds to an integer, which is then in the low bits of the sum.
        let rounder = Lanes(repeating: 12_582_912)
        let shifted = rounder.addingProduct(bounded, Lanes(repeating: 1.442_695_04))
        let n = shifted - rounder
        // ln 2 in two parts, so that n ln 2 is subtracted without losing bits.
        var r = bounded.addingProduct(n, Lanes(repeating: -0.693_145_751_953_125))
        r = r.addingProduct(n, Lanes(repeating: -1.428_606_820_309_417_2e-6))
        var p = Lanes(repeating: 1.0 / 5040)
        p = Lanes(repeating: 1.0 / 720).addingProduct(p, r)
        p = Lanes(repeating: 1.0 / 120).addingProduct(p, r)
        p = Lanes(repeating: 1.0 / 24).addingProduct(p, r)
        p = Lanes(repeating: 1.0 / 6).addingProduct(p, r)
        p = Lanes(repeating: 0.5).addingProduct(p, r)
        p = Lanes(repeating: 1).addingProduct(p, r)
        p = Lanes(repeating: 1).addingProduct(p, r)
        let exponent = unsafeBitCast(shifted, to: SIMD16<Int32>.self) &<< SIMD16<Int32>(repeating: 23)
        let scaled = unsafeBitCast(unsafeBitCast(p, to: SIMD16<Int32>.self) &+ exponent, to: Lanes.self)
        return scaled.replacing(with: Lanes.zero, where: x .< lower)
    }

    /// 1 / (1 + e⁻ˣ).
    @inline(__always)
    package static func sigmoid(_ x: Lanes) -> Lanes { Lanes(repeating: 1) / (Lanes(repeating: 1) + exp(-x)) }

    /// erf(x) = x P(x²) / Q(x²) on [-4, 4], ±1 beyond; coefficients of the rational fit published in Eigen's
    /// SpecialFunctionsImpl.h, absolute error below 3e-7.
    @inline(__always)
    package static func erf(_ x: Lanes) -> Lanes {
        let limit = Lanes(repeating: 4)
        var bounded = x.replacing(with: limit, where: x .> limit)
        bounded = bounded.replacing(with: -limit, where: bounded .< -limit)
        let s = bounded * bounded
        var p = Lanes(repeating: -2.726_142_258_013_06e-10)
        p = Lanes(repeating: 2.770_681_424_959_02e-08).addingProduct(p, s)
        p = Lanes(repeating: -2.101_024_020_825_08e-06).addingProduct(p, s)
        p = Lanes(repeating: -5.692_506_394_623_46e-05).addingProduct(p, s)
        p = Lanes(repeating: -7.349_906_303_268_55e-04).addingProduct(p, s)
        p = Lanes(repeating: -2.954_599_808_540_25e-03).addingProduct(p, s)
        p = Lanes(repeating: -1.609_603_332_624_15e-02).addingProduct(p, s)
        var q = Lanes(repeating: -1.456_607_184_649_96e-05)
        q = Lanes(repeating: -2.133_740_552_789_05e-04).addingProduct(q, s)
        q = Lanes(repeating: -1.682_826_974_382_03e-03).addingProduct(q, s)
        q = Lanes(repeating: -7.373_329_167_204_68e-03).addingProduct(q, s)
        q = Lanes(repeating: -1.426_473_905_141_89e-02).addingProduct(q, s)
        return bounded * p / q
    }
}

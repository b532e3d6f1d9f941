// Products with weights of eight bits and one scale a column, in integers: twice as fast as in floats.

import CProcessor

private typealias Integers = SIMD16<Int32>

/// Inputs become integers of sixteen bits, with a scale for every sixty-four. Sums of integers are exact, so that a
/// row's result does not depend on how many others are worked on with it; what the rounding of inputs adds to the
/// result is a thousandth of what the rounding of weights has changed.
extension CompactWeight {
    /// Inputs that share a scale, and rows of the weight that are added up in integers: 64 · 255 · 32,767 < 2³¹.
    static let integerDepth = 64
    private static let pairs = integerDepth / 2

    /// output = input · weight + bias for weights in `EightBitWords`.
    func multiplyIntegers(into output: Matrix, _ input: Matrix, bias: Vector?) {
        let chunks = (inner + Self.integerDepth - 1) / Self.integerDepth
        withScratch(input.rows * chunks * (Self.pairs + 2)) { memory in
            let integers = IntegerInputs(memory, rows: input.rows, chunks: chunks)
            ParallelFor.ranges(input.rows, grain: 8) { rows in
                for row in rows { integers.set(row, to: input.row(row), count: inner) }
            }
            ParallelFor.tasks(blockCount) { block in
                withScratch(input.rows * Self.block) { sums in
                    sums.update(repeating: 0, count: input.rows * Self.block)
                    addIntegers(integers, block, to: sums)
                    for row in 0..<input.rows { finish(Quad(sums + row * Self.block), block, output.row(row), bias) }
                }
            }
        }
    }

    /// Some rows of the weight are used by all inputs while they are in the first-level cache, and the next ones are asked
    /// for meanwhile.
    @inline(__always)
    private func addIntegers(_ inputs: IntegerInputs, _ block: Int, to sums: UnsafeMutablePointer<Float>) {
        let count = (inner + 1) / 2
        let passes = inputs.rows / 4 + inputs.rows % 4 / 2 + inputs.rows % 2
        for chunk in 0..<inputs.chunks {
            let first = chunk * Self.pairs
            let source = words + block * blockWords + first * EightBitWords.wordsInPair
            var rows = PairRows(source: source, count: min(Self.pairs, count - first), passes: passes)
            var row = 0
            while row + 4 <= inputs.rows {
                rows.addFour(inputs, row, chunk, to: sums + row * Self.block)
                row += 4
            }
            if row + 2 <= inputs.rows {
                rows.addTwo(inputs, row, chunk, to: sums + row * Self.block)
                row += 2
            }
            if row < inputs.rows { rows.addOne(inputs, row, chunk, to: sums + row * Self.block) }
        }
    }
}

/// Inputs as integers, two in a word.
private struct IntegerInputs: @unchecked Sendable {
    let rows: Int
    let chunks: Int
    private let words: UnsafeMutablePointer<Int32>
    private let scales: UnsafeMutablePointer<Float>
    /// What sums begin with: a byte of a weight is 128 more than the weight.
    private let starts: UnsafeMutablePointer<Int32>
    private static let pairs = CompactWeight.integerDepth / 2
    private static let largest: Float = 32_767

    /// - Parameter memory: 34 floats for each chunk of a row.
    init(_ memory: UnsafeMutablePointer<Float>, rows: Int, chunks: Int) {
        (self.rows, self.chunks) = (rows, chunks)
        let integers = UnsafeMutableRawPointer(memory).assumingMemoryBound(to: Int32.self)
        words = integers
        starts = integers + rows * chunks * Self.pairs
        scales = memory + rows * chunks * (Self.pairs + 1)
    }

    func pairs(_ row: Int, _ chunk: Int) -> UnsafeMutablePointer<Int32> {
        words + (row * chunks + chunk) * Self.pairs
    }

    func scale(_ row: Int, _ chunk: Int) -> Float { scales[row * chunks + chunk] }

    func start(_ row: Int, _ chunk: Int) -> Int32 { starts[row * chunks + chunk] }

    /// Rounds a row. Where a chunk has a value that is not finite, all results become NaN.
    func set(_ row: Int, to input: UnsafeMutablePointer<Float>, count: Int) {
        withScratch(CompactWeight.integerDepth) { own in
            for chunk in 0..<chunks {
                let first = chunk * CompactWeight.integerDepth
                let filled = min(CompactWeight.integerDepth, count - first)
                own.update(from: input + first, count: filled)
                (own + filled).update(repeating: 0, count: CompactWeight.integerDepth - filled)
                set(row * chunks + chunk, to: own)
            }
        }
    }

    @inline(__always)
    private func set(_ place: Int, to values: UnsafeMutablePointer<Float>) {
        var (magnitude, poison) = (Lanes.zero, Lanes.zero)
        for lane in stride(from: 0, to: CompactWeight.integerDepth, by: laneCount) {
            let value = (values + lane).lanes()
            let size = value.replacing(with: -value, where: value .< 0)
            magnitude.replace(with: size, where: size .> magnitude)
            poison += value * Lanes.zero
        }
        let limit = magnitude.largest
        // Smaller ones than this count as 0: their inverse would not be finite.
        let inverse = limit > 1e-30 ? Self.largest / limit : 0
        scales[place] = (limit > 1e-30 ? limit / Self.largest : 0) + poison.total
        // Adding 1.5 · 2²³ leaves the nearest integer in the last bits.
        let rounder = Lanes(repeating: 12_582_912)
        let (own, mask) = (words + place * Self.pairs, Integers(repeating: 0xFFFF))
        var sum = Integers.zero
        for half in stride(from: 0, to: Self.pairs, by: laneCount) {
            // Lanes of even inputs, then of odd ones.
            let (low, high) = (values + 2 * half).deinterleaved()
            let even = unsafeBitCast(rounder.addingProduct(low, Lanes(repeating: inverse)), to: Integers.self)
            let odd = unsafeBitCast(rounder.addingProduct(high, Lanes(repeating: inverse)), to: Integers.self)
            let pair = (even & mask) | (odd &<< Integers(repeating: 16))
            UnsafeMutableRawPointer(own + half).storeBytes(of: pair, as: Integers.self)
            sum = luthier_add_pair_products(sum, pair, Integers(repeating: 0x0001_0001))
        }
        starts[place] = -128 &* sum.wrappedSum()
    }
}

extension UnsafeMutablePointer<Float> {
    /// The even and the odd ones of the thirty-two floats that start here.
    @inline(__always)
    fileprivate func deinterleaved() -> (Lanes, Lanes) {
        let all = UnsafeRawPointer(self).loadUnaligned(as: SIMD32<Float>.self)
        return (all.evenHalf, all.oddHalf)
    }
}

/// Sixteen integers for each of the four groups of columns.
private struct IntegerQuad {
    var a, b, c, d: Integers

    @inline(__always)
    init(start: Int32) {
        let value = Integers(repeating: start)
        (a, b, c, d) = (value, value, value, value)
    }

    /// The bytes of two rows of the weight, of which a lane holds both.
    @inline(__always)
    init(_ source: UnsafeMutablePointer<UInt32>) {
        let (low, high) = (UnsafeRawPointer(source), UnsafeRawPointer(source + 16))
        let (first, second) = (low.loadUnaligned(as: Integers.self), high.loadUnaligned(as: Integers.self))
        let mask = Integers(repeating: 0x00FF_00FF)
        (a, b, c, d) = (first & mask, (first &>> 8) & mask, second & mask, (second &>> 8) & mask)
    }

    /// Adds two inputs' products.
    @inline(__always)
    mutating func add(_ inputs: Int32, _ weights: IntegerQuad) {
        let pair = Integers(repeating: inputs)
        a = luthier_add_pair_products(a, weights.a, pair)
        b = luthier_add_pair_products(b, weights.b, pair)
        c = luthier_add_pair_products(c, weights.c, pair)
        d = luthier_add_pair_products(d, weights.d, pair)
    }

    /// sums (64) += these, times the scale.
    @inline(__always)
    func add(scaledBy scale: Float, to sums: UnsafeMutablePointer<Float>) {
        let factor = Lanes(repeating: scale)
        var total = Quad(sums)
        total.a = total.a.addingProduct(factor, luthier_floats_of(a))
        total.b = total.b.addingProduct(factor, luthier_floats_of(b))
        total.c = total.c.addingProduct(factor, luthier_floats_of(c))
        total.d = total.d.addingProduct(factor, luthier_floats_of(d))
        total.store(sums)
    }
}

/// Pairs of rows of a block, which several inputs use in turn.
private struct PairRows {
    let source: UnsafeMutablePointer<UInt32>
    let count: Int
    /// What is used after these rows.
    private var upcoming: UpcomingMemory

    init(source: UnsafeMutablePointer<UInt32>, count: Int, passes: Int) {
        (self.source, self.count) = (source, count)
        // One pass alone uses memory as fast as it comes: then what is far ahead is asked for.
        let ahead = passes == 1 ? 8192 : 4 * EightBitWords.wordsInPair * count
        upcoming = UpcomingMemory(
            next: UnsafeRawPointer(source) + ahead, pace: 4 * EightBitWords.wordsInPair / passes)
    }

    @inline(__always)
    mutating func addFour(_ inputs: IntegerInputs, _ row: Int, _ chunk: Int, to sums: UnsafeMutablePointer<Float>) {
        guard luthier_has_wide_registers() else { return addFourNarrow(inputs, row, chunk, to: sums) }
        let (x0, x1) = (inputs.pairs(row, chunk), inputs.pairs(row + 1, chunk))
        let (x2, x3) = (inputs.pairs(row + 2, chunk), inputs.pairs(row + 3, chunk))
        var s0 = IntegerQuad(start: inputs.start(row, chunk))
        var s1 = IntegerQuad(start: inputs.start(row + 1, chunk))
        var s2 = IntegerQuad(start: inputs.start(row + 2, chunk))
        var s3 = IntegerQuad(start: inputs.start(row + 3, chunk))
        for pair in 0..<count {
            upcoming.ask()
            let weights = IntegerQuad(source + EightBitWords.wordsInPair * pair)
            s0.add(x0[pair], weights)
            s1.add(x1[pair], weights)
            s2.add(x2[pair], weights)
            s3.add(x3[pair], weights)
        }
        s0.add(scaledBy: inputs.scale(row, chunk), to: sums)
        s1.add(scaledBy: inputs.scale(row + 1, chunk), to: sums + CompactWeight.block)
        s2.add(scaledBy: inputs.scale(row + 2, chunk), to: sums + 2 * CompactWeight.block)
        s3.add(scaledBy: inputs.scale(row + 3, chunk), to: sums + 3 * CompactWeight.block)
    }

    /// The same with few registers: sixteen columns at a time.
    @inline(__always)
    private mutating func addFourNarrow(
        _ inputs: IntegerInputs, _ row: Int, _ chunk: Int, to sums: UnsafeMutablePointer<Float>
    ) {
        let (x0, x1) = (inputs.pairs(row, chunk), inputs.pairs(row + 1, chunk))
        let (x2, x3) = (inputs.pairs(row + 2, chunk), inputs.pairs(row + 3, chunk))
        let mask = Integers(repeating: 0x00FF_00FF)
        for group in 0..<4 {
            let words = source + group / 2 * laneCount
            let shift = Integers(repeating: Int32(group % 2 * 8))
            var s0 = Integers(repeating: inputs.start(row, chunk))
            var s1 = Integers(repeating: inputs.start(row + 1, chunk))
            var s2 = Integers(repeating: inputs.start(row + 2, chunk))
            var s3 = Integers(repeating: inputs.start(row + 3, chunk))
            for pair in 0..<count {
                if group == 0 { upcoming.ask() }
                let word = UnsafeRawPointer(words + EightBitWords.wordsInPair * pair).loadUnaligned(as: Integers.self)
                let weights = (word &>> shift) & mask
                s0 = luthier_add_pair_products(s0, weights, Integers(repeating: x0[pair]))
                s1 = luthier_add_pair_products(s1, weights, Integers(repeating: x1[pair]))
                s2 = luthier_add_pair_products(s2, weights, Integers(repeating: x2[pair]))
                s3 = luthier_add_pair_products(s3, weights, Integers(repeating: x3[pair]))
            }
            func store(_ sum: Integers, _ place: Int) {
                let own = sums + place * CompactWeight.block + group * laneCount
                let factor = Lanes(repeating: inputs.scale(row + place, chunk))
                own.setLanes(own.lanes().addingProduct(factor, luthier_floats_of(sum)))
            }
            store(s0, 0)
            store(s1, 1)
            store(s2, 2)
            store(s3, 3)
        }
    }

    @inline(__always)
    mutating func addTwo(_ inputs: IntegerInputs, _ row: Int, _ chunk: Int, to sums: UnsafeMutablePointer<Float>) {
        let (x0, x1) = (inputs.pairs(row, chunk), inputs.pairs(row + 1, chunk))
        var s0 = IntegerQuad(start: inputs.start(row, chunk))
        var s1 = IntegerQuad(start: inputs.start(row + 1, chunk))
        for pair in 0..<count {
            upcoming.ask()
            let weights = IntegerQuad(source + EightBitWords.wordsInPair * pair)
            s0.add(x0[pair], weights)
            s1.add(x1[pair], weights)
        }
        s0.add(scaledBy: inputs.scale(row, chunk), to: sums)
        s1.add(scaledBy: inputs.scale(row + 1, chunk), to: sums + CompactWeight.block)
    }

    @inline(__always)
    mutating func addOne(_ inputs: IntegerInputs, _ row: Int, _ chunk: Int, to sums: UnsafeMutablePointer<Float>) {
        let x = inputs.pairs(row, chunk)
        var own = IntegerQuad(start: inputs.start(row, chunk))
        for pair in 0..<count {
            upcoming.ask()
            own.add(x[pair], IntegerQuad(source + EightBitWords.wordsInPair * pair))
        }
        own.add(scaledBy: inputs.scale(row, chunk), to: sums)
    }
}

// Products of a few rows with compact weights: each weight is read from memory once for all rows.

import CProcessor

extension CompactWeight {
    /// Rows of a block that all inputs use before the next ones are read; even.
    private static let depth = 64

    /// The most inputs for `multiply`, whose sums stay in the second-level cache. Up to there it is faster than a library's
    /// product, which arranges the weight again each time.
    package static let mostInputs = 256

    /// output = input · weight + bias: (n, out) = (n, in) · (in, out) + (out), for a few rows. A row's result does not
    /// depend on how many others are worked on with it.
    package func multiply(into output: Matrix, _ input: Matrix, bias: Vector?) {
        precondition(
            input.rows == output.rows && input.columns == inner && output.columns == columns,
            "row product of \(input.shape) with (\(inner), \(columns)) into \(output.shape)")
        // Each kind of words has its own loops.
        switch layout {
        case is EightBitWords.Type: multiplyIntegers(into: output, input, bias: bias)
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
            if input.rows == 1 {
                finish(sums(input.row(0), block, Words.self), block, output.row(0), bias)
            } else {
                multiplySeveral(into: output, input, block, bias, Words.self)
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
            even.add(x[index], Words.loadAhead(source, index))
            odd.add(x[index + 1], Words.loadAhead(source, index + 1))
            index += 2
        }
        if index < inner { even.add(x[index], Words.loadAhead(source, index)) }
        return even + odd
    }

    /// A block's sums for several inputs, the same as those of each alone. Some rows of the weight are used by all inputs
    /// while they are in the first-level cache, and the next ones are asked for meanwhile.
    @inline(__always)
    private func multiplySeveral<Words: PackedWords>(
        into output: Matrix, _ input: Matrix, _ block: Int, _ bias: Vector?, _: Words.Type
    ) {
        let (source, count) = (words + block * blockWords, input.rows)
        let isNarrow = !luthier_has_wide_registers()
        let decodes = isNarrow ? !Self.areFloats(Words.self) : count >= Words.decodedFrom
        withScratch(count * 2 * Self.block + (decodes ? Self.depth * Self.block : 0)) { sums in
            sums.update(repeating: 0, count: count * 2 * Self.block)
            let floats = sums + count * 2 * Self.block
            for start in stride(from: 0, to: inner, by: Self.depth) {
                let rows = start..<min(start + Self.depth, inner)
                let next = UnsafeRawPointer(source) + Words.rowBytes * rows.upperBound
                if decodes { decode(source, rows, into: floats, Words.self) }
                if isNarrow {
                    let stored = UnsafeMutableRawPointer(source + start * Self.block).assumingMemoryBound(
                        to: Float.self)
                    var chunk = NarrowChunk(weights: decodes ? floats : stored, count: rows.count, next: next)
                    chunk.add(input.columns(rows), bytesPerRow: Words.rowBytes, to: sums)
                } else if decodes {
                    let words = UnsafeMutableRawPointer(floats).assumingMemoryBound(to: UInt32.self)
                    var chunk = Chunk<FloatWords>(source: words, first: 0, count: rows.count, next: next)
                    chunk.add(input.columns(rows), bytesPerRow: Words.rowBytes, to: sums)
                } else {
                    var chunk = Chunk<Words>(source: source, first: start, count: rows.count, next: next)
                    chunk.add(input.columns(rows), bytesPerRow: Words.rowBytes, to: sums)
                }
            }
            for row in 0..<count {
                let own = sums + row * 2 * Self.block
                finish(Quad(own) + Quad(own + Self.block), block, output.row(row), bias)
            }
        }
    }

    @inline(__always)
    private static func areFloats<Words: PackedWords>(_: Words.Type) -> Bool { Words.rowBytes == 4 * block }

    /// Rows of a block as floats without the scales of their columns; two at a time, which may share their words.
    @inline(__always)
    private func decode<Words: PackedWords>(
        _ source: UnsafeMutablePointer<UInt32>, _ rows: Range<Int>, into floats: UnsafeMutablePointer<Float>,
        _: Words.Type
    ) {
        var (target, row) = (floats, rows.lowerBound)
        while row + 2 <= rows.upperBound {
            let (even, odd) = (Words.load(source, row), Words.load(source, row + 1))
            even.store(target)
            odd.store(target + Self.block)
            target += 2 * Self.block
            row += 2
        }
        if row < rows.upperBound { Words.load(source, row).store(target) }
    }

    /// Scales a block's sums, adds the bias and stores them; the last block may be incomplete.
    @inline(__always)
    func finish(_ sum: Quad, _ block: Int, _ y: UnsafeMutablePointer<Float>, _ bias: Vector?) {
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

/// Some rows of a block, which several inputs use in turn.
private struct Chunk<Words: PackedWords> {
    let source: UnsafeMutablePointer<UInt32>
    /// The number of the first row, which is even, and how many there are.
    let first: Int
    let count: Int
    /// What is used after these rows.
    private var upcoming: UpcomingMemory

    init(source: UnsafeMutablePointer<UInt32>, first: Int, count: Int, next: UnsafeRawPointer) {
        (self.source, self.first, self.count) = (source, first, count)
        upcoming = UpcomingMemory(next: next)
    }

    /// Adds the products of all inputs, whose columns are these rows.
    ///
    /// - Parameters:
    ///   - bytesPerRow: of the weight in memory.
    ///   - sums: (n, 2, 64): those of the even rows and of the odd ones.
    @inline(__always)
    mutating func add(_ input: Matrix, bytesPerRow: Int, to sums: UnsafeMutablePointer<Float>) {
        let width = 2 * CompactWeight.block
        // Passes of half as many steps as there are rows.
        let passes = input.rows / 4 * 2 + (input.rows % 4 + 1) / 2
        upcoming.pace = 2 * bytesPerRow / passes
        var row = 0
        while row + 4 <= input.rows {
            addFour(input, row, to: sums + row * width)
            row += 4
        }
        if row + 2 <= input.rows {
            addTwo(input.row(row), input.row(row + 1), to: sums + row * width)
            row += 2
        }
        if row < input.rows { addOne(input.row(row), to: sums + row * width) }
    }

    /// Even rows, then odd ones, since registers do for four inputs' sums of one kind.
    @inline(__always)
    private mutating func addFour(_ input: Matrix, _ row: Int, to sums: UnsafeMutablePointer<Float>) {
        let (x0, x1, x2, x3) = (input.row(row), input.row(row + 1), input.row(row + 2), input.row(row + 3))
        let width = CompactWeight.block
        for parity in 0..<2 {
            let own = sums + parity * width
            var (a, b, c, d) = (Quad(own), Quad(own + 2 * width), Quad(own + 4 * width), Quad(own + 6 * width))
            var index = parity
            while index < count {
                upcoming.ask()
                let weights = Words.load(source, first + index)
                a.add(x0[index], weights)
                b.add(x1[index], weights)
                c.add(x2[index], weights)
                d.add(x3[index], weights)
                index += 2
            }
            a.store(own)
            b.store(own + 2 * width)
            c.store(own + 4 * width)
            d.store(own + 6 * width)
        }
    }

    @inline(__always)
    private mutating func addTwo(
        _ x0: UnsafeMutablePointer<Float>, _ x1: UnsafeMutablePointer<Float>, to sums: UnsafeMutablePointer<Float>
    ) {
        let width = CompactWeight.block
        var (even0, odd0) = (Quad(sums), Quad(sums + width))
        var (even1, odd1) = (Quad(sums + 2 * width), Quad(sums + 3 * width))
        var index = 0
        while index + 2 <= count {
            upcoming.ask()
            let (even, odd) = (Words.load(source, first + index), Words.load(source, first + index + 1))
            even0.add(x0[index], even)
            even1.add(x1[index], even)
            odd0.add(x0[index + 1], odd)
            odd1.add(x1[index + 1], odd)
            index += 2
        }
        if index < count {
            let even = Words.load(source, first + index)
            even0.add(x0[index], even)
            even1.add(x1[index], even)
        }
        even0.store(sums)
        odd0.store(sums + width)
        even1.store(sums + 2 * width)
        odd1.store(sums + 3 * width)
    }

    @inline(__always)
    private mutating func addOne(_ x: UnsafeMutablePointer<Float>, to sums: UnsafeMutablePointer<Float>) {
        var (even, odd) = (Quad(sums), Quad(sums + CompactWeight.block))
        var index = 0
        while index + 2 <= count {
            upcoming.ask()
            even.add(x[index], Words.load(source, first + index))
            odd.add(x[index + 1], Words.load(source, first + index + 1))
            index += 2
        }
        if index < count { even.add(x[index], Words.load(source, first + index)) }
        even.store(sums)
        odd.store(sums + CompactWeight.block)
    }
}

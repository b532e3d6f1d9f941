// Products of a few rows where registers are few: sixteen columns at a time, so that no sum leaves its register.

/// Some rows of a block as floats, which several inputs use in turn. Its sums are those of `Chunk`, bit for bit.
struct NarrowChunk {
    /// (count, 64).
    private let weights: UnsafeMutablePointer<Float>
    private let count: Int
    /// What is used after these rows.
    private var upcoming: UpcomingMemory

    private static let width = CompactWeight.block
    private static let groups = CompactWeight.block / laneCount

    init(weights: UnsafeMutablePointer<Float>, count: Int, next: UnsafeRawPointer) {
        (self.weights, self.count) = (weights, count)
        upcoming = UpcomingMemory(next: next)
    }

    /// Adds the products of all inputs, whose columns are these rows.
    ///
    /// - Parameters:
    ///   - bytesPerRow: of the weight in memory.
    ///   - sums: (n, 2, 64): those of the even rows and of the odd ones.
    @inline(__always)
    mutating func add(_ input: Matrix, bytesPerRow: Int, to sums: UnsafeMutablePointer<Float>) {
        // Passes of half as many steps as there are rows, over the first columns alone.
        upcoming.pace = 2 * bytesPerRow / (input.rows / 4 * 2 + (input.rows % 4 + 1) / 2)
        var row = 0
        while row + 4 <= input.rows {
            addFour(input, row, to: sums + row * 2 * Self.width)
            row += 4
        }
        if row + 2 <= input.rows {
            addTwo(input.row(row), input.row(row + 1), to: sums + row * 2 * Self.width)
            row += 2
        }
        if row < input.rows { addOne(input.row(row), to: sums + row * 2 * Self.width) }
    }

    /// Eight registers of sums: four inputs, sixteen columns, rows of one kind.
    @inline(__always)
    private mutating func addFour(_ input: Matrix, _ row: Int, to sums: UnsafeMutablePointer<Float>) {
        let (x0, x1, x2, x3) = (input.row(row), input.row(row + 1), input.row(row + 2), input.row(row + 3))
        for group in 0..<Self.groups {
            for parity in 0..<2 {
                let own = sums + parity * Self.width + group * laneCount
                var (a, b) = (own.lanes(), (own + 2 * Self.width).lanes())
                var (c, d) = ((own + 4 * Self.width).lanes(), (own + 6 * Self.width).lanes())
                var (source, index) = (weights + parity * Self.width + group * laneCount, parity)
                while index < count {
                    if group == 0 { upcoming.ask() }
                    let weight = source.lanes()
                    a = a.addingProduct(Lanes(repeating: x0[index]), weight)
                    b = b.addingProduct(Lanes(repeating: x1[index]), weight)
                    c = c.addingProduct(Lanes(repeating: x2[index]), weight)
                    d = d.addingProduct(Lanes(repeating: x3[index]), weight)
                    source += 2 * Self.width
                    index += 2
                }
                own.setLanes(a)
                (own + 2 * Self.width).setLanes(b)
                (own + 4 * Self.width).setLanes(c)
                (own + 6 * Self.width).setLanes(d)
            }
        }
    }

    /// Eight registers of sums: two inputs, sixteen columns, rows of both kinds.
    @inline(__always)
    private mutating func addTwo(
        _ x0: UnsafeMutablePointer<Float>, _ x1: UnsafeMutablePointer<Float>, to sums: UnsafeMutablePointer<Float>
    ) {
        for group in 0..<Self.groups {
            let own = sums + group * laneCount
            var (even0, odd0) = (own.lanes(), (own + Self.width).lanes())
            var (even1, odd1) = ((own + 2 * Self.width).lanes(), (own + 3 * Self.width).lanes())
            var (source, index) = (weights + group * laneCount, 0)
            while index + 2 <= count {
                if group == 0 { upcoming.ask() }
                let (even, odd) = (source.lanes(), (source + Self.width).lanes())
                even0 = even0.addingProduct(Lanes(repeating: x0[index]), even)
                even1 = even1.addingProduct(Lanes(repeating: x1[index]), even)
                odd0 = odd0.addingProduct(Lanes(repeating: x0[index + 1]), odd)
                odd1 = odd1.addingProduct(Lanes(repeating: x1[index + 1]), odd)
                source += 2 * Self.width
                index += 2
            }
            if index < count {
                even0 = even0.addingProduct(Lanes(repeating: x0[index]), source.lanes())
                even1 = even1.addingProduct(Lanes(repeating: x1[index]), source.lanes())
            }
            own.setLanes(even0)
            (own + Self.width).setLanes(odd0)
            (own + 2 * Self.width).setLanes(even1)
            (own + 3 * Self.width).setLanes(odd1)
        }
    }

    /// Eight registers of sums: one input, thirty-two columns, rows of both kinds.
    @inline(__always)
    private mutating func addOne(_ x: UnsafeMutablePointer<Float>, to sums: UnsafeMutablePointer<Float>) {
        for group in stride(from: 0, to: Self.groups, by: 2) {
            let own = sums + group * laneCount
            var (evenA, evenB) = (own.lanes(), (own + laneCount).lanes())
            var (oddA, oddB) = ((own + Self.width).lanes(), (own + Self.width + laneCount).lanes())
            var (source, index) = (weights + group * laneCount, 0)
            while index + 2 <= count {
                if group == 0 { upcoming.ask() }
                let (even, odd) = (Lanes(repeating: x[index]), Lanes(repeating: x[index + 1]))
                evenA = evenA.addingProduct(even, source.lanes())
                evenB = evenB.addingProduct(even, (source + laneCount).lanes())
                oddA = oddA.addingProduct(odd, (source + Self.width).lanes())
                oddB = oddB.addingProduct(odd, (source + Self.width + laneCount).lanes())
                source += 2 * Self.width
                index += 2
            }
            if index < count {
                let even = Lanes(repeating: x[index])
                evenA = evenA.addingProduct(even, source.lanes())
                evenB = evenB.addingProduct(even, (source + laneCount).lanes())
            }
            own.setLanes(evenA)
            (own + laneCount).setLanes(evenB)
            (own + Self.width).setLanes(oddA)
            (own + Self.width + laneCount).setLanes(oddB)
        }
    }
}
